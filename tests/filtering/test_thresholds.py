"""One threshold for all stages, or one for each."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds

PUBLISHED = Thresholds()


def test_each_stage_has_its_own_threshold_by_default() -> None:
    """Without a `threshold`, the thresholds hold."""
    assert resolve_thresholds(None, PUBLISHED) == {
        "edited_frame0": 8.0,
        "foreground_removed": 8.5,
        "edited_video": 8.0,
    }


@pytest.mark.parametrize("threshold", [0.0, 9.0])
def test_a_threshold_replaces_all_thresholds(threshold: float) -> None:
    """One that is set counts for all stages, zero included."""
    assert set(resolve_thresholds(threshold, PUBLISHED).values()) == {threshold}


def test_a_named_threshold_replaces_its_published_one_alone() -> None:
    """The others keep what the description says; null is the published one too."""
    assert resolve_thresholds(None, Thresholds(edited_video=9.5, edited_frame0=None)) == {
        "edited_frame0": 8.0,
        "foreground_removed": 8.5,
        "edited_video": 9.5,
    }


@pytest.mark.parametrize("threshold", [10.5, float("nan"), True])
def test_a_threshold_off_the_scale_is_refused(threshold: float) -> None:
    """Kedro does not check a bare number, so this does."""
    with pytest.raises(ValidationError):
        resolve_thresholds(threshold, PUBLISHED)
