"""A JSONL table on disk: each line of its files is a row or in the quarantine, where and why."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.jsonl.plain_reader import plain_value
from tests.ingest.made_lines import (
    CSV_HEADER,
    CSV_PATH,
    csv_line,
    damaged_files,
    file_of,
    good_line,
    good_record,
    ingest,
    make_release,
    sample_id,
    source_path,
)
from xxhash import xxh3_128_hexdigest

from sparkle_curation.ingest.faults import raw_text
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES
from synthetic.faults import faults_of

STILL = "edited_frame0_scores"


def ingest_lines(table: str, folder: Path, data: bytes) -> Any:
    """A table whose one file holds ``data``, ingested without annotations."""
    return ingest(table, make_release(folder / "release", {source_path(table): data}), folder / "out")


def assert_placed(quarantined: pl.DataFrame, release: Path) -> None:
    """Each quarantined piece is in its file where the quarantine says, and is the line that it says."""
    for row in quarantined.rows(named=True):
        data = (release / row["path"]).read_bytes()
        text = data[row["byte_offset"] :][: row["byte_count"]]
        assert raw_text(text.removesuffix(b"\n")) == row["raw_text"]
        assert data.count(b"\n", 0, row["byte_offset"]) == row["line"] - 1


# ------------------------------------------------------------------ one case per reason
PATHS = {
    Reason.NOT_AN_OBJECT: "$",
    Reason.MISSING_FIELD: "$.prompt",
    Reason.BAD_SAMPLE_ID: "$.id",
    Reason.UNEQUAL_LENGTHS: "$.editscore",
    Reason.NO_FRAMES: "$.editscore",
    Reason.NUMBER_OUT_OF_RANGE: "$.frame_indices[0]",
    Reason.UNKNOWN_FIELD: "$.note",
    Reason.PROMPT_DIFFERS: "$.prompt",
}
WITHOUT_ID = {Reason.BLANK_LINE, Reason.INVALID_JSON}  # the colon after "id" is what is lost


@pytest.mark.parametrize(
    ("table", "reason"), [(name, Reason(code)) for name in JSONL_TABLES for code in faults_of(name)]
)
def test_a_spoilt_line_is_quarantine_with_its_reason(table: str, reason: Reason, tmp_path: Path) -> None:
    """One case per table and reason: file, line, bytes, id, member at fault and raw text; other lines are rows."""
    good = [good_line(table, number) for number in range(4)]
    spoilt = faults_of(table)[reason](good[2])
    data = file_of(*good[:2], spoilt, good[3])
    line, others = 3, [0, 1, 3]
    if reason is Reason.TRUNCATED_LINE:
        data, line, others = file_of(*good[:2]) + spoilt, 3, [0, 1]
    release = make_release(
        tmp_path / "release",
        {source_path(table): data, CSV_PATH: file_of(CSV_HEADER, *(csv_line(number) for number in range(4)))},
    )
    found = ingest(table, release, tmp_path / "out")
    (row,) = found.quarantined.rows(named=True)
    assert (row["table"], row["theme"], row["path"]) == (table, "time", source_path(table))
    assert (row["line"], row["line_count"], row["reason"]) == (line, 1, str(reason))
    assert row["raw_text"] == raw_text(spoilt)
    assert row["is_row_kept"] == reason.is_row_kept
    assert_placed(found.quarantined, release)
    assert found.ids == (sorted([*others, 2]) if reason.is_row_kept else others)
    if reason in PATHS:
        assert row["json_path"] == PATHS[reason]
    if reason in {Reason.SCORE_OUT_OF_RANGE, Reason.NOT_FINITE}:
        assert row["json_path"] is None or row["json_path"].startswith("$.")
    if reason is Reason.BAD_SAMPLE_ID:
        assert row["id"] == sample_id(2, "style")
    elif reason is not Reason.UNKNOWN_FIELD:
        assert row["id"] == (None if reason in WITHOUT_ID else sample_id(2))


# ------------------------------------------------------------------ the whole way
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), table=st.sampled_from(list(JSONL_TABLES)))
def test_lines_are_rows_plus_quarantined(
    data: st.DataObject, table: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the damage: each line is a row or one quarantined line, and no id has two rows."""
    content = data.draw(damaged_files(table))
    folder = tmp_path_factory.mktemp("damaged")
    found = ingest_lines(table, folder, content)
    text = content.removeprefix(b"\xef\xbb\xbf")
    lines = text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))
    quarantine = found.quarantined.filter(~pl.col("is_row_kept"))["line"].to_list()
    assert sorted([*found.rows["source_line"].to_list(), *quarantine]) == list(range(1, lines + 1))
    assert found.source_files.select("record_count", "xxh3_128").rows() == [
        (lines, xxh3_128_hexdigest(content))
    ]
    assert found.rows["id"].is_unique().all()
    assert found.rows["source_line"].is_sorted()
    assert_placed(found.quarantined, folder / "release")
    texts = text.split(b"\n")
    for row in found.rows.rows(named=True):
        expected = plain_value(texts[row["source_line"] - 1], table)
        assert expected is not None
        assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("table", JSONL_TABLES)
