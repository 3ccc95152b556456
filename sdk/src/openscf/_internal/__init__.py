"""Parts behind the public modules; their names may change in any release."""
