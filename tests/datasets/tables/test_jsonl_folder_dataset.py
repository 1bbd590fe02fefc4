"""JSONL files of one folder are replaced together, from records that are read as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkle_curation.datasets import JSONLFolderDataset

RECORDS = {
    "intermediate_data/location/scores.jsonl": [{"id": "b", "score": 9.0}, {"id": "a", "text": "Café \n"}],
    "intermediate_data/time/scores.jsonl": [],
}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """An object a line in the order given, members too; a file without records is there and empty."""
    dataset = JSONLFolderDataset(filepath=str(tmp_path / "made"))
    assert not dataset.exists()
    dataset.save({name: iter(records) for name, records in RECORDS.items()})
    assert dataset.load() == RECORDS
    lines = (tmp_path / "made/intermediate_data/location/scores.jsonl").read_text("utf-8").splitlines()
    assert lines == ['{"id":"b","score":9.0}', '{"id":"a","text":"Café \\n"}']


def test_a_failed_save_leaves_the_old_files(tmp_path: Path) -> None:
    """All of them, and nothing beside them."""
    dataset = JSONLFolderDataset(filepath=str(tmp_path / "made"))
    dataset.save(RECORDS)

    def torn() -> Iterator[dict[str, str]]:
        yield {"id": "new"}
        raise RuntimeError("lost")

    with pytest.raises(Exception, match="lost"):
        dataset.save({"new.jsonl": torn()})
    assert dataset.load() == RECORDS
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_files_that_are_no_more_are_gone(tmp_path: Path) -> None:
    """A theme without scored samples leaves none behind."""
    dataset = JSONLFolderDataset(filepath=str(tmp_path / "made"))
    dataset.save(RECORDS)
    dataset.save({"other.jsonl": [{"id": "c"}]})
    assert dataset.load() == {"other.jsonl": [{"id": "c"}]}
    assert dataset.preview()["data"] == [["other.jsonl", 11]]
