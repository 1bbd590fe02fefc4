"""Thresholds, the verdicts that they give, and what each of them costs."""
