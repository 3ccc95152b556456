"""Payables: which bills may be approved for early payment, and what an early payment costs. Pure rules."""
