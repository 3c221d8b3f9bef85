"""Step 5 of a plan: predict success, filter, and rank."""
