"""Output of a plan: files, tables, pictures."""
