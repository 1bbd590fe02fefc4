"""The benchmark: its samples, what models made of them, what judges said of that, and what it comes to."""
