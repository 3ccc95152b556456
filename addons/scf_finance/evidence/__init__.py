"""The sections of the evidence package, each read from the database in a fixed number of queries."""
