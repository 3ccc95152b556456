"""What belongs to no domain: database, clock, problems, signing of answers, idempotency."""
