"""Clips of one's own, from a folder to the samples of a draft release."""
