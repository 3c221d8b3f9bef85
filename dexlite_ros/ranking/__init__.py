"""Step 5 of a plan: how likely each grasp is to hold, what is rejected, what is returned."""
