"""Loans, their append-only ledger, collections and repayments."""
