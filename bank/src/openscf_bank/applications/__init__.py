"""Loan applications: received, verified, answered."""
