"""The table of generated assets: what each was made of, by whom, and what it looks like beside what it was made of."""

from __future__ import annotations

from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, THEME


def _share(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=0, maximum=1)


def _count(name: str, description: str) -> Field:
    return Field(name, "int64", description, is_optional=True, minimum=1)


MADE: tuple[Field, ...] = (
    Field("content_hash", "string", "xxh3-128 of all bytes of the file.", is_optional=True),
    _count("size_bytes", "Of the file."),
    _count("width_px", "Width of the picture."),
    _count("height_px", "Height of the picture."),
    _count("frame_count", "Frames; 1 for a still."),
    _share(
        "input_change",
        "Mean absolute difference of the first frame and the picture that it was made from, as a share of the range: near 0 "
        "where nothing was edited, or of a video that begins as it should.",
    ),
    _share("motion", "Mean absolute difference of a frame and the next one, likewise; null for a still."),
    Field(
        "versions",
        "string",
        "JSON object: the libraries that made it. Another version makes nothing anew.",
        is_optional=True,
    ),
)
"""What is known of the file, where there is one."""

GENERATED_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("kind", "string", "Asset kind that was made."),
    Field(
        "prompt",
        "string",
        "What the generator was told; null where there is no prompt, and of an import, which does not say it.",
        is_optional=True,
    ),
    Field(
        "seed",
        "int64",
        "Of the noise: made of `seed` of the parameters, the stage and the id; null of an import, likewise.",
        is_optional=True,
        minimum=0,
    ),
    Field("inputs", "string", "JSON object: asset kind -> the content that it was made of, as in `media`."),
    Field(
        "instruction",
        "string",
        "JSON object: what the prompt named of `new_instructions`, as it was then.",
        is_optional=True,
    ),
    *MADE,
    Field(
        "is_generated",
        "bool",
        "Whether a generative model made the file, which its own note says too; null without a file.",
        is_optional=True,
    ),
    Field(
        "generator",
        "string",
        "`flux2_klein`, `wan_image_to_video`, `wan_vace`, `videox_fun_control` or `import`.",
    ),
    Field("repository", "string", "Of the weights; of an import the folder's name."),
    Field("revision", "string", "Its commit; of a local folder the digest of its files.", is_optional=True),
    Field(
        "licence",
        "string",
        "Of the weights, which may bind their outputs; null is unknown.",
        is_optional=True,
    ),
    Field("settings", "string", "JSON object of all else that an output depends on."),
    Field(
        "error",
        "string",
        f"Why there is none: {', '.join(f'`{fault}`' for fault in GenerationFault)}, `not_asked` beyond the limit, or a "
        "code of the media.",
        is_optional=True,
    ),
    Field("error_detail", "string", "What was found.", is_optional=True),
)
"""Columns of ``generated``: one row per sample with an instruction and stage that generates."""

GENERATED_STAGES = ("edit_frame0", "remove_foreground", "background_video", "synthesize")
"""The pipelines that generate, each with a file of its own in the table."""
