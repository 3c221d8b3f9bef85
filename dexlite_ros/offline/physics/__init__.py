"""The judge: a simulated hand, the protocols of its tests, verdicts and films."""
