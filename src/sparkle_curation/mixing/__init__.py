"""A mix: one training file of several described and curated datasets, with weights and quotas."""
