"""How long work takes, noted as it is done and read again by who plans."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from tests.full_disk import files_of_at_most

from sparkle_curation.engine.executors.prefetch import PrefetchExecutor
from sparkle_curation.engine.pace import NAME, Pace, PacedBatch, PaceNotes, read_paces


def notes(folder: Path, work: str = "model 1", device: str = "GPU") -> PaceNotes:
    """Notes beside a journal of the folder."""
    return PaceNotes.beside(folder / "score.journal", work, partial(str, device))


def test_a_pace_is_the_median_of_batches(tmp_path: Path) -> None:
    """Of 2, 1 and 30 s a sample 2 s; six samples were measured."""
    for samples, seconds in ((3, 6.0), (2, 2.0), (1, 30.0)):
        notes(tmp_path).note("edit", samples, seconds)
    assert read_paces(tmp_path / NAME) == {"edit": Pace(2.0, 6, "GPU", "model 1")}


def test_another_model_or_device_begins_anew_and_one_of_before_goes_on(tmp_path: Path) -> None:
    """What was noted last stands, with all that was ever noted of it."""
    notes(tmp_path).note("edit", 1, 4.0)
    notes(tmp_path, device="other GPU").note("edit", 2, 1.0)
    assert read_paces(tmp_path / NAME)["edit"] == Pace(0.5, 2, "other GPU", "model 1")
    notes(tmp_path).note("edit", 1, 2.0)
    assert read_paces(tmp_path / NAME)["edit"] == Pace(3.0, 2, "GPU", "model 1")


def test_no_file_and_torn_or_foreign_lines_are_no_pace(tmp_path: Path) -> None:
    """A killed run leaves half a line; the next line stands all the same."""
    assert read_paces(tmp_path / NAME) == {}
    (tmp_path / NAME).write_bytes(b'[1]\n{"step": "edit", "samples": 0}\n\xff\n{"step": "edit", "wor')
    notes(tmp_path).note("edit", 2, 5.0)
    assert read_paces(tmp_path / NAME) == {"edit": Pace(2.5, 2, "GPU", "model 1")}


def test_a_long_file_keeps_its_last_half(tmp_path: Path) -> None:
    """It does not grow with a release of a million samples, and what was noted last is there."""
    line = {"step": "old", "work": "m", "device": "d", "samples": 1, "seconds": 1.0}
    (tmp_path / NAME).write_text(f"{json.dumps(line)}\n" * 16_000, encoding="utf-8")
    notes(tmp_path).note("edit", 1, 5.0)
    assert (tmp_path / NAME).stat().st_size < 600_000
    assert set(read_paces(tmp_path / NAME)) == {"old", "edit"}


def test_a_full_disk_costs_the_note_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The work that was done goes on, and a warning says what is not known."""
    with files_of_at_most(0):
        notes(tmp_path).note("edit", 1, 5.0)
    assert "how long edit took is not noted" in caplog.text


class Work:
    """Of two steps; says which items it was given, and that those below 0 failed."""

    def __init__(self) -> None:
        self.loads = 0

    def load(self) -> None:
        """Count it."""
        self.loads += 1

    def __call__(self, batch: list[int]) -> pa.Table:
        """Both steps."""
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[int]) -> list[int]:
        """Nothing is read."""
        return batch

    def finish(self, batch: list[int], prepared: list[int]) -> pa.Table:
        """A row an item."""
        assert self.loads
        errors = ["bad" if item < 0 else None for item in batch]
        return pa.table({"item": prepared, "error": pa.array(errors, pa.string())})


def test_a_batch_of_several_steps_is_shared_by_their_parts(tmp_path: Path) -> None:
    """One still and a video of four pictures: a fifth of the seconds is the still's. What failed as a whole is not noted."""
    work = Work()
    paced = PacedBatch(
        work, notes(tmp_path), work.load, lambda item: ("still", 1) if item == 1 else ("video", 4)
    )
    found = list(PrefetchExecutor().map_batches(paced, [[1, 4], [-1]]))
    assert [table["item"].to_pylist() for table in found] == [[1, 4], [-1]]
    paces = read_paces(tmp_path / NAME)
    assert {step: pace.samples for step, pace in paces.items()} == {"still": 1, "video": 1}
    assert paces["video"].seconds == pytest.approx(4 * paces["still"].seconds)
