"""``mix_diff``: two mixes compared, sample by sample."""
