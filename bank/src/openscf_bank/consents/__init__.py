"""Consents: what a client allowed, until when, and whether it took that back."""
