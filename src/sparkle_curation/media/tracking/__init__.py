"""Masks by tracking: boxes on a few frames, a pass over the clip from each of them, and a vote of the passes."""
