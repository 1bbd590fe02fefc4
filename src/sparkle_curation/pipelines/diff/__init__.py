"""Comparing two versions of a variant."""
