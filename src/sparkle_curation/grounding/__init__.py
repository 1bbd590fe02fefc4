"""Groundings recomputed: jobs, questions, answers and tables."""
