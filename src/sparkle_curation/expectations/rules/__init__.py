"""Rules and suites of rules, as plain data."""
