"""Datasets of a release: its files, its assets, and keys of servers."""
