"""What the keys of caches hold of the description: what the work reads, and no more."""

from __future__ import annotations

import pytest

from sparkle_curation.spec.description import slices
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.dataset import Dataset
from sparkle_curation.spec.description.slices import measuring_slice, stage_slice


def described_as(monkeypatch: pytest.MonkeyPatch, changed: Dataset) -> None:
    """Let the description be another one."""
    monkeypatch.setattr(slices, "dataset", lambda: changed)


def test_measures_are_made_anew_after_another_rate_of_frames_and_not_after_another_title(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which frames are compared is in the key; what people read is not."""
    before, known = measuring_slice(), dataset()
    described_as(monkeypatch, known.model_copy(update={"title": "Another"}))
    assert measuring_slice() == before
    frames = known.frames.model_copy(update={"grounded_fps": known.frames.grounded_fps * 2})
    described_as(monkeypatch, known.model_copy(update={"frames": frames}))
    assert measuring_slice() != before


def test_a_score_table_is_made_anew_when_another_criterion_is_primary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The audit compares the primary one; its threshold is in no key."""
    known = dataset()
    stage = known.scores.stages[0]
    before = stage_slice(stage.name)

    def with_criterion(**changes: object) -> Dataset:
        criteria = (stage.criteria[0].model_copy(update=changes), *stage.criteria[1:])
        stages = (stage.model_copy(update={"criteria": criteria}), *known.scores.stages[1:])
        return known.model_copy(update={"scores": known.scores.model_copy(update={"stages": stages})})

    described_as(monkeypatch, with_criterion(threshold=1.0))
    assert stage_slice(stage.name) == before
    described_as(monkeypatch, with_criterion(primary=not stage.criteria[0].primary))
    assert stage_slice(stage.name) != before
