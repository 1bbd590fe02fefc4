"""The table of the preflight: what Kiwi-Edit's training loader would do with each pair, and why.

Source of what the loader does: Kiwi-Edit, ``diffsynth/trainers/unified_dataset.py``, read and tried out.
"""

from __future__ import annotations

from enum import StrEnum

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.tables.ingested import ID, THEME


class PairOutcome(StrEnum):
    """What the loader does with a pair; ``meaning`` says it in a sentence. Each is worse than those before it."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> PairOutcome:
        """A code with its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    LOADS = "loads", "The pair trains as it is."
    ACCEPTED_BAD = "accepted_bad", "The pair trains, but not as it should, and the loader says nothing."
    NOT_INSPECTED = "not_inspected", "The available release has no file of that part, so nothing can be said."
    REFUSED = (
        "refused",
        "The loader may take the pair, or a part of it; the variant goes without it, since it is not as it should be.",
    )
    REPLACED = "replaced", "The pair never trains: a random other row takes its place."


class PairReason(StrEnum):
    """Why a pair does not simply load: a code with its ``meaning`` and the ``outcome`` that it leads to."""

    meaning: str
    outcome: PairOutcome

    def __new__(cls, code: str, outcome: PairOutcome, meaning: str) -> PairReason:
        """A code, what it leads to, and its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.outcome, member.meaning = outcome, meaning
        return member

    # the row never trains
    NO_PATH = "no_path", PairOutcome.REPLACED, "A path is empty, or a word that pandas reads as missing."
    OUTSIDE_RELEASE = (
        "outside_release",
        PairOutcome.REFUSED,
        "A path is absolute or climbs out with `..`, so it is not looked up under the release; the loader would.",
    )
    WRONG_EXTENSION = "wrong_extension", PairOutcome.REPLACED, "The loader knows no file of that extension."
    MISSING_FILE = (
        "missing_file",
        PairOutcome.REPLACED,
        "The release has other files of that part, or a shard of it that cannot be read, but not this one.",
    )
    CORRUPT_FILE = (
        "corrupt_file",
        PairOutcome.REPLACED,
        "No reader finds a frame in the file; `media.error` says why.",
    )
    TOO_SMALL = (
        "too_small",
        PairOutcome.REPLACED,
        "Both sides are shorter than 32 pixels, so no picture is left.",
    )
    FRAMES_RUN_OUT = (
        "frames_run_out",
        PairOutcome.REPLACED,
        "FFmpeg leaves out so many of a video's uneven frames that fewer are left than the loader asks for.",
    )
    SIZE_MISMATCH = "size_mismatch", PairOutcome.REPLACED, "The loaded frames differ in width or height."
    FRAME_COUNT_MISMATCH = (
        "frame_count_mismatch",
        PairOutcome.REPLACED,
        "Different numbers of frames are loaded.",
    )
    # the loader may take the row, and the variant goes without it
    DOUBTFUL_FILE = (
        "doubtful_file",
        PairOutcome.REFUSED,
        "The file is broken, or no mp4, and FFmpeg may still read it, in part at least; `media.error` says more.",
    )
    UNKNOWN_FILE = (
        "unknown_file",
        PairOutcome.REFUSED,
        "The path names a file that is no asset of the release's layout, so nothing has looked at it.",
    )
    UNEVEN_FRAMES = (
        "uneven_frames",
        PairOutcome.REFUSED,
        "Frames are not equally far apart, and FFmpeg repeats or leaves out others of one video than of the other.",
    )
    TOO_FLAT = (
        "too_flat",
        PairOutcome.REFUSED,
        "One side is shorter than 32 pixels: the loader takes pictures of which nothing is left.",
    )
    # the row trains, but not as it should
    UNEVEN_ALIKE = (
        "uneven_alike",
        PairOutcome.ACCEPTED_BAD,
        "Frames are not equally far apart; FFmpeg repeats and leaves out the same ones of both videos.",
    )
    PROMPT_READ_AS_NAN = (
        "prompt_read_as_nan",
        PairOutcome.ACCEPTED_BAD,
        "The prompt is empty or a word that pandas reads as missing.",
    )
    SOURCE_EQUALS_TARGET = (
        "source_equals_target",
        PairOutcome.ACCEPTED_BAD,
        "Source and edited video are the same file, or copies of one.",
    )
    ANOTHER_SAMPLE = (
        "another_sample",
        PairOutcome.ACCEPTED_BAD,
        "A path names the file of another sample than the row's `task`.",
    )
    ANOTHER_KIND = (
        "another_kind",
        PairOutcome.ACCEPTED_BAD,
        "`src_video` names no source video, or `tgt_video` no edited video.",
    )
    DUPLICATE_ROW = (
        "duplicate_row",
        PairOutcome.ACCEPTED_BAD,
        "Another row has the same source, edited video and prompt.",
    )
    DUPLICATE_EDIT = (
        "duplicate_edit",
        PairOutcome.ACCEPTED_BAD,
        "Another row has the same source and prompt, but another edited video.",
    )
    IMAGE_FILE = (
        "image_file",
        PairOutcome.ACCEPTED_BAD,
        "A path has the extension of an image: one frame is loaded.",
    )
    READ_AS_IMAGE = (
        "read_as_image",
        PairOutcome.ACCEPTED_BAD,
        "A video has 1 to 4 frames, of which one is loaded: the sample trains as an image.",
    )
    UNEQUAL_FPS = (
        "unequal_fps",
        PairOutcome.ACCEPTED_BAD,
        "The videos differ in frames a second, and the loader pairs frame by frame.",
    )
    UNEQUAL_FRAME_COUNTS = (
        "unequal_frame_counts",
        PairOutcome.ACCEPTED_BAD,
        "The videos differ in length, but as many frames of both are loaded.",
    )
    UNEQUAL_SIZES = (
        "unequal_sizes",
        PairOutcome.ACCEPTED_BAD,
        "The videos differ in size, but are cropped to the same one.",
    )
    # nothing can be said
    NOT_INSPECTED = (
        "not_inspected",
        PairOutcome.NOT_INSPECTED,
        "The available release has no file of that kind and theme, or `inspect.kinds` leaves the kind out.",
    )


PREFLIGHT_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("outcome", "string", "Worst outcome of the reasons; `loads` where there are none."),
    Field("reasons", ListOf("string"), "Reason codes, see below; none where the pair loads."),
    *(
        field
        for side in ("source", "edited")
        for field in (
            Field(
                f"{side}_loaded_frame_count",
                "int32",
                f"Frames of the {side} video that are trained on; null where it does not load.",
                is_optional=True,
            ),
            Field(f"{side}_loaded_width_px", "int32", "Width that they are cropped to.", is_optional=True),
            Field(f"{side}_loaded_height_px", "int32", "Height that they are cropped to.", is_optional=True),
        )
    ),
    Field("is_dropped", "bool", "Whether the variant goes without the pair for it."),
    Field(
        "detail", "string", "What was found, reason by reason; null where the pair loads.", is_optional=True
    ),
)
"""Columns of ``preflight``: one row per sample that would be exported."""
