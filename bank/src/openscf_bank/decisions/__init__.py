"""The decision engine: knock-out rules, referral rules and pricing, all from the profile."""
