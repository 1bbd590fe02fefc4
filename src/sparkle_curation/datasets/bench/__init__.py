"""What is about a benchmark: its ledger."""
