"""Content-addressed documents, kept per client."""
