"""``link``: the variant and that of another dataset over the same source clips, for a fair ablation."""
