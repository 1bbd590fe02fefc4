"""Frames of a video, decoded."""