def test_a_table_has_its_columns(table: str, tmp_path: Path) -> None:
    """Published members under their names, what we add beside them, each described in the Parquet file."""
    found = ingest_lines(table, tmp_path, file_of(good_line(table, 5), good_line(table, 3)))
    assert found.rows.columns == [column.name for column in COLUMNS[table]]
    assert found.rows["source_line"].to_list() == [1, 2]
    assert found.rows["theme"].to_list() == ["time", "time"]
    assert found.rows["extra_fields"].to_list() == [None, None]
    for number, row in zip((5, 3), found.rows.rows(named=True), strict=True):
        record = good_record(table, number)
        assert {name: row[name] for name in record} == record


def test_the_mean_is_summed_exactly(tmp_path: Path) -> None:
    """A mean at the threshold does not depend on the order of the frames."""
    table = "edited_video_scores"
    record = good_record(table, 1)
    scores = [8.3, 7.7, 8.1, 7.9, 8.0, 8.2, 7.8, 9.1, 6.9, 8.0]
    lines = []
    for number, order in enumerate((scores, scores[::-1])):
        record["id"], record["frame_indices"] = sample_id(number), list(range(10))
        record["editscore"] = [{**good_record(table, 1)["editscore"][0], "O_score": score} for score in order]
        lines.append(json.dumps(record).encode())
    found = ingest_lines(table, tmp_path, file_of(*lines))
    assert found.rows["mean_o_score"].to_list() == [math.fsum(scores) / 10] * 2
    overall = ingest_lines(STILL, tmp_path / "still", file_of(good_line(STILL, 1)))
    assert overall.rows["overall"].to_list() == [8.1]


def test_an_empty_file_and_a_file_of_faults_are_empty_tables(tmp_path: Path) -> None:
    """No row is made of nothing; the columns are there."""
    empty = ingest_lines(STILL, tmp_path / "a", b"")
    faulty = ingest_lines(STILL, tmp_path / "b", b"\n{}\n[")
    assert (empty.rows.height, empty.reasons, empty.source_files["record_count"].to_list()) == (0, [], [0])
    assert (faulty.rows.height, faulty.rows.columns) == (0, empty.rows.columns)
    assert faulty.reasons == [(1, "blank_line"), (2, "missing_field"), (3, "truncated_line")]


def test_all_themes_stand_in_one_table(tmp_path: Path) -> None:
    """The themes in their order, each with the lines of its own file; an id of another theme is quarantined."""
    path = "edited_frame0_score.jsonl"
    line = good_line(STILL, 1)
    release = make_release(
        tmp_path / "release",
        {
            intermediate_jsonl_path("style", path): file_of(line.replace(b"_time_", b"_style_"), line),
            intermediate_jsonl_path("location", path): file_of(line.replace(b"_time_", b"_location_")),
        },
    )
    found = ingest(STILL, release, tmp_path / "out")
    assert found.rows.select("id", "theme", "source_line").rows() == [
        (sample_id(1, "location"), "location", 1),
        (sample_id(1, "style"), "style", 1),
    ]
    assert found.quarantined.select("theme", "line", "reason", "id").rows() == [
        ("style", 2, "bad_sample_id", sample_id(1))
    ]


