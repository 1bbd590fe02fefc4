"""Datasets of another shape than Sparkle's: what of their files becomes which member of a sample."""
