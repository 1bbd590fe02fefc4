"""The benchmark: its samples, what judges say of models' outputs, and the results."""
