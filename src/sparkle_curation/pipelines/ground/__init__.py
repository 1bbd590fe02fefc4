"""``ground``: the groundings recomputed, by any model, with every answer kept."""
