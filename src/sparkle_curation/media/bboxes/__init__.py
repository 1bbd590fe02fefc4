"""Bounding boxes of groundings, and the frames that they belong to."""
