"""Parameters of filtering are checked to the type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from sparkle_curation.filtering.thresholds import resolve_thresholds
from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.variant.curation.params import FilterParams, Thresholds

DECLARED: dict[str, Any] = {
    "threshold": None,
    "thresholds": {},
    "missing_scores": "reject",
    "imputed_scores": "auto",
    "preflight": {
        "unloadable_pairs": "drop",
        "num_frames": 81,
        "max_pixels": 1280 * 720,
        "height": None,
        "width": None,
    },
    "score_source": "released",
    "licence_allow": None,
    "signal_bounds": None,
    "missing_signals": "keep",
    "themes": None,
    "allow_empty": False,
    "split": {"val_share": 0.0, "grouped_by": "picture", "seed": 0},
    "benchmark_leakage": "drop",
    "override_rule": "any_drop",
    "selection": {
        "budget": None,
        "balance": ["theme", "subtheme"],
        "mode": "even",
        "quota": None,
        "rank_by": None,
        "per_source_clip": None,
        "per_prompt": None,
    },
}


def test_the_declared_parameters_are_the_published_ones(checkout: Path) -> None:
    """The file in the project leaves each threshold to the description, and holds the stricter policy."""
    declared = yaml.safe_load((checkout / "conf" / "base" / "curate" / "parameters.yml").read_text())
    assert declared == DECLARED
    params = FilterParams.model_validate(declared)
    assert resolve_thresholds(params.threshold, params.thresholds) == {
        "edited_frame0": 8.0,
        "foreground_removed": 8.5,
        "edited_video": 8.0,
    }


def test_each_stage_has_a_threshold() -> None:
    """The model names exactly the stages, in their order."""
    assert tuple(Thresholds.model_fields) == STAGE_NAMES


@pytest.mark.parametrize("value", [0, 0.0, 8, 8.5, 10])
def test_a_threshold_within_the_scale_is_taken(value: float) -> None:
    """Both ends of the scale are thresholds."""
    params = FilterParams.model_validate(DECLARED | {"threshold": value})
    assert params.threshold == value


@pytest.mark.parametrize("value", [-0.1, 10.001, float("nan"), float("inf"), "8.5", "high", True, [8], {}])
@pytest.mark.parametrize("where", ["threshold", *STAGE_NAMES])
def test_a_threshold_that_is_none_is_refused(where: str, value: object) -> None:
    """Outside 0-10, not finite, text and booleans are refused, and the message names the parameter."""
    params = DECLARED | {"threshold": value}
    if where != "threshold":
        params = DECLARED | {"thresholds": DECLARED["thresholds"] | {where: value}}
    with pytest.raises(ValidationError, match=where):
        FilterParams.model_validate(params)


@pytest.mark.parametrize(
    "change",
    [
        {"treshold": 8.0},
        {"thresholds": DECLARED["thresholds"] | {"edited_vido": 9.0}},
        {"thresholds": None},
        {"missing_scores": "ignore"},
        {"missing_scores": None},
        {"imputed_scores": "error"},
    ],
)
def test_unknown_and_absent_parameters_are_refused(change: dict[str, Any]) -> None:
    """No key too many, none too few, and no policy that there is not."""
    with pytest.raises(ValidationError):
        FilterParams.model_validate(DECLARED | change)


def test_parameters_cannot_be_changed_later() -> None:
    """A node cannot alter what another node reads."""
    with pytest.raises(ValidationError):
        Thresholds.model_validate(DECLARED["thresholds"]).edited_video = 9.0
