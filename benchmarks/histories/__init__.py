"""Long histories for the benchmarks: a few sales made by Odoo, multiplied by SQL."""
