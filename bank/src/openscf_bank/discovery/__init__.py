"""What the bank says about itself: discovery document and keys."""
