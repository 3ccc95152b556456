"""Distributor finance in a program: a manufacturer as anchor, its distributors as borrowers."""
