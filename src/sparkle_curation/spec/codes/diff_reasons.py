"""Why a sample is in one version of a variant and not in the other, or differs between them: one code, one meaning."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What became of a sample between the base and the other version."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


CHANGES: tuple[str, ...] = tuple(change.value for change in Change)
"""All changes, in the order in which tables and texts have them."""


class Cause(StrEnum):
    """A cause of a difference; ``meaning`` says it in a sentence.

    A cause at a stage is written with the stage, ``threshold:STAGE``; several are joined by `` + ``.
    """

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Cause:
        """A code with its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # a sample is added or removed
    THRESHOLD = "threshold", "The stage's threshold moved past the score."
    SCORE = "score", "The stage's score is another; of a sample in one version, it moved past the threshold."
    MISSING_SCORE = "missing_score", "The stage has a score in one version only."
    IMPUTED = (
        "imputed",
        "In one version only does the audit prove that the stage's score holds an imputed value.",
    )
    OVERRIDE = "override", "It was dropped or kept by hand in one version only, or otherwise in the other."
    POLICY = "policy", "At the stage `missing_scores` or `imputed_scores` decides, and it was changed."
    SOURCE_ADDED = "source_added", "The release that the base was made of did not know the sample."
    SOURCE_REMOVED = "source_removed", "The release that the other was made of does not know the sample."
    NOT_EXPORTED = (
        "not_exported",
        "Kept in both versions; in one it lacks a video or a prompt, or its theme, licence or signals are left out.",
    )
    BENCHMARK_LEAK = (
        "benchmark_leak",
        "It could be exported in both; in one it is alike to a sample of the benchmark.",
    )
    NOT_SELECTED = "not_selected", "It could be exported in both; in one the selection left it out."
    UNLOADABLE = (
        "unloadable",
        "Kept in both versions; in one the preflight drops the pair, since the loader would replace it, or it is refused.",
    )
    # a sample in both versions differs
    SPLIT = "split", "It moved between training and validation."
    PROMPT = "prompt", "The prompt is another."
    PATH = "path", "The path of a video is another."
    METADATA = "metadata", "A member of the metadata is another."
    # the cause is unknown
    UNKNOWN = "unknown", "A version has no verdicts, so nothing says why."
