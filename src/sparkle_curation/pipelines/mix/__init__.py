"""``mix``: one training file of several curated datasets, with weights, quotas and a budget."""
