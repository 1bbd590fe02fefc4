"""``score``: the scores recomputed, by any model, with every answer kept."""
