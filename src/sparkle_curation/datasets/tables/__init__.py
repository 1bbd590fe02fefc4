"""Datasets of tables and journals."""
