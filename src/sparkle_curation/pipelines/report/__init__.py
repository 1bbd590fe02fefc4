"""``report``: pictures of what the tables say."""
