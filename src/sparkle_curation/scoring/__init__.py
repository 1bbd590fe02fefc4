"""Scores recomputed: jobs, questions, tables, and how they agree with the release's."""
