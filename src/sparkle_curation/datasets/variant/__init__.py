"""Datasets of a variant and of its versions."""
