"""Which frames the stages of the dataset look at, and the scale of its boxes."""

from __future__ import annotations

from sparkle_curation.spec.description.active import dataset

SCORED_FRAMES = dataset().frames.scored
"""How many frames of an edited video are scored, the first left out."""

GROUNDED_FPS = dataset().frames.grounded_fps
"""Frames a second of the source video on which round 2 of the grounding looks for boxes."""

_GROUNDINGS = dataset().groundings
BBOX_SCALE = _GROUNDINGS.bbox_scale if _GROUNDINGS else 1000
"""What width and height are in the coordinates of the groundings' boxes."""
