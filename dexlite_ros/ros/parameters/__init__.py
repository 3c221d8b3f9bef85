"""The node's parameters: tables of what there is, and what they are written into."""
