"""Why a piece of input is in the quarantine: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code
from sparkle_curation.spec.sample_ids import ID_FORM


class Reason(Code):
    """A reason code of the quarantine; ``is_row_kept`` for a warning: its row is in the table all the same."""

    def __init__(self, _code: str, _meaning: str, is_row_kept: bool = False) -> None:
        self.is_row_kept = is_row_kept

    # any line
    BLANK_LINE = "blank_line", "The line is empty."
    INVALID_UTF8 = "invalid_utf8", "The line holds bytes that are not UTF-8."
    LINE_TOO_LONG = "line_too_long", "The line is longer than any line of a release can be."
    # JSON
    INVALID_JSON = "invalid_json", "The line is not JSON."
    LINE_TOO_COMPLEX = (
        "line_too_complex",
        "The line nests deeper, or has more values, than any line of a release can.",
    )
    TRUNCATED_LINE = "truncated_line", "The last line ends before its JSON or CSV does: the file was cut off."
    NOT_AN_OBJECT = "not_an_object", "The line is JSON, but not an object."
    DUPLICATE_KEY = "duplicate_key", "An object names a member twice, so no value of it can be trusted."
    MISSING_FIELD = "missing_field", "A required member or cell is absent, null or empty."
    WRONG_TYPE = "wrong_type", "A value is of another type than the card says."
    NOT_FINITE = "not_finite", "A number is NaN, infinite, or too large for 64 bits."
    # rules of the release
    SCORE_OUT_OF_RANGE = "score_out_of_range", "A score lies outside 0-10."
    NUMBER_OUT_OF_RANGE = "number_out_of_range", "A number that is no score lies outside its bounds."
    BAD_SAMPLE_ID = "bad_sample_id", f"The id is not `{ID_FORM}` of the file's theme."
    UNEQUAL_LENGTHS = "unequal_lengths", "`frame_indices` and `editscore` differ in length."
    NO_FRAMES = "no_frames", "The video has no scored frame, so it has no mean."
    DUPLICATE_IDENTICAL = (
        "duplicate_identical",
        "The same record again; one stays: the first line, or the last tar member.",
    )
    DUPLICATE_CONFLICTING = (
        "duplicate_conflicting",
        "Records of one id that differ: no line of them is in the table; of tar members the last is, if it is a file.",
    )
    # CSV
    INVALID_CSV = "invalid_csv", "The record's quotes do not add up."
    WRONG_COLUMN_COUNT = "wrong_column_count", "The record has more or fewer cells than the header."
    BROKEN_CELL = (
        "broken_cell",
        "The line may be the inside of a cell of the record before or after it, whose quotes do not add up.",
    )
    # assets
    ANOTHER_FORMAT = (
        "another_format",
        "The shard is something else than a tar, such as a pointer of Git LFS or a packed file.",
    )
    UNEXPECTED_PATH = "unexpected_path", "The layout of the release has no such path."
    ABSOLUTE_PATH = "absolute_path", "The path, of a tar member or in a record, is absolute."
    PARENT_PATH = "parent_path", "The path, of a tar member or in a record, climbs out with `..`."
    LINK = "link", "The tar member is a link, or the file is one that leads out of the release."
    NOT_A_FILE = "not_a_file", "The tar member is neither a file nor a folder."
    BAD_TAR_HEADER = "bad_tar_header", "The tar header is damaged; nothing after it in the tar can be read."
    TRUNCATED_TAR = "truncated_tar", "The tar ends before the member does."
    # datasets with a shape of their own
    MISSING_FILE = "missing_file", "The record names a file that the release does not have."
    UNREADABLE_MEDIA = (
        "unreadable_media",
        "The file cannot be made into what the tables have, such as a mask.",
    )
    UNKNOWN_SAMPLE = "unknown_sample", "The scores are of no record that is trusted."
    # warnings: the row is kept
    PROMPT_DIFFERS = "prompt_differs", "The prompt is not the one of the annotations.", True
    UNKNOWN_FIELD = (
        "unknown_field",
        "The file has a member that the card does not name; kept in `extra_fields`.",
        True,
    )


OF_SHAPES = frozenset({Reason.MISSING_FILE, Reason.UNREADABLE_MEDIA, Reason.UNKNOWN_SAMPLE})
"""What is found in datasets with a shape of their own alone."""
