"""``prune``: drops from the journals what no run wants any more."""
