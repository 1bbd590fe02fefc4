"""The ingest pipeline, run by Kedro: what is planted in a release is what the counts and the quarantine say."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import fsspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made.edited_tables import edit_table

from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import (
    annotations_csv_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
)
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES
from sparkle_curation.spec.themes import THEMES
from synthetic.faults import faults_of

QUARANTINE_KEYS = ["path", "line", "reason"]


def table(project: Project, name: str) -> pl.DataFrame:
    """An ingested table."""
    return pl.read_parquet(project.table(name))


def counts(project: Project) -> pl.DataFrame:
    """The counts of each source."""
    return pl.read_csv(project.output("08_reporting", "ingest_counts.csv"))


@pytest.fixture
def own(project: Project, sample_release: Path, tmp_path: Path) -> Project:
    """The project on a copy of the sample release that may be damaged."""
    shutil.copytree(sample_release, tmp_path / "release")
    return replace(project, release_root=tmp_path / "release")


# ------------------------------------------------------------------ the sample release
def test_the_sample_release_is_ingested_whole(project: Project) -> None:
    """No quarantine, nothing absent, and every line of every file a row."""
    project.run_here("ingest")
    assert table(project, "quarantine").is_empty()
    found = counts(project)
    assert found["is_present"].all()
    for name, columns in COLUMNS.items():
        assert table(project, name).columns == [column.name for column in columns]
    for path in sorted(project.release_root.rglob("*.jsonl")):
        lines = path.read_bytes().count(b"\n")
        (row,) = found.filter(path=str(path.relative_to(project.release_root))).rows(named=True)
        assert (row["record_count"], row["row_count"], row["quarantined_count"]) == (lines, lines, 0)


# ------------------------------------------------------------------ faults of all kinds
def plant(release: Path) -> tuple[Counter[tuple[str, int, str]], dict[str, set[tuple[str, int]]]]:
    """Spoil a release: (path, line, reason) of each fault, and by table the (theme, line) of rows that go.

    Into every JSONL file of every theme goes as much of each kind of fault as it has lines for.
    """
    planted: Counter[tuple[str, int, str]] = Counter()
    gone: dict[str, set[tuple[str, int]]] = {}
    annotated = "".join((release / annotations_csv_path(theme)).read_text() for theme in THEMES)
    for name in (*JSONL_TABLES, "annotations"):
        for theme in THEMES:
            path = metadata_jsonl_path(theme)
            if name in JSONL_TABLES:
                path = intermediate_jsonl_path(theme, JSONL_TABLES[name].file_name)
            lines = (release / path).read_bytes().splitlines()
            faults = {code: spoil for code, spoil in faults_of(name).items() if code != "truncated_line"}
            # Lines 1 and 2 stay good, to be repeated; the last one is cut off.
            for line, (code, spoil) in enumerate(faults.items(), 3):
                if line >= len(lines):
                    break
                if code == Reason.PROMPT_DIFFERS and json.loads(lines[line - 1])["id"] not in annotated:
                    continue  # a candidate that was not released: its prompt differs from nothing
                lines[line - 1] = spoil(lines[line - 1])
                planted[path, line, code] += 1
                if not Reason(code).is_row_kept:
                    gone.setdefault(name, set()).add((theme, line))
            count = len(lines)
            other = lines[1].replace(b'"prompt": "', b'"prompt": "X', 1)
            spoilt = lines[-1][:-9]
            added = [lines[0], other, spoilt]
            (release / path).write_bytes(b"\n".join(lines + added))
            planted[path, count + 1, "duplicate_identical"] += 1
            planted[path, 2, "duplicate_conflicting"] += 1
            planted[path, count + 2, "duplicate_conflicting"] += 1
            planted[path, count + 3, "truncated_line"] += 1
            gone.setdefault(name, set()).add((theme, 2))
    return planted, gone


def plant_in_csv(release: Path, theme: str) -> tuple[Counter[tuple[str, int, str]], set[int]]:
    """Spoil a theme's CSV: the faults, and the lines whose records go."""
    path = annotations_csv_path(theme)
    lines = (release / path).read_bytes().splitlines()
    name = lines[8].rpartition(b",")[2]
    spoilt = {
        3: (lines[2].replace(b" ", b" \xff", 1), "invalid_utf8"),
        4: (b'"' + lines[3].replace(b'"', b""), "invalid_csv"),
        5: (b"", "blank_line"),
        6: (lines[5] + b",x", "wrong_column_count"),
        7: (lines[6].rpartition(b",")[0] + b",", "missing_field"),
        8: (lines[7].rpartition(b",")[0] + b",Sparkle_000001", "bad_sample_id"),
        10: (lines[9].rpartition(b",")[0] + b"," + name, "duplicate_conflicting"),
    }
    for line, (text, _) in spoilt.items():
        lines[line - 1] = text
    count = len(lines)
    (release / path).write_bytes(b"\n".join([*lines, lines[1], lines[11][:30]]))
    planted = Counter({(path, line, reason): 1 for line, (_, reason) in spoilt.items()})
    planted[path, 9, "duplicate_conflicting"] += 1
    planted[path, count + 1, "duplicate_identical"] += 1
    planted[path, count + 2, "truncated_line"] += 1
    return planted, {*spoilt, 9}


