"""What may be financed, for how much: facts are read in a fixed number of queries, rules are pure functions on them."""
