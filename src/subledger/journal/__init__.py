"""The journal: posting appends the difference between what booking says and what it holds."""
