"""The ledger on disk: added to as a whole, by one run at a time."""

from __future__ import annotations

import fcntl
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from kedro.io.core import DatasetError

from sparkle_curation.datasets import BenchLedgerDataset
from sparkle_curation.errors import LockedError


def entry(model: str) -> dict[str, Any]:
    """An entry of a model."""
    return {"bench": {"name": "b"}, "model": model, "variant": None, "tuned_on_bench": "unknown"}


def add_many(path: Path, names: list[str]) -> None:
    """Add entries one by one, and again where another process has the file."""
    for name in names:
        while True:
            try:
                BenchLedgerDataset(filepath=str(path)).save([entry(name)])
                break
            except DatasetError:  # as Kedro hands on that it is locked
                continue


def test_entries_are_added_and_none_is_lost(tmp_path: Path) -> None:
    """None before there is a file; two processes that add at once both do; no lock is left."""
    path = tmp_path / "deep" / "ledger.jsonl"
    ledger = BenchLedgerDataset(filepath=str(path))
    assert ledger.load() is None
    spawn = multiprocessing.get_context("fork")
    workers = [
        spawn.Process(target=add_many, args=(path, [f"{side}{place}" for place in range(10)]))
        for side in "ab"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    models = [each["model"] for each in ledger.load() or []]
    assert sorted(models) == sorted(f"{side}{place}" for side in "ab" for place in range(10))
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_nothing_to_add_begins_the_ledger_and_changes_no_byte(tmp_path: Path) -> None:
    """An empty file, which git keeps, is as none: nothing is known; the same entry again leaves its time."""
    path = tmp_path / "ledger.jsonl"
    ledger = BenchLedgerDataset(filepath=str(tmp_path / "unused"), instead=str(path))
    ledger.save([])
    assert path.is_file()
    assert ledger.load() is None
    ledger.save([entry("a")])
    before = path.read_bytes()
    ledger.save([entry("a")])
    assert path.read_bytes() == before


def test_another_run_that_adds_is_waited_for_and_told(tmp_path: Path) -> None:
    """Not for ever."""
    (tmp_path / ".locks").mkdir()
    with (tmp_path / ".locks" / "ledger.jsonl.lock").open("a+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatasetError, match="Another run adds to the ledger") as raised:
            BenchLedgerDataset(filepath=str(tmp_path / "ledger.jsonl")).save([entry("a")])
    assert isinstance(raised.value.__cause__, LockedError)