# ------------------------------------------------------------------ duplicates
def test_of_identical_records_the_first_stays(tmp_path: Path) -> None:
    """The same record again, in other words of JSON too, is quarantined and says where the first stands."""
    first = good_line(STILL, 1)
    again = json.dumps(dict(reversed(json.loads(first).items()))).encode()
    found = ingest_lines(STILL, tmp_path, file_of(first, good_line(STILL, 2), again, first + b"\r"))
    assert found.ids == [1, 2]
    assert found.rows["source_line"].to_list() == [1, 2]
    assert found.reasons == [(3, "duplicate_identical"), (4, "duplicate_identical")]
    assert found.quarantined["detail"].to_list() == ["the same record as line 1, which stays"] * 2
    assert found.quarantined["id"].to_list() == [sample_id(1)] * 2


def test_conflicting_records_are_all_taken_back(tmp_path: Path) -> None:
    """Of records that differ none is in the table, nor is one of them that came twice; others stay."""
    first, other = good_line(STILL, 1), good_line(STILL, 1, prompt="another")
    found = ingest_lines(
        STILL, tmp_path, file_of(good_line(STILL, 0), first, other, good_line(STILL, 2), first)
    )
    assert found.ids == [0, 2]
    assert found.rows["source_line"].to_list() == [1, 4]
    assert found.reasons == [(line, "duplicate_conflicting") for line in (2, 3, 5)]
    assert_placed(found.quarantined, tmp_path / "release")


def test_an_unknown_member_makes_a_record_another_one(tmp_path: Path) -> None:
    """Two records that differ in a member that the card does not name differ."""
    lines = [good_line(STILL, 1, note=note) for note in (1, 2)]
    found = ingest_lines(STILL, tmp_path, file_of(*lines))
    assert found.ids == []
    assert [reason for _, reason in found.reasons if reason != "unknown_field"] == [
        "duplicate_conflicting"
    ] * 2


def test_a_spoilt_duplicate_is_no_duplicate(tmp_path: Path) -> None:
    """A line that cannot be trusted does not take its id's good line with it."""
    spoilt = good_line(STILL, 1).replace(b"8.1", b"18.1")
    found = ingest_lines(STILL, tmp_path, file_of(spoilt, good_line(STILL, 1), spoilt[:-1]))
    assert found.ids == [1]
    assert found.reasons == [(1, "score_out_of_range"), (3, "invalid_json")]


def test_duplicates_are_found_across_blocks_and_themes_apart(tmp_path: Path) -> None:
    """Records megabytes apart are duplicates; the same number in another theme is not."""
    long = good_record(STILL, 7)
    filler = [good_line(STILL, number, prompt="x" * (1 << 20)) for number in range(10, 16)]
    lines = [good_line(STILL, 1), good_line(STILL, 2), *filler, json.dumps(long).encode(), *filler[:1]]
    lines += [good_line(STILL, 1), good_line(STILL, 2, prompt="another"), good_line(STILL, 3)]
    release = make_release(
        tmp_path / "release",
        {
            source_path(STILL): file_of(*lines),
            intermediate_jsonl_path("style", "edited_frame0_score.jsonl"): file_of(
                *(line.replace(b"_time_", b"_style_") for line in lines[:2])
            ),
        },
    )
    found = ingest(STILL, release, tmp_path / "out")
    time = found.rows.filter(pl.col("theme") == "time")
    assert time["source_line"].to_list() == [1, *range(3, 10), 13]
    assert found.rows.filter(pl.col("theme") == "style")["source_line"].to_list() == [1, 2]
    assert found.reasons == [
        (2, "duplicate_conflicting"),
        (10, "duplicate_identical"),
        (11, "duplicate_identical"),
        (12, "duplicate_conflicting"),
    ]
    assert_placed(found.quarantined, release)


# ------------------------------------------------------------------ warnings
def with_prompts(folder: Path, table: str, data: bytes) -> Any:
    """A table ingested beside a CSV whose prompts are those of good lines 0 to 8."""
    annotations = file_of(CSV_HEADER, *(csv_line(number) for number in range(9)))
    release = make_release(folder / "release", {source_path(table): data, CSV_PATH: annotations})
    return ingest(table, release, folder / "out")


