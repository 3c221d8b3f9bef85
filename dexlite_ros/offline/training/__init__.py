"""How the network learns: examples from a dataset, losses, and a loop that survives crashes."""
