"""``consistency``: whether the assets of a sample fit each other."""
