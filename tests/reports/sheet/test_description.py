"""What is shown of a sample, as data: the words and colours of its card."""

from __future__ import annotations

from typing import Any

import pytest

from sparkle_curation.reports.sheet.description import Badge, as_json, describe_card
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES, STAGES
from sparkle_curation.spec.tables.verdicts import outcome_column, score_column, threshold_column

NAME = "Sparkle_time_000001"


def verdict(*outcomes: tuple[float | None, str], **changes: Any) -> dict[str, Any]:
    """A row of the verdicts with a score and an outcome of each criterion; thresholds are 8."""
    row: dict[str, Any] = {"is_kept": True, "rejected_by": None, "override": None}
    for each, (score, outcome) in zip(CRITERIA, outcomes, strict=True):
        row |= {score_column(each): score, threshold_column(each): 8.0, outcome_column(each): outcome}
    return row | changes


PASSED = ((9.0, "passed"),) * len(CRITERIA)


@pytest.mark.parametrize(
    ("rejected_by", "outcomes"),
    [
        (None, ["9.00 passed", "unscored, let through", "unscored, let through"]),
        (CRITERION_NAMES[1], ["9.00 passed", "no score", "no score"]),
        (CRITERION_NAMES[2], ["9.00 passed", "unscored, let through", "no score"]),
    ],
)
def test_an_unscored_sample_that_went_on_says_so(rejected_by: str | None, outcomes: list[str]) -> None:
    """Beside "kept", a stage without a score let it through; one that stopped it, or lay behind, just has none."""
    row = verdict((9.0, "passed"), (None, "unscored"), (None, "unscored"), rejected_by=rejected_by)
    assert [each.said for each in describe_card(NAME, "time", {}, row, {}).scores] == outcomes


@pytest.mark.parametrize(
    ("changes", "badge"),
    [
        ({}, Badge("kept", "passed")),
        ({"override": "keep"}, Badge("kept by hand", "passed")),
        ({"is_kept": False, "override": "drop"}, Badge("dropped by hand", "failed")),
        ({"is_kept": False, "rejected_by": "edited_frame0"}, Badge("rejected by edited frame 0", "failed")),
    ],
)
def test_the_verdict_says_who_decided(changes: dict[str, Any], badge: Badge) -> None:
    """Stages, or a person."""
    assert describe_card(NAME, "time", {}, verdict(*PASSED, **changes), {}).verdict == badge


def test_a_score_is_never_rounded_across_its_threshold() -> None:
    """It has as many digits as it takes; a score beyond its scale stays on it, and an imputed one is called so."""
    row = verdict((7.9999, "rejected"), (12.5, "passed"), (8.0, "imputed"))
    below, beyond, imputed = describe_card(NAME, "time", {}, row, {}).scores
    assert (below.said, below.tone, below.threshold_text) == ("7.9999 below", "failed", "8.0")
    assert (beyond.share, beyond.threshold_share) == (1.0, 0.8)
    assert (imputed.said, imputed.tone) == ("8.00 imputed", "imputed")


def test_what_was_not_filtered_says_so() -> None:
    """Without a verdict there is no badge and no score, and without a prompt that stands there."""
    card = describe_card(NAME, "time", {}, None, {})
    assert (card.verdict, card.scores, card.note, card.prompt) == (None, (), "not filtered", "(no prompt)")
    assert card.texts == ["Time", NAME, "(no prompt)", "not filtered"]


def test_reasons_of_the_stage_that_decided_come_first() -> None:
    """Of the rejecting stage, else of the one nearest its threshold; who decided by hand goes before all."""
    still = {"editscore": {"SC_reasoning": "a halo", "PQ_reasoning": " ", "SC_score": 7.0}}
    frames = {
        "frame_indices": [3, 9],
        "editscore": [{"PQ_score_reasoning": "soft"}, {"PQ_score_reasoning": "sharp"}],
    }
    scores = {STAGES[0].name: still, STAGES[-1].name: frames}

    def titles(**changes: Any) -> list[str]:
        row = verdict((8.1, "passed"), (9.0, "passed"), (9.0, "passed"), **changes)
        return [each.title for each in describe_card(NAME, "time", {}, row, scores).reasons]

    of_frames = ["edited video, frame 3 \u00b7 PQ", "edited video, frame 9 \u00b7 PQ"]
    assert titles() == ["edited frame 0 \u00b7 SC", *of_frames]
    assert titles(is_kept=False, rejected_by=CRITERION_NAMES[-1]) == [*of_frames, "edited frame 0 \u00b7 SC"]
    assert titles(override="keep", override_reason="a: fine")[0] == "by hand"


def test_the_json_has_the_words_of_all_outcomes() -> None:
    """The explorer moves thresholds, and says what comes of it in these."""
    found = as_json(describe_card(NAME, "time", {}, verdict(*PASSED), {}))
    assert found["outcomes"]["below"] == {"text": "below", "tone": "failed"}
    assert {"passed", "above", "unscored", "let_through", "imputed"} < set(found["outcomes"])
