"""Signed events in one gap-free order per client, and the nudge that says to look."""
