"""The tables of new samples: which clips became one, what each was told to become, and how far it came."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, PROMPT

_THEME = Field("theme", "string", "Theme.")
_CLIP = Field(
    "clip",
    "string",
    "Path of the clip from its folder; of a tar's member the tar's path, `!` and the member's.",
)
_CLIP_HASH = Field("clip_hash", "string", "xxh3-128 of all bytes of the clip.", is_optional=True)
_LICENCE: tuple[Field, ...] = (
    Field(
        "licence", "string", "Licence of the clip, as its provenance says; null is unknown.", is_optional=True
    ),
    Field("source_url", "string", "Where the clip is from; null is unknown.", is_optional=True),
    Field("creator", "string", "Whom the licence wants named; null is unknown.", is_optional=True),
)
"""Who may do what with a clip."""

_SETTINGS = Field("settings", "string", "JSON: what it was made with, and a digest of the code.")

NEW_CLIP_COLUMNS: tuple[Field, ...] = (
    _CLIP,
    Field("id", "string", "Id of the sample that it became; null for a refused clip.", is_optional=True),
    Field("theme", "string", "Theme; null where what names it is no theme.", is_optional=True),
    Field("outcome", "string", "`taken` or `refused`."),
    Field("reason", "string", "Why it was refused; a code of clips or of the media.", is_optional=True),
    Field("reason_detail", "string", "What was found and what is allowed.", is_optional=True),
    Field("like", "string", "The clip, or the sample, that it is like.", is_optional=True),
    _CLIP_HASH,
    Field("size_bytes", "int64", "Length of the clip in bytes.", is_optional=True, minimum=0),
    Field(
        "file_state",
        "string",
        "Of its file, or of its tar: length, time of change in nanoseconds and inode, as it was read for `clip_hash`.",
        is_optional=True,
    ),
    Field("width_px", "int64", "Width of its picture as shown.", is_optional=True, minimum=1),
    Field("height_px", "int64", "Height of its picture as shown.", is_optional=True, minimum=1),
    Field("fps", "float64", "Its frames a second, on average.", is_optional=True, minimum=0),
    Field("duration_s", "float64", "Its length.", is_optional=True, minimum=0),
    Field(
        "camera_outcome", "string", "`fixed`, `moving` or `cannot_tell`; null where it was not looked at.", is_optional=True
    ),
    Field("lost_share", "float64", "Share of its picture that is cut off, or of the frame that is empty.",
          is_optional=True, minimum=0, maximum=1),
    Field("frame_hash", "string", "As in `frame_hashes`, of the sample's first frame.", is_optional=True),
    Field("fine_hash", "string", "As in `frame_hashes`.", is_optional=True),
    Field("detail", "float64", "As in `frame_hashes`.", is_optional=True),
    *_LICENCE,
    _SETTINGS,
)  # fmt: skip
"""Columns of ``new_clips``: one row per clip that was found."""

NEW_SAMPLE_COLUMNS: tuple[Field, ...] = (
    ID,
    _THEME,
    _CLIP,
    Field("clip_hash", "string", "xxh3-128 of all bytes of the clip."),
    Field("start_s", "float64", "Where in the clip the sample begins.", minimum=0),
    Field("frame_count", "int64", "Frames of the sample's source video, 4n+1.", minimum=1),
    Field("width_px", "int64", "Width of its frames.", minimum=1),
    Field("height_px", "int64", "Height of its frames.", minimum=1),
    Field("fps", "float64", "Frames a second.", minimum=0),
    *_LICENCE,
    _SETTINGS,
)
"""Columns of ``new_samples``: one row per clip that became a sample, by id."""

NEW_INSTRUCTION_COLUMNS: tuple[Field, ...] = (
    ID,
    _THEME,
    Field("subtheme", "string", "Subtheme of the scene that was chosen.", is_optional=True),
    Field("scene", "string", "The scene.", is_optional=True),
    Field("chosen_keyword", "string", "Both, as the release writes them.", is_optional=True),
    Field(
        "is_ours", "bool", "Whether the scene is ours: no `chosen_keyword` of the release has it.", is_optional=True
    ),
    Field("original_scene", "string", "The judge's description of the first frame.", is_optional=True),
    Field(PROMPT.name, "string", "The editing instruction; null where there is none.", is_optional=True),
    Field("offered_keywords", "string", "JSON: the scenes that the judge could choose from."),
    Field("cut_digest", "string", "xxh3-128 of the clip and of how it was cut: what the judge saw.", is_optional=True),
    Field("fault", "string", "Why there is none; a code of instructions, models or media.", is_optional=True),
    Field("fault_detail", "string", "What was found.", is_optional=True),
    Field("model", "string", "Who was asked."),
    Field("model_revision", "string", "Its revision.", is_optional=True),
    _SETTINGS,
)  # fmt: skip
"""Columns of ``new_instructions``: one row per row of ``new_samples``, by id."""

NEW_PROGRESS_COLUMNS: tuple[Field, ...] = (
    ID,
    _THEME,
    Field("stage", "string", "Asset kind that the stage makes, in the order in which they are made."),
    Field("outcome", "string", "`passed`, `failed`, `fault` or `waiting`."),
    Field("reason", "string", "Why it did not pass; a code.", is_optional=True),
    Field("reason_detail", "string", "What was found.", is_optional=True),
    Field("score", "float64", "What was compared; null where the stage is not scored, or was not yet.", is_optional=True),
    Field("threshold", "float64", "What it was compared with; null where the stage is not scored.", is_optional=True),
    Field("content", "string", "Of the asset that was judged, as in `inputs` of `generated`.", is_optional=True),
    Field("prompt", "string", "The edit prompt that it was judged by.", is_optional=True),
)  # fmt: skip
"""Columns of ``new_progress``: one row per sample with an edit prompt and stage."""

NEW_TABLES: dict[str, tuple[str, str, tuple[Field, ...]]] = {
    "new_clips": ("02_intermediate/new_clips.parquet", "one row per clip that was found", NEW_CLIP_COLUMNS),
    "new_samples": (
        "02_intermediate/new_samples.parquet",
        "one row per clip that became a sample",
        NEW_SAMPLE_COLUMNS,
    ),
    "new_instructions": (
        "07_model_output/new_instructions.parquet",
        "one row per row of `new_samples`",
        NEW_INSTRUCTION_COLUMNS,
    ),
    "new_progress": (
        "03_primary/new_progress.parquet",
        "one row per sample with an edit prompt and stage",
        NEW_PROGRESS_COLUMNS,
    ),
}
"""Table -> its file below the data root, its grain, its columns."""
