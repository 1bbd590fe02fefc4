"""What judgments come to: means, intervals, differences, noise, ledger."""
