"""A bank's gateway for OpenSCF 1.0: the bank's half of docs/protocol.md, and the officer's desk."""

__version__ = "1.0.0"
