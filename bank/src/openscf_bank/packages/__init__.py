"""Packages as they came: the file, its sections for the desk, and who read them."""
