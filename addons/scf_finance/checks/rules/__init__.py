"""One check each: see `catalogue` for what a file holds."""
