"""What becomes of a model's output for a sample when it is judged, and what is wrong with scores of others."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class JudgmentState(Code):
    """What became of a model's output for a sample: each has one of these, whatever happens."""

    JUDGED = "judged", "The judge's answer was read, and the scores are in `bench_scores`."
    UNPARSABLE = (
        "unparsable",
        "The judge answered as often as it was asked, and no answer can be read; `fault` says why.",
    )
    REFUSED = "refused", "The judge declined to answer, or a filter of contents stopped it."
    MISSING_EDITED = "missing_edited", "The model has no output for the sample."
    MISSING_SOURCE = "missing_source", "The benchmark lacks the source video."
    MISSING_METADATA = (
        "missing_metadata",
        "The benchmark's metadata lack the sample, so it is unknown where its output lies.",
    )
    BROKEN = "broken", "One of both videos is broken, or is not the file any more that was probed."
    UNANSWERED = (
        "unanswered",
        "The judge did not answer in time, or the money ran out; the next run asks again.",
    )
    NOT_ASKED = "not_asked", "The run was not to judge it: another model, or beyond the limit."


class CopyOf(Code):
    """What an output is a copy of, byte by byte: nothing was edited, or another sample's output was taken."""

    SOURCE = "source", "The source video of its sample."
    ANOTHER = "another", "The same model's output of another sample."


class PublishedFault(Code):
    """What is wrong with a file of scores as the published evaluator writes it."""

    NOT_READ = "not_json", "A line is no JSON object, or lacks `id` or `scores`."
    UNKNOWN_ID = "unknown_id", "The benchmark has no sample of the id."
    WRONG_THEME = (
        "wrong_theme",
        "A record is of another theme than its file; the published means leave it out.",
    )
    DUPLICATE = "duplicate_id", "An id occurs again; both count in the published means."
    CONTRADICTION = "contradiction", "An id occurs again with other scores."
    MISSING = "missing_id", "A sample of the benchmark has no record: it is in no published mean."
    MISSING_FILE = "missing_file", "A theme has no file: the published macro mean is one of the other themes."
    WRONG_COUNT = (
        "wrong_count",
        "There is not one score for each dimension; the published means leave it out.",
    )
    NOT_WHOLE = "not_whole", "A score is no integer."
    OUT_OF_RANGE = "out_of_range", "A score is outside the scale."
    ABOVE_CAP = "above_cap", "A score is higher than the dimension that caps it."
    OTHER_PROMPT = "other_prompt", "The edit prompt is another one than the benchmark's."
    OTHER_KEYWORD = "other_keyword", "Subtheme or scene are others than the benchmark's."
    OTHER_TEXT = "other_text", "The scores do not follow from the judge's words in `result`, read strictly."
    DISORDER = "disorder", "The records are not in the order of the benchmark; told once a file."
