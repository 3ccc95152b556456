"""Payables: what anchors undertake to pay, registered, paid early to their suppliers, settled on the due date."""
