"""Groundings computed anew: jobs, questions, answers and tables."""
