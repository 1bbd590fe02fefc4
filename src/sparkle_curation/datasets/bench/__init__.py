"""What is about a benchmark: its ledger, and scores that others have published."""
