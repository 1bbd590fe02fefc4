"""Decisions by hand, which go over thresholds: their file, what each is bound to, who prevails, and what they change."""
