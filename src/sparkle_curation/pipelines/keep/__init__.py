"""``keep``: what git keeps of a variant, so that DVC can compare commits without a remote."""
