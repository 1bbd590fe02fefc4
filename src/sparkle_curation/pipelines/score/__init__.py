"""``score``: the scores computed anew, by any model, with every answer kept."""
