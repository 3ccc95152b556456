"""ERPs that registered with the bank, and whether an officer let them in."""
