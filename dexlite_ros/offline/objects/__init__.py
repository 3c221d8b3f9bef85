"""Sources of objects, and their preparation."""
