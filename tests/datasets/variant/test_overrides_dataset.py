"""The decisions by hand as a dataset."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError
from tests.made.overrides import decision, frame

from sparkle_curation.datasets import OverridesDataset


def test_decisions_come_back(tmp_path: Path) -> None:
    """What was saved is loaded with its lines; a file that is not there has no decision."""
    dataset = OverridesDataset(filepath=str(tmp_path / "overrides.csv"))
    assert dataset.load().is_empty()
    assert not dataset.exists()
    dataset.save(frame(decision("Sparkle_time_000002", "ann"), decision("Sparkle_time_000001", "ann")))
    assert dataset.load().select("id", "line").rows() == [
        ("Sparkle_time_000001", 2),
        ("Sparkle_time_000002", 3),
    ]
    assert len(dataset.preview(1)["data"]) == 1


def test_a_fault_of_the_file_names_it(tmp_path: Path) -> None:
    """What a person mistyped is told with file and line."""
    path = tmp_path / "overrides.csv"
    path.write_text(
        "id,decision,reason,annotator,bound_to\nSparkle_time_000002,dorp,,ann,\n", encoding="utf-8"
    )
    with pytest.raises(DatasetError, match=r"overrides\.csv, line 2"):
        OverridesDataset(filepath=str(path)).load()
