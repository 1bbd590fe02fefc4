"""Curate your own cut of the Sparkle video-editing dataset, correct to the last row."""

__version__ = "0.1.0"
