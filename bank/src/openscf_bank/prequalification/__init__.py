"""Batches of suppliers and distributors that an anchor has looked at before it brings them in."""
