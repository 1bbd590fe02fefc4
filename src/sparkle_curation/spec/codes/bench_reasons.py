"""What can be wrong with a benchmark beside what any CSV or JSONL file may have, and how an output may differ."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class BenchReason(Code):
    """A reason code of the benchmark's quarantine; ``is_row_kept`` for a warning: the sample is in the table."""

    def __init__(self, _code: str, _meaning: str, is_row_kept: bool = True) -> None:
        self.is_row_kept = is_row_kept

    NO_SAMPLE = "no_sample", "A line of the metadata is of a sample that the CSV lacks.", False
    LEFT_OUT = (
        "left_out",
        "The CSV's row is of a kind of edit that the published evaluator leaves out of all numbers.",
        False,
    )
    UNKNOWN_THEME = "unknown_theme", "The CSV's row is of a kind of edit that the description lacks.", False
    ANOTHER_THEME = (
        "another_theme",
        "The CSV's column of the theme, or `edit_type` of the metadata, names another one than the file.",
    )
    MISSING_METADATA = (
        "missing_metadata",
        "The metadata have no line of the sample, so its scene, and where its output lies, are unknown.",
    )
    BAD_KEYWORD = (
        "bad_keyword",
        "`chosen_keyword` is absent, or has no separator: where its output lies is unknown.",
    )
    SEVERAL_SEPARATORS = (
        "several_separators",
        "`chosen_keyword` holds its separator more than once; the first counts. The published scripts stop at it.",
    )
    UNSAFE_NAME = (
        "unsafe_name",
        "Subtheme or scene hold what is not safe in the name of a folder; it is replaced by `-` in `output_path`.",
    )
    SHARED_FOLDER = (
        "shared_folder",
        "Another scene has the same folder of outputs, on some systems at least; files differ by their ids.",
    )
    MISSING_SOURCE = "missing_source", "The source video is not there."
    BROKEN_SOURCE = "broken_source", "The source video is broken."
    OTHER_PATH = (
        "other_path",
        "The path of the source video is not the one of the layout; it is taken as it is.",
    )
    SHARED_SOURCE = (
        "shared_source",
        "Another sample has the same source video, byte by byte or by its frames.",
    )
    MISSING_REF_IMAGE = "missing_ref_image", "The image of the new background is not there, or broken."
    UNEVEN_LENGTH = (
        "uneven_length",
        "The source has another number of frames than 4n + 1: the published inference crashes, or changes it.",
    )


class OutputState(Code):
    """What became of a model's output for a sample."""

    THERE = "there", "The video is there and whole, as far as its index says."
    MISSING = "missing", "There is no file."
    BROKEN = "broken", "There is a file, and no reader can make a whole video of it; `error` says why."


class OutputDifference(Code):
    """How an output differs from the source of its sample, or from what was expected."""

    CUT = "cut", "The file ends before its video does: writing it was interrupted."
    OTHER_LENGTH = "other_length", "It has another number of frames than the source."
    OTHER_SIZE = "other_size", "Its width or height are others than the source's."
    OTHER_RATE = (
        "other_rate",
        "It has other frames a second than the source, so that a judge sees another duration.",
    )
    UNEVEN_FRAMES = "uneven_frames", "Its frames are not equally far apart."
    SAME_AS_SOURCE = "same_as_source", "It is the source video itself: nothing was edited."
    SAME_AS_ANOTHER = "same_as_another", "It is the output of another sample, byte by byte."
    OTHER_FOLDER = (
        "other_folder",
        "It lies in another folder than that of its scene; the published evaluator would not find it.",
    )
    PUBLISHED_PATH = (
        "published_path",
        "It lies where the published script writes it, which is not the safe path of `bench_samples`.",
    )


class Likeness(Code):
    """In what a sample of the benchmark and one of the release are alike."""

    ID = "id", "Both have the same id."
    PROMPT = "prompt", "Both have the same edit prompt, but for case and spaces."
    CONTENT = "content", "Both have the same source video: all bytes, or the index of its frames."
    NEAR_DUPLICATE = "near_duplicate", "Their first source frames show the same."
