"""Readers of datasets of another shape: each record becomes rows of the tables that Sparkle's files become."""
