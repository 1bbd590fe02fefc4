"""``ground``: the groundings computed anew, by any model, with every answer kept."""
