"""The table of the media: what the header of each asset says.

Columns carry their unit. Source of what a kind holds: dataset card, "Pipeline Intermediates".
"""

from __future__ import annotations

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, THEME

MEDIA_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("kind", "string", "Asset kind."),
    Field(
        "container",
        "string",
        "Path of the tar that holds it, from the release root; null when loose.",
        is_optional=True,
    ),
    Field("path", "string", "Path from the release root when loose, or after extracting its tar in place."),
    Field("size_bytes", "int64", "Length of the file."),
    Field(
        "width_px",
        "int32",
        "Width of the picture, of a video as it is shown: turned as the file says, whatever the shape of its pixels.",
        is_optional=True,
    ),
    Field("height_px", "int32", "Height of the picture as shown.", is_optional=True),
    Field("frame_count", "int32", "Frames of a video or mask; null for a still image.", is_optional=True),
    Field("fps", "float64", "Frames a second of a video.", is_optional=True),
    Field(
        "is_constant_fps",
        "bool",
        "Whether the frames of a video are equally far apart in time, but for what rounding to a clock's ticks makes.",
        is_optional=True,
    ),
    Field(
        "lost_frame_count",
        "int32",
        "Frames of a video that FFmpeg leaves out when it writes them at a constant rate, as the loader asks it to.",
        is_optional=True,
    ),
    Field(
        "repeated_frame_count", "int32", "Frames that it writes again, each time counted.", is_optional=True
    ),
    Field(
        "sampling_hash",
        "string",
        "xxh3-128 of how often it writes each frame; null where that is once.",
        is_optional=True,
    ),
    Field("duration_s", "float64", "Length of a video.", is_optional=True),
    Field("codec", "string", "Codec of a video, `h264`; format of an image, `png`.", is_optional=True),
    Field(
        "pixel_format", "string", "Pixel format of a video or image, `yuv420p`, `rgb24`.", is_optional=True
    ),
    Field("key_frame_count", "int32", "Key frames of a video.", is_optional=True),
    Field(
        "rotation_deg",
        "int32",
        "Degrees clockwise by which a player turns a video; width and height are those after.",
        is_optional=True,
    ),
    Field(
        "index_hash",
        "string",
        "xxh3-128 of the file's size and index: sizes and times of a video's frames, checksums that a PNG or npz "
        "carries. Equal for copies of one file.",
        is_optional=True,
    ),
    Field(
        "content_hash",
        "string",
        "xxh3-128 of all bytes; null unless `inspect.hash` or `inspect.decode` asked for it.",
        is_optional=True,
    ),
    Field(
        "frames_hash",
        "string",
        "xxh3-128 of the decoded frames; null unless `inspect.decode` asked for it.",
        is_optional=True,
    ),
    Field("probe", "string", "What read it: `boxes`, `pyav`, `png`, `npz`.", is_optional=True),
    Field(
        "error", "string", "Why it is broken, as a code, see below; null when it is whole.", is_optional=True
    ),
    Field("error_detail", "string", "What was found and what is allowed.", is_optional=True),
)
"""Columns of ``media``: one row per row of ``assets``, broken or whole."""
