"""What people and programs get to see of a plan: files, tables, pictures."""
