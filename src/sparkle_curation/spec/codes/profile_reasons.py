"""Why a pair of the variant is not in the file of another trainer, or is odd there."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class ProfileReason(Code):
    """A reason code of an export profile; ``is_row_kept`` for what is told of a pair that is exported."""

    def __init__(self, _code: str, _meaning: str, is_row_kept: bool = False) -> None:
        self.is_row_kept = is_row_kept

    READ_AS_MISSING = "read_as_missing", "pandas reads the prompt as a missing value, which is no text."
    NO_CONTROL = "no_control", "The control video is not there, or is broken."
    BROKEN = "broken", "A video is not there, or is broken: the loader stops at it, or takes a part of it."
    FRAMES_RUN_OUT = (
        "frames_run_out",
        "FFmpeg writes fewer frames of a video than the loader counts, and the loader stops there.",
    )
    OTHER_LENGTH = (
        "other_length",
        "The loader takes another number of frames of one video than of the other, and the trainer does not mend it.",
    )
    OTHER_SIZE = "other_size", "The loader's frames of one video have another size than those of the other."
    NOT_INSPECTED = (
        "not_inspected",
        "A file could not be looked at, so nothing is known of what the loader makes of it.",
        True,
    )
    SHORTER = "shorter", "The loader takes fewer frames than the preset has: rows of one batch differ.", True
    OTHER_SHAPE = (
        "other_shape",
        "The videos differ in their ratio of width to height, so the loader cuts other parts off one than off the other.",
        True,
    )
    ENLARGED = "enlarged", "The preset is larger than the video, which is scaled up to it.", True
