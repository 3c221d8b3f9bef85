"""The judge: a simulated hand, test protocols, verdicts and videos."""
