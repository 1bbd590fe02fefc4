"""Filtering: verdicts by thresholds, and the variant that they give."""
