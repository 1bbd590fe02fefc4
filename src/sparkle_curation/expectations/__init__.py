"""What the tables must hold, as suites of rules, and Great Expectations to check and show them."""
