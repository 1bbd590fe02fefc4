"""``near_duplicates``: which samples share a source clip, within a theme and across themes."""
