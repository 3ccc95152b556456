"""Dynamic discounting: bills paid early with the anchor's own cash, for a discount. Pure rules."""
