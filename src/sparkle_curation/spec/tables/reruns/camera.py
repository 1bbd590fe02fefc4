"""The table of cameras: what is measured of each clip's camera, and what the rule makes of it.

Source of the aim: the dataset card's first stage keeps clips of a fixed camera, and says no more of how. Rule and limits
are this project's own measurements, told in ``docs/decisions/0063-a-fixed-camera-is-a-still-border.md``.
"""

from __future__ import annotations

from sparkle_curation.spec.fields import Field

RELEASE, FOLDER = "release", "folder"
"""Where a clip of the table is from."""


def _pixels(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=0)


MEASURED_CAMERA: tuple[Field, ...] = (
    _pixels(
        "drift_px",
        "How far the border lies from where it was in the first frame: first quartile over the ring's textured cells, the "
        "greatest of the sampled frames; pixels of a frame with a longer side of 1280. Null: nothing was found again.",
    ),
    _pixels(
        "similarity_drift_px",
        "How far the whole picture lies from where it was: mean way of its pixels under a RANSAC similarity, likewise.",
    ),
    _pixels(
        "homography_drift_px",
        "The same under a plain homography, for comparison alone: it follows whatever face fills the picture.",
    ),
    _pixels(
        "shake_px",
        "How far the border goes from a frame to the next: 95th percentile of the first quartiles over the ring.",
    ),
    Field(
        "ring_cell_count",
        "int64",
        "Cells of the first frame's border with texture that can be seen to move.",
        is_optional=True,
        minimum=0,
        maximum=22,
    ),
    Field(
        "cut_frame", "int64", "The first frame after a cut; null without one.", is_optional=True, minimum=1
    ),
    Field("frame_count", "int64", "Frames that were read.", is_optional=True, minimum=0),
)
"""What is seen only by decoding the clip."""

CAMERA_COLUMNS: tuple[Field, ...] = (
    Field("id", "string", "Sample id; of a folder's clip its path in the folder."),
    Field("theme", "string", "Theme; null for a clip of a folder.", is_optional=True),
    Field("clip_source", "string", "`release`, or `folder` for a clip of `camera.clips`."),
    Field("outcome", "string", "`fixed`, `moving` or `cannot_tell`; the judge's where one was asked."),
    Field(
        "reason",
        "string",
        "Why it is not fixed, or cannot be told; a code of the camera or of the media. Null for a fixed one.",
        is_optional=True,
    ),
    Field(
        "is_borderline",
        "bool",
        "Whether drift or shake lies within `camera.limits.borderline_share` of its limit, on either side.",
    ),
    *MEASURED_CAMERA,
    Field(
        "judged_fixed",
        "bool",
        "What the judge answered; null where none was asked, or its answer could not be read.",
        is_optional=True,
    ),
    Field(
        "judged_reason",
        "string",
        "The judge's reason in a sentence, or why there is no answer.",
        is_optional=True,
    ),
    Field(
        "judged_by", "string", "Backend, model and revision that were asked; null for none.", is_optional=True
    ),
    Field("error_detail", "string", "What was found of a clip that cannot be read.", is_optional=True),
    Field(
        "settings",
        "string",
        "JSON: what the measures and the outcome were made with, and a digest of the code.",
    ),
)
"""Columns of ``camera``: one row per sample with a source video, or clip of the folder."""
