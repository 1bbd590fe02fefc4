"""Reports are made where something has changed, and pruned where nothing is left to report on."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.expectations.test_suites import SEVERITIES

from sparkle_curation.datasets.reports.validation_datasets import ValidationsDataset
from sparkle_curation.expectations.pages.reports import Validation
from sparkle_curation.expectations.rules.rule import Suite
from sparkle_curation.expectations.rules.rule_factories import present

pytestmark = pytest.mark.slow


def validation(name: str, fingerprint: str, made: list[str]) -> Validation:
    """A validation that says in ``made`` that its frame was worked out."""

    def frame() -> pl.DataFrame:
        made.append(name)
        return pl.DataFrame({"id": ["a"]})

    return Validation(Suite(name, "id", (present("id"),), SEVERITIES, ()), fingerprint, frame)


def test_only_what_has_changed_is_checked_again(tmp_path: Path) -> None:
    """Another fingerprint, a report that is not JSON, and one that is none; a suite that is no more loses its report."""
    made: list[str] = []
    dataset = ValidationsDataset(filepath=str(tmp_path / "validations"))
    dataset.save([validation(name, "1", made) for name in "abcd"])
    assert made == list("abcd")
    (tmp_path / "validations" / "c.json").write_text("{")
    (tmp_path / "validations" / "d.json").write_text("[]")
    made.clear()
    again = [("a", "1"), ("b", "2"), ("c", "1"), ("d", "1")]
    dataset.save([validation(name, fingerprint, made) for name, fingerprint in again])
    assert made == list("bcd")
    made.clear()
    dataset.save([validation("a", "1", made)])
    assert made == []
    assert [path.name for path in (tmp_path / "validations").iterdir()] == ["a.json"]
