"""Where objects come from, and what is prepared of them."""
