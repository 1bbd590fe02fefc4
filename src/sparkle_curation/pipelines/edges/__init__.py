"""``edges``: control videos of the source's edges inside the mask and the background's outside (stage 5, first half)."""