@pytest.mark.parametrize("table", JSONL_TABLES)
def test_a_prompt_that_differs_is_a_warning(table: str, tmp_path: Path) -> None:
    """The row is kept with its own prompt; the warning names both. A sample that the CSV lacks differs from nothing."""
    lines = [good_line(table, 1), good_line(table, 2, prompt="another"), good_line(table, 9, prompt="x")]
    found = with_prompts(tmp_path, table, file_of(*lines))
    assert found.rows["prompt"].to_list() == ["Make it night, “1”.", "another", "x"]
    (warning,) = found.quarantined.rows(named=True)
    assert (warning["line"], warning["reason"], warning["is_row_kept"]) == (2, "prompt_differs", True)
    assert "Make it night, “2”." in warning["detail"]
    assert_placed(found.quarantined, tmp_path / "release")


def test_a_warning_is_about_a_row_that_is_kept(tmp_path: Path) -> None:
    """A record that is taken back has no row, so nothing says that its row is kept."""
    lines = [
        good_line(STILL, 1, prompt="a", note=1),
        good_line(STILL, 1, prompt="b", note=1),
        good_line(STILL, 2),
    ]
    found = with_prompts(tmp_path, STILL, file_of(*lines))
    assert found.ids == [2]
    kept = found.quarantined.filter("is_row_kept")["line"].to_list()
    assert set(kept) <= set(found.rows["source_line"].to_list())


def test_unknown_members_are_kept_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each unknown member is in every row's ``extra_fields`` and said once a file, at its first line."""
    table = "edited_video_scores"
    records = [good_record(table, number) for number in range(4)]
    records[1]["note"], records[3]["note"] = {"a": [1]}, None
    for record in records[2:]:
        record["editscore"][1]["seed"] = 7
    records[3]["editscore"][0]["seed"] = 8
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        found = ingest_lines(table, tmp_path, file_of(*(json.dumps(record).encode() for record in records)))
    extras = [text and json.loads(text) for text in found.rows["extra_fields"]]
    assert extras == [
        None,
        {"$.note": {"a": [1]}},
        {"$.editscore[1].seed": 7},
        {"$.note": None, "$.editscore[0].seed": 8, "$.editscore[1].seed": 7},
    ]
    warnings = found.quarantined.select("line", "reason", "json_path", "is_row_kept").rows()
    assert sorted(warnings) == [
        (2, "unknown_field", "$.note", True),
        (3, "unknown_field", "$.editscore[...].seed", True),
    ]
    assert_placed(found.quarantined, tmp_path / "release")
    said = [record.getMessage() for record in caplog.records if "names no" in record.getMessage()]
    assert len(said) == 2
    assert "line 2" in said[0]
    assert "$.note" in said[0]


# ------------------------------------------------------------------ memory
_INGEST = """
import resource, sys
from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.ingest.jsonl.table import ingest_jsonl
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.tables.ingested import SCORE_TABLES
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
release, target = sys.argv[1:]
ingestion = ingest_jsonl(SCORE_TABLES["edited_video_scores"], ReleaseFiles(release), lambda theme: None)
TableDataset(filepath=target).save(ingestion.rows)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path, checkout: Path) -> None:
    """A file of 200 MB, a hundredth of it bad lines, in under 300 MB more."""
    table = "edited_video_scores"
    frame = {**good_record(table, 0)["editscore"][0], "SC_raw_output": "word " * 300}
    path = make_release(tmp_path / "release", {source_path(table): b""}) / source_path(table)
    with path.open("wb") as file:
        for number in range(22_000):
            line = good_line(table, number, editscore=[frame] * 6, frame_indices=list(range(6)))
            file.write(line[: 5000 if number % 100 == 0 else None] + b"\n")
    assert path.stat().st_size > 200 << 20
    finished = subprocess.run(
        [sys.executable, "-c", _INGEST, str(tmp_path / "release"), str(tmp_path / "rows.parquet")],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(finished.stdout) < 300 << 10
    assert pl.scan_parquet(tmp_path / "rows.parquet").select(pl.len()).collect().item() == 21_780
