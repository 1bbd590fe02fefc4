"""A benchmark: its samples, what judges say of models, and what that comes to."""
