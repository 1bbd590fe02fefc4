"""What can be wrong with score files that the published evaluator wrote: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class PublishedFault(Code):
    """A fault of a published score file; ``is_counted`` where the record counts all the same."""

    def __init__(self, _code: str, _meaning: str, is_counted: bool = False) -> None:
        self.is_counted = is_counted

    # a file
    UNKNOWN_FILE = "unknown_file", "The name tells no theme of the benchmark, or no rubric that is described."
    MISSING_FILE = "missing_file", "There is no file of a theme, so the published macro is over fewer themes."
    WRONG_ORDER = "wrong_order", "The records are not in the order of the benchmark's CSV.", True
    # a line
    BROKEN_LINE = "broken_line", "The line is no JSON object; the published evaluator passes over it."
    DUPLICATE_ID = "duplicate_id", "The id stood in a line before, which counts; the published evaluator counts both."
    UNKNOWN_ID = "unknown_id", "The benchmark has no such sample in the theme; the published evaluator counts it."
    OTHER_THEME = "other_theme", "The record is of another theme than its file; the published evaluator passes over it."
    BAD_SCORES = "bad_scores", "The scores are not a whole number for each dimension of the rubric."
    OUT_OF_RANGE = "out_of_range", "A score lies outside the rubric's scale; the published evaluator counts it."
    OTHER_PROMPT = "other_prompt", "The prompt is not the one of the benchmark: something else was judged.", True
    OTHER_SCENE = "other_scene", "Subtheme or scene are not those of the benchmark.", True
    NOT_CAPPED = "not_capped", "A score lies above the one that caps it; the capped one counts.", True
    # a sample
    MISSING_ID = "missing_id", "No line is of the sample; the published means are over the others, ours count it as the worst."
