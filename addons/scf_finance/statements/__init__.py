"""Statements of banks compared with our ledger and our books: pure functions on exact amounts."""
