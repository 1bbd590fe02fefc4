"""Bringing media out of a release into a folder that a trainer reads: exactly what is wanted, checked and resumable."""
