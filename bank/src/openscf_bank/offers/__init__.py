"""Offers, their acceptance and their expiry."""
