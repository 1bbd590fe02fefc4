"""What holds of every score that EditScore gives, and what it means where a score breaks it: one code, one meaning.

Source of each rule: EditScore, ``editscore/__init__.py``; the module ``scoring.audit.score_audit`` says it in full.
"""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class ScoreRule(Code):
    """A rule of the score audit; ``meaning`` says what a violation is, ``is_imputed`` whether it proves an imputed value."""

    def __init__(self, _code: str, _meaning: str, is_imputed: bool = True) -> None:
        self.is_imputed = is_imputed

    GUESS_MARKER = "guess_marker", "A reasoning says that the last pass's scores were drawn at random."
    OFF_LATTICE = (
        "off_lattice",
        "A sub-score is no mean of whole answers: some pass has a value that was put in for a missing one.",
    )
    ABOVE_GEOMETRIC_MEAN = (
        "above_geometric_mean",
        "The overall score is higher than its sub-scores can make it.",
    )
    RAW_OUTPUT_UNPARSABLE = (
        "raw_output_unparsable",
        "The first pass's raw answer is not two integers within the range.",
        False,
    )
    RAW_OUTPUT_IMPOSSIBLE_MEAN = (
        "raw_output_impossible_mean",
        "No answers of the other passes make the recorded mean together with the first pass's raw answer.",
    )
    NO_PASS_DECOMPOSITION = (
        "no_pass_decomposition",
        "No whole answers of the other passes make the recorded overall score together with the first pass's.",
    )
