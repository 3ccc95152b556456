"""Goods pledged for a loan: held, valued, released."""