def test_planted_faults_are_found_and_nothing_else(own: Project, project: Project) -> None:
    """Every fault of every file is in the quarantine at its line with its reason, and every other line is a row."""
    project.run_here("ingest")
    planted, gone = plant(own.release_root)
    in_csv, csv_lines = plant_in_csv(own.release_root, "style")
    planted += in_csv
    spoilt = replace(own, data_root=own.data_root.with_name("spoilt"))
    spoilt.run_here("ingest")

    quarantine = table(spoilt, "quarantine")
    found = Counter(quarantine.select(QUARANTINE_KEYS).rows())
    # A sample of style that the CSV has lost takes its prompt from the metadata, where one was changed too.
    differing = {key for key in found if key[2] == "prompt_differs"} - set(planted)
    assert len(differing) <= len(JSONL_TABLES)
    assert all("/style/" in path for path, *_ in differing)
    assert {key: found[key] for key in found if key not in differing} == dict(planted)

    for name in JSONL_TABLES:
        clean, left = table(project, name), table(spoilt, name)
        assert len(gone[name]) >= 50
        keys = {"theme": pl.String, "source_line": pl.Int32}
        lost = pl.DataFrame(sorted(gone[name]), keys, orient="row")
        expected = clean.join(lost, on=list(keys), how="anti", maintain_order="left")
        same = [column for column in clean.columns if column not in {"prompt", "extra_fields"}]
        assert_frame_equal(left.select(same), expected.select(same))
    style = table(spoilt, "annotations").filter(theme="style")
    assert set(style["csv_line"].drop_nulls()) == set(range(2, 18)) - csv_lines
    quarantine = quarantine.filter(~pl.col("is_row_kept"))
    found_counts = counts(spoilt).filter("is_present")
    assert found_counts["quarantined_count"].sum() == quarantine["line_count"].sum()
    assert (
        found_counts["record_count"] == found_counts["row_count"] + found_counts["quarantined_count"]
    ).all()


def test_names_that_are_not_utf8_are_reported(own: Project, project: Project) -> None:
    """A loose file and a tar with a byte of Latin-1 in their names: in the quarantine, and nothing else is changed."""
    project.run_here("ingest")
    own = replace(own, data_root=own.data_root.with_name("odd"))
    folder = own.release_root / "intermediate_data" / "time" / "source_frame0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(b"a")
    (own.release_root / os.fsdecode(b"caf\xe9.tar")).write_bytes(b"tar")
    ran = own.run_kedro("--pipelines", "ingest,manifest")
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    own.run_here("ingest")
    quarantine = table(own, "quarantine")
    assert quarantine.select("path", "reason", "raw_text").rows() == [
        (
            "intermediate_data/time/source_frame0",
            "unexpected_path",
            "intermediate_data/time/source_frame0/caf\\xe9.png",
        ),
        ("caf�{dce9}.tar", "unexpected_path", "caf\\xe9.tar"),
    ]
    assert_frame_equal(table(own, "assets"), table(project, "assets"))


