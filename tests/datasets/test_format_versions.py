"""Each dataset of ours writes the version of its format, and refuses in words what a newer project wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kedro.io import AbstractDataset
from kedro.io.core import DatasetError
from polars.testing import assert_frame_equal
from tests.made.formats import NEWER, format_version_of, make_newer

from sparkle_curation.datasets import (
    DataVersionDataset,
    FigureDataset,
    LeanTablesDataset,
    MetricsJSONDataset,
    SourcesDataset,
    TableDataset,
    ValidationsDataset,
)
from sparkle_curation.datasets.tables.table_dataset import stored_fingerprint
from sparkle_curation.engine.caching.source_index import keep_json, kept_json
from sparkle_curation.engine.io.format_version import FORMAT_VERSION, FormatVersionError, check_format_version
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.expectations.suites import SUITE_NAMES
from sparkle_curation.ingest.assets.index import stored_index
from sparkle_curation.ingest.noted_contents import rows_of_contents
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import SOURCE_FILE_COLUMNS

FIGURE = {"data": [{"type": "bar", "x": [1]}], "layout": {"title": {"text": "one"}}}
ROWS = pl.DataFrame({"theme": ["time"], "score": [9.5]})


def table(folder: Path) -> Path:
    """A table that was saved as a frame."""
    path = folder / "table.parquet"
    TableDataset(filepath=str(path)).save(ROWS)
    return path


def sources(folder: Path) -> Path:
    """A list of source files, without any."""
    path = folder / "annotations.parquet"
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(SOURCE_FILE_COLUMNS).empty_table()))
    TableDataset(filepath=str(path)).save(empty)
    return path


def figure(folder: Path) -> Path:
    """A figure."""
    path = folder / "figure.json"
    FigureDataset(filepath=str(path)).save(FIGURE)
    return path


def digests(folder: Path) -> Path:
    """A JSON object that is no metrics of DVC."""
    path = folder / "digests.json"
    MetricsJSONDataset(filepath=str(path), has_format_version=True).save({"ingest": "ab12"})
    return path


def reports(folder: Path) -> Path:
    """A report of each suite; the path is that of the last."""
    for name in SUITE_NAMES:
        text = json.dumps({"format_version": FORMAT_VERSION, "suite": name, "fingerprint": "f"})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return folder / f"{SUITE_NAMES[-1]}.json"


def loading(make: Callable[[Path], AbstractDataset[Any, Any]]) -> Callable[[Path], Any]:
    """What loads the dataset of a path."""
    return lambda path: make(path).load()


@pytest.mark.parametrize(
    ("make", "read", "command"),
    [
        (table, loading(lambda path: TableDataset(filepath=str(path), made_by="inspect")), "inspect"),
        (
            table,
            lambda path: next(LeanTablesDataset(filepaths={"table": str(path)}).load()["table"]()),
            "ingest",
        ),
        (sources, loading(lambda path: SourcesDataset(filepaths={"annotations": str(path)})), "ingest"),
        (sources, loading(lambda path: DataVersionDataset(filepaths={"annotations": str(path)})), "ingest"),
        (table, stored_index, "ingest"),
        (table, rows_of_contents, "manifest"),
        (figure, loading(lambda path: FigureDataset(filepath=str(path), made_by="agreement")), "agreement"),
        (
            digests,
            loading(lambda path: MetricsJSONDataset(filepath=str(path), made_by="manifest")),
            "manifest",
        ),
        (reports, loading(lambda path: ValidationsDataset(filepath=str(path.parent))), "validate"),
    ],
    ids=[
        "table",
        "lean",
        "sources",
        "data_version",
        "assets",
        "contents",
        "figure",
        "digests",
        "validations",
    ],
)
def test_what_a_newer_project_wrote_is_refused_in_words(
    make: Callable[[Path], Path], read: Callable[[Path], Any], command: str, tmp_path: Path
) -> None:
    """What, where, got, allowed, and by which command the file is made again; and the file says its version."""
    path = make(tmp_path)
    assert format_version_of(path) == FORMAT_VERSION
    make_newer(path)
    with pytest.raises((FormatVersionError, DatasetError)) as refused:
        read(path)
    error = refused.value if isinstance(refused.value, FormatVersionError) else refused.value.__cause__
    assert isinstance(error, FormatVersionError)
    assert error.what == "A file was written by a newer version of this project"
    assert (error.where, error.got) == (path, f"version {NEWER} of the format")
    assert error.allowed == f"version {FORMAT_VERSION}, or an older one"
    assert error.todo.endswith(f"kedro run --pipelines {command}")


@pytest.mark.parametrize("found", ["one", "2x", -1, True, 1.0, [1]])
def test_a_version_that_is_none_is_refused(found: object) -> None:
    """Only a number that a version of ours wrote tells the layout."""
    with pytest.raises(FormatVersionError):
        check_format_version(found, where="file", made_by="ingest")


def test_files_of_before_are_read_as_ever(tmp_path: Path) -> None:
    """A Parquet, a figure and an object without a version are of version 0."""
    ROWS.write_parquet(tmp_path / "table.parquet")
    (tmp_path / "figure.json").write_text(json.dumps(FIGURE), encoding="utf-8")
    (tmp_path / "digests.json").write_text('{"ingest": "ab12"}', encoding="utf-8")
    assert_frame_equal(TableDataset(filepath=str(tmp_path / "table.parquet")).load().collect(), ROWS)
    assert FigureDataset(filepath=str(tmp_path / "figure.json")).preview() == FIGURE
    assert MetricsJSONDataset(filepath=str(tmp_path / "digests.json")).load() == {"ingest": "ab12"}


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    """The version is of the file and not of what it holds; a figure stays one that Plotly reads."""
    assert FigureDataset(filepath=str(figure(tmp_path))).preview() == FIGURE
    assert set(json.loads((tmp_path / "figure.json").read_text(encoding="utf-8"))) == {"data", "layout"}
    assert FigureDataset(filepath=str(tmp_path / "figure.json")).load().layout.title.text == "one"
    assert MetricsJSONDataset(filepath=str(digests(tmp_path))).load() == {"ingest": "ab12"}


def test_a_stream_is_written_over_a_newer_file(tmp_path: Path) -> None:
    """What is made again takes the place of what cannot be read, though its fingerprint is the same; then it is skipped."""
    path = tmp_path / "table.parquet"
    schema = ROWS.to_arrow().schema
    stream = TableStream("made", schema, "f1", 1, lambda: iter([ROWS.to_arrow().cast(schema)]), int, dict)
    TableDataset(filepath=str(path)).save(stream)
    inode = path.stat().st_ino
    TableDataset(filepath=str(path)).save(stream)
    assert (format_version_of(path), path.stat().st_ino) == (FORMAT_VERSION, inode)
    make_newer(path)
    assert stored_fingerprint(path) is None
    TableDataset(filepath=str(path)).save(stream)
    assert format_version_of(path) == FORMAT_VERSION


def test_a_cache_of_a_newer_project_is_passed_by(tmp_path: Path) -> None:
    """Versions of the project share the cache of a user: neither stops, and each makes its own again."""
    keep_json(tmp_path / "sources.json", {"key": [1]})
    assert kept_json(tmp_path / "sources.json") == {"key": [1]}
    make_newer(tmp_path / "sources.json")
    assert kept_json(tmp_path / "sources.json") == {}
