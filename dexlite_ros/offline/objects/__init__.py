"""Sources of objects, and their preparation for simulation."""