# ------------------------------------------------------------------ parts of a release
def said_absent(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a run said is absent."""
    start = "absent from the release: "
    return [
        record.getMessage().removeprefix(start)
        for record in caplog.records
        if record.getMessage().startswith(start)
    ]


def test_csvs_alone_are_ingested(project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The other tables are empty, and what is absent is said once."""
    prompts = project.release_root / "prompts"
    (tmp_path / "csvs" / "prompts").mkdir(parents=True)
    for path in prompts.glob("*.csv"):
        shutil.copy(path, tmp_path / "csvs" / "prompts")
    csvs = replace(project, release_root=tmp_path / "csvs")
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        csvs.run_here("ingest")
    assert table(csvs, "annotations").height == 5 * 16
    assert table(csvs, "annotations")["metadata_line"].null_count() == 5 * 16
    assert [table(csvs, name).height for name in (*JSONL_TABLES, "assets", "quarantine")] == [0] * 7
    (said,) = said_absent(caplog)
    assert "of any theme" in said
    for part in ("{theme}_train_metadata.jsonl", "edited_video_score.jsonl", "source_video_mask"):
        assert part in said
    assert "_train.csv" not in said
    assert counts(csvs).filter("is_present").height == 5


def test_one_theme_is_ingested(own: Project, caplog: pytest.LogCaptureFixture) -> None:
    """The themes that are not there are said to be absent as wholes."""
    for path in sorted(own.release_root.rglob("*"), reverse=True):
        relative = str(path.relative_to(own.release_root))
        if path.is_file() and "time" not in relative:
            path.unlink()
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        own.run_here("ingest")
    for name in COLUMNS:
        assert set(table(own, name)["theme"]) == {"time"}
    assert said_absent(caplog) == [
        "; ".join(f"the whole theme {theme}" for theme in THEMES if theme != "time")
    ]


def test_an_empty_folder_has_nothing(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where that is allowed: empty tables with their columns, and one sentence. Otherwise nothing is made."""
    (tmp_path / "empty").mkdir()
    empty = replace(project, release_root=tmp_path / "empty")
    with pytest.raises(ReleaseError, match="nothing of a release"):
        empty.run_here("ingest")
    assert not empty.data_root.exists()
    empty = replace(empty, params={"allow_empty": True})
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        empty.run_here("ingest")
    for name, columns in COLUMNS.items():
        assert table(empty, name).columns == [column.name for column in columns]
        assert table(empty, name).is_empty()
    assert said_absent(caplog) == ["everything: the folder holds no file of Sparkle"]


@pytest.mark.parametrize("root", ["nowhere", "file.txt"])
def test_a_root_that_is_no_folder_stops_the_run(root: str, project: Project, tmp_path: Path) -> None:
    """Before anything is made, with what to do."""
    (tmp_path / "file.txt").write_text("a file")
    with pytest.raises(ReleaseError, match="not a folder") as caught:
        replace(project, release_root=tmp_path / root).run_here("ingest")
    assert "release_root=/path/to/Sparkle" in caught.value.format_message()
    assert not project.data_root.exists()


def test_a_release_behind_a_url_is_the_same_release(project: Project, sample_release: Path) -> None:
    """Through fsspec every table is what it is from a local folder."""
    fs = fsspec.filesystem("memory")
    fs.put(str(sample_release), "/sparkle_of_ingest", recursive=True)
    try:
        remote = replace(
            project,
            release_root="memory://sparkle_of_ingest",  # type: ignore[arg-type]
            data_root=project.data_root.with_name("remote"),
        )
        project.run_here("ingest")
        remote.run_here("ingest")
        for name in (*COLUMNS, "quarantine"):
            assert_frame_equal(table(remote, name), table(project, name))
        assert counts(remote).equals(counts(project))
    finally:
        fs.rm("/sparkle_of_ingest", recursive=True)


# ------------------------------------------------------------------ again and again
CURATION = "ingest,inspect,filter"
"""All of ``curate`` that makes tables: validation only reads them."""


def parsed_again(project: Project, caplog: pytest.LogCaptureFixture) -> set[str]:
    """The tables of which a run read files again; checks that it said so of the others, and kept their files."""
    folder = project.output("02_intermediate")
    before = {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in [*folder.rglob("*.parquet"), project.output("03_primary", "score_faults.parquet")]
        if path.is_file()
    }
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger="sparkle_curation"):
        project.run_here(CURATION, params={"threshold": 7.5})
    changed = {
        _table_of(path)
        for path, state in before.items()
        if not path.exists() or (path.stat().st_ino, path.stat().st_mtime_ns) != state
    }
    said = {
        record.getMessage().split(":")[0].split(",")[0]
        for record in caplog.records
        if "sources unchanged" in record.getMessage()
    }
    assert said == {_table_of(path) for path in before} - changed
    return changed & set(COLUMNS)


def _table_of(path: Path) -> str:
    """The name of the table that a file is, or is a part of."""
    return next((each for each in path.parents if each.suffix == ".parquet"), path).stem


def test_what_has_not_changed_is_not_parsed_again(own: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Another threshold parses nothing; one changed file its own table; changed annotations all score tables."""
    own.run_here(CURATION, params={"threshold": 8.5})
    assert parsed_again(own, caplog) == set()
    scores = own.release_root / intermediate_jsonl_path("time", "edited_video_score.jsonl")
    scores.write_bytes(scores.read_bytes()[:-1] + b" \n")
    assert parsed_again(own, caplog) == {"edited_video_scores"}
    metadata = own.release_root / metadata_jsonl_path("time")
    metadata.touch()
    assert parsed_again(own, caplog) == {"annotations", *JSONL_TABLES}
    next(iter(sorted(own.release_root.glob("*.tar")))).touch()
    assert parsed_again(own, caplog) == {"assets"}
    assert parsed_again(own, caplog) == set()


def test_a_row_removed_by_hand_is_missed(project: Project) -> None:
    """A table that keeps its fingerprint but has lost a row stops the run, and deleting the table mends it."""
    project.run_here("ingest")
    path = project.output("02_intermediate", "grounding_r1.parquet")
    count = table(project, "grounding_r1").height
    edit_table(path / "location.parquet", lambda rows: rows.slice(1))
    with pytest.raises(ConservationError, match=r"location/foreground_grounding_r1\.jsonl") as caught:
        project.run_here("ingest")
    assert "21 read, 20 rows, 0 quarantined" in caught.value.format_message()
    (path / "location.parquet").unlink()
    project.run_here("ingest")
    assert table(project, "grounding_r1").height == count
