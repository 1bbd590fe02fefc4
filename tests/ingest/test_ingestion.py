"""A table whose sources have not changed is not read again; one whose sources have changed is."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import polars as pl
import pyarrow as pa
import pytest
from tests.ingest.made_lines import (
    CSV_HEADER,
    CSV_PATH,
    Ingested,
    csv_line,
    file_of,
    good_line,
    ingest,
    make_release,
    sample_id,
    source_path,
)

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, fingerprint, present
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.codes.quarantine_reasons import Reason

STILL = "edited_frame0_scores"
SCHEMA = pa.schema([("number", pa.int64())])
SIDES = ("rows", "quarantined", "source_files")
SCORES = {f"{STILL}/{side}" for side in SIDES}
ANNOTATIONS = {f"annotations/{side}" for side in SIDES}


# ------------------------------------------------------------------ skip by content, on files
class Workplace:
    """A small release and the folder of its tables, ingested again and again."""

    def __init__(self, folder: Path) -> None:
        self.release, self.out = folder / "release", folder / "out"
        scores = file_of(good_line(STILL, 1), b"broken", good_line(STILL, 2))
        make_release(
            self.release,
            {CSV_PATH: file_of(CSV_HEADER, csv_line(1), csv_line(2)), source_path(STILL): scores},
        )

    def ingest(self, caplog: pytest.LogCaptureFixture) -> tuple[Ingested, set[str]]:
        """The score table, and which of the six tables kept the partition of the one theme as it was."""
        before = {path: self._state(path) for path in self.out.rglob("*.parquet") if path.is_file()}
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="sparkle_curation"):
            found = ingest(STILL, self.release, self.out)
        said = [
            record.getMessage() for record in caplog.records if "sources unchanged" in record.getMessage()
        ]
        places = {path for path, state in before.items() if self._state(path) == state}
        tables = {path.parent for path in before}
        whole = {folder for folder in tables if set(folder.iterdir()) <= places}
        assert len(said) == len(whole), "what is kept is said, and nothing else"
        assert not before or len(places) >= len(before) - len(tables), "no partition but one changes"
        return found, {name for name in SCORES | ANNOTATIONS if self.table(name) in places}

    @staticmethod
    def _state(path: Path) -> tuple[int, int]:
        status = path.stat()
        return status.st_ino, status.st_mtime_ns

    def table(self, name: str) -> Path:
        """The file of a table that holds the one theme."""
        return self.out / f"{name}.parquet" / "time.parquet"

    def source(self, table: str) -> Path:
        """The file that a table is read from."""
        return self.release / (CSV_PATH if table == "annotations" else source_path(table))


@pytest.fixture
def workplace(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Workplace:
    """A release that was ingested once."""
    workplace = Workplace(tmp_path)
    found, kept = workplace.ingest(caplog)
    assert (found.ids, found.reasons, kept) == ([1, 2], [(2, "invalid_json")], set())
    return workplace


def test_unchanged_sources_are_not_read_again(workplace: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    """Every file stays as it is, and each is said to."""
    before = ingest(STILL, workplace.release, workplace.out)
    found, kept = workplace.ingest(caplog)
    assert kept == SCORES | ANNOTATIONS
    assert found.rows.equals(before.rows)
    assert found.quarantined.equals(before.quarantined)


def touch(path: Path) -> None:
    """Another time of change."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def append(path: Path) -> None:
    """One more good line."""
    with path.open("ab") as file:
        file.write(good_line(STILL, 3) + b"\n")


def overwrite(path: Path) -> None:
    """Other content of the same length."""
    data = path.read_bytes()
    path.write_bytes(data.replace(b"8.1", b"8.2"))
    touch(path)


def replace(path: Path) -> None:
    """Another file under the name."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("change", [touch, append, overwrite, replace, Path.unlink])
def test_a_changed_source_is_read_again(
    change: Callable[[Path], None], workplace: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    """Touched, longer, other content, another file, or gone: the table is what a first reading gives."""
    change(workplace.source(STILL))
    found, kept = workplace.ingest(caplog)
    assert kept == ANNOTATIONS
    fresh = ingest(STILL, workplace.release, workplace.out.with_name("fresh"))
    assert found.rows.equals(fresh.rows)
    assert found.quarantined.equals(fresh.quarantined)
    assert workplace.ingest(caplog)[1] == SCORES | ANNOTATIONS


def test_changed_annotations_have_the_scores_read_again(
    workplace: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    """The prompts of the scores are compared with those of the annotations, so these are sources too."""
    workplace.source("annotations").write_bytes(file_of(CSV_HEADER, csv_line(1), csv_line(2, "another")))
    found, kept = workplace.ingest(caplog)
    assert kept == set()
    assert found.reasons == [(2, "invalid_json"), (3, "prompt_differs")]


def test_a_file_that_appears_is_read(workplace: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    """The scores of another theme, added later, come into the table; what is there is not read again."""
    line = good_line(STILL, 7).replace(b"_time_", b"_style_")
    make_release(workplace.release, {source_path(STILL).replace("time", "style"): file_of(line)})
    found, kept = workplace.ingest(caplog)
    assert found.rows["id"].to_list()[0] == sample_id(7, "style")
    assert kept == SCORES | ANNOTATIONS


@pytest.mark.parametrize("gone", sorted(SCORES))
def test_a_deleted_file_is_made_again(
    gone: str, workplace: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows, quarantine or list of sources: what is missing is made, and what is there stays."""
    before = workplace.table(gone).read_bytes()
    workplace.table(gone).unlink()
    _, kept = workplace.ingest(caplog)
    assert kept == (SCORES | ANNOTATIONS) - {gone}
    assert pl.read_parquet(workplace.table(gone)).equals(pl.read_parquet(before))


