"""A journal comes from the catalog with its schema, and is never saved over."""

from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io.core import DatasetError

from sparkle_curation.datasets import JournalDataset
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA

SCHEMA = "sparkle_curation.media.probe.batch_probe.JOURNAL_SCHEMA"


def test_a_journal_is_loaded_and_not_yet_open(tmp_path: Path) -> None:
    """Nothing is made until a node opens it; it knows its schema and what is to be tried again."""
    path = tmp_path / "journals" / "made.journal"
    dataset = JournalDataset(filepath=str(path), schema=SCHEMA, retried_errors=["unreadable"])
    journal = dataset.load()
    assert journal.schema == JOURNAL_SCHEMA
    assert journal.retried_errors == {"unreadable"}
    assert not dataset.exists()
    assert not path.parent.exists()
    with journal:
        pass
    assert dataset.exists()
    assert dataset.load().read().num_rows == 0


def test_a_journal_is_not_saved(tmp_path: Path) -> None:
    """A node appends to it."""
    with pytest.raises(DatasetError, match="appended to"):
        JournalDataset(filepath=str(tmp_path / "j"), schema=SCHEMA).save("rows")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "schema", ["sparkle_curation.media.probe.batch_probe.BatchProbe", "sparkle_curation.media.no"]
)
def test_a_schema_that_is_none_is_reported(schema: str, tmp_path: Path) -> None:
    """A mistake in the catalog is found when the journal is asked for."""
    with pytest.raises((DatasetError, AttributeError, ImportError)):
        JournalDataset(filepath=str(tmp_path / "j"), schema=schema).load()