def _foreign_parquet(path: Path) -> bytes:
    pl.DataFrame({"id": ["a"]}).write_parquet(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"PAR1",
        lambda _: b"not Parquet, but longer than its mark",
        lambda _: b"PAR1" + b"x" * 30 + b"\x05\0\0\0PAR1",
        lambda _: b"PAR1" + b"\xff" * 60 + b"\x30\0\0\0PAR1",
        lambda path: path.read_bytes()[:-1],
        lambda path: path.read_bytes()[: path.stat().st_size // 2],
        lambda path: path.read_bytes()[:100] + path.read_bytes()[-100:],
        _foreign_parquet,
    ],
)
@pytest.mark.parametrize("side", SIDES)
def test_a_half_written_or_foreign_file_is_replaced(
    side: str, spoil: Callable[[Path], bytes], workplace: Workplace, caplog: pytest.LogCaptureFixture
) -> None:
    """Existence is no fingerprint: whatever lies at the target without it is made again."""
    path = workplace.table(f"{STILL}/{side}")
    before = pl.read_parquet(path)
    path.write_bytes(spoil(path))
    _, kept = workplace.ingest(caplog)
    assert kept == (SCORES | ANNOTATIONS) - {f"{STILL}/{side}"}
    assert pl.read_parquet(path).equals(before)


# ------------------------------------------------------------------ one reading for three streams
class Counted:
    """An ingestion of three numbers and a fault, that counts how often it is read."""

    def __init__(self) -> None:
        self.readings = 0
        self.ingestion = Ingestion("t", SCHEMA, [SourceFile("a", 10, "1")], remote(), "code", self._read)

    def _read(self, ledger: Ledger) -> Iterator[pa.Table]:
        self.readings += 1
        ledger.bytes_read = 5
        yield pa.table({"number": [1, 2]})
        ledger.quarantine("time", "a", [Fault(Reason.BLANK_LINE, "", b"", 0, 1, 1)])
        ledger.retract("time", "a", [2])
        ledger.retract("time", "a", [4])
        ledger.bytes_read = 10
        ledger.close_source("time", "a", 10, 4)
        yield pa.table({"number": [3]})


def test_three_streams_share_one_reading() -> None:
    """The rows are read; the quarantine and the sources are then known, whatever is asked for in what order."""
    counted = Counted()
    rows = counted.ingestion.rows
    assert counted.readings == rows.bytes_read() == 0
    assert [batch["number"].to_pylist() for batch in rows.batches()] == [[1, 2], [3]]
    assert (rows.bytes_read(), rows.total_bytes, rows.retracted()) == (10, 10, {"time": {2, 4}})
    (quarantined,) = counted.ingestion.quarantined.batches()
    (sources,) = counted.ingestion.source_files.batches()
    assert quarantined["reason"].to_pylist() == ["blank_line"]
    assert sources.select(["path", "size_bytes", "record_count"]).to_pylist() == [
        {"path": "a", "size_bytes": 10, "record_count": 4}
    ]
    assert counted.readings == 1
    assert counted.ingestion.quarantined.retracted() == {}


def test_a_side_stream_alone_reads_once() -> None:
    """Where the rows were kept, the quarantine and the sources come from one reading of their own."""
    counted = Counted()
    assert len(list(counted.ingestion.quarantined.batches())) == 1
    assert len(list(counted.ingestion.source_files.batches())) == 1
    assert counted.readings == 1


def test_a_reading_that_was_broken_off_does_not_count() -> None:
    """A writer that fails half way leaves a half ledger; the next stream reads again, and no fault stands twice."""
    counted = Counted()
    next(counted.ingestion.rows.batches())
    (quarantined,) = counted.ingestion.quarantined.batches()
    assert (quarantined.num_rows, counted.readings) == (1, 2)


def remote(root: str = "root") -> ReleaseFiles:
    """A release of which each file's version is what its file system says."""
    fsspec.filesystem("memory").makedirs(f"/{root}", exist_ok=True)
    return ReleaseFiles(f"memory://{root}")


def test_the_fingerprint_tells_every_difference() -> None:
    """Table, code, root, and each source's path, size, time and order."""
    source, files = SourceFile("a", 1, "1"), remote()
    prints = [
        fingerprint("t", "code", files, [source]),
        fingerprint("u", "code", files, [source]),
        fingerprint("t", "other code", files, [source]),
        fingerprint("t", "code", remote("other"), [source]),
        fingerprint("t", "code", files, []),
        fingerprint("t", "code", files, [source, source]),
        *(fingerprint("t", "code", files, [SourceFile(*each)]) for each in (("b", 1, "1"), ("a", 2, "1"))),
        fingerprint("t", "code", files, [SourceFile("a", 1, "2")]),
        fingerprint("t", "code", files, [SourceFile("a", 11, "")]),
    ]
    assert len(set(prints)) == len(prints)
    assert fingerprint("t", "code", files, [SourceFile("a", 1, "1")]) == prints[0]


def test_present_files_are_found_in_order(tmp_path: Path) -> None:
    """Those that are there; a folder of the name is no file."""
    make_release(tmp_path, {"b": b"12", "c/d": b""})
    found = present(ReleaseFiles(str(tmp_path)), ["c/d", "a", "c", "b"])
    assert [(file.path, file.size) for file in found] == [("c/d", 0), ("b", 2)]
