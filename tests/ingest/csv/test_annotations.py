"""The annotations: CSV and metadata joined by sample, each line of both a part of a row or in the quarantine."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest.made_lines import (
    CSV_HEADER,
    CSV_PATH,
    Ingested,
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

from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.csv.annotations import annotation_prompts
from sparkle_curation.ingest.faults import raw_text
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.tables.ingested import COLUMNS
from synthetic.faults import faults_of

METADATA_PATH = source_path("annotations")


def ingest_files(folder: Path, *, csv: bytes | None = None, metadata: bytes | None = None) -> Ingested:
    """The annotations of a release with these files of one theme."""
    files = {CSV_PATH: csv, METADATA_PATH: metadata}
    present = {path: data for path, data in files.items() if data is not None}
    return ingest("annotations", make_release(folder / "release", present), folder / "out")


def csv_of(*lines: bytes) -> bytes:
    """A training CSV of these records."""
    return file_of(CSV_HEADER, *lines)


def assert_placed(quarantined: pl.DataFrame, release: Path) -> None:
    """Each quarantined piece is in its file where the quarantine says."""
    for row in quarantined.rows(named=True):
        data = (release / row["path"]).read_bytes()
        text = data[row["byte_offset"] :][: row["byte_count"]]
        assert raw_text(text.rstrip(b"\r\n")) == row["raw_text"]
        assert data.count(b"\n", 0, row["byte_offset"]) == row["line"] - 1


def test_csv_and_metadata_are_joined(tmp_path: Path) -> None:
    """The samples of the CSV in its order, then those of the metadata alone; each with what its files say."""
    csv = csv_of(csv_line(5), csv_line(3, 'two\nlines, and a ""quote""'), csv_line(9))
    metadata = file_of(*(good_line("annotations", number) for number in (3, 7, 5, 1)))
    found = ingest_files(tmp_path, csv=csv, metadata=metadata)
    assert found.rows.columns == [column.name for column in COLUMNS["annotations"]]
    assert found.ids == [5, 3, 9, 7, 1]
    prompts = ["Make it night, “5”.", 'two\nlines, and a "quote"', "Make it night, “9”."]
    assert found.rows["prompt"].to_list()[:3] == prompts
    assert found.rows["csv_line"].to_list() == [2, 3, 5, None, None]
    assert found.rows["csv_line_count"].to_list() == [1, 2, 1, None, None]
    assert found.rows["metadata_line"].to_list() == [3, 1, None, 2, 4]
    assert found.rows["task"].to_list() == [sample_id(5), sample_id(3), sample_id(9), None, None]
    assert found.rows["src_video"][1] == "time/source_video/Sparkle_time_000003.mp4"
    assert found.rows["original_scene"].to_list() == ["quay 5", "quay 3", None, "quay 7", "quay 1"]
    assert found.source_files.select("path", "record_count", "xxh3_128").rows() == [
        (CSV_PATH, 4, xxh3_128_hexdigest(csv)),
        (METADATA_PATH, 4, xxh3_128_hexdigest(metadata)),
    ]
    assert found.reasons == [(1, "prompt_differs")]


@pytest.mark.parametrize(
    ("keyword", "subtheme", "scene"),
    [
        ("dawn: marsh", "dawn", "marsh"),
        ("dawn: marsh: north", "dawn", "marsh: north"),
        ("dawn", "dawn", None),
        ("dawn:marsh", "dawn:marsh", None),
        (": marsh", "", "marsh"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_keyword_is_split_once(
    keyword: str | None, subtheme: str | None, scene: str | None, tmp_path: Path
) -> None:
    """At the first colon with a blank; a keyword that is absent gives two nulls."""
    metadata = {**good_record("annotations", 1)["metadata"], "chosen_keyword": keyword}
    found = ingest_files(tmp_path, metadata=file_of(good_line("annotations", 1, metadata=metadata)))
    assert found.rows.select("chosen_keyword", "subtheme", "scene").rows() == [(keyword, subtheme, scene)]


def test_either_file_may_be_missing(tmp_path: Path) -> None:
    """The CSV alone, the metadata alone, or neither."""
    alone = ingest_files(tmp_path / "csv", csv=csv_of(csv_line(1)))
    assert alone.rows.select("csv_line", "metadata_line", "edit_type").rows() == [(2, None, None)]
    alone = ingest_files(tmp_path / "metadata", metadata=file_of(good_line("annotations", 1)))
    assert alone.rows.select("csv_line", "metadata_line", "prompt").rows() == [
        (None, 1, "Make it night, “1”.")
    ]
    neither = ingest_files(tmp_path / "neither", csv=file_of(CSV_HEADER), metadata=b"")
    assert (neither.rows.height, neither.source_files["record_count"].to_list()) == (0, [0, 0])


# ------------------------------------------------------------------ the CSV
@pytest.mark.parametrize(
    ("spoilt", "reason", "number"),
    [
        (csv_line(2).replace(b"Make", b"M\xffke"), Reason.INVALID_UTF8, None),
        (b"", Reason.BLANK_LINE, None),
        (csv_line(2)[1:], Reason.INVALID_CSV, None),
        (csv_line(2) + b",x", Reason.WRONG_COLUMN_COUNT, None),
        (csv_line(2) + csv_line(3), Reason.INVALID_CSV, None),
        (csv_line(2) + csv_line(3).replace(b'"', b""), Reason.WRONG_COLUMN_COUNT, None),
        (csv_line(2, ""), Reason.MISSING_FIELD, 2),
        (csv_line(2).replace(b"time/source_video/Sparkle_time_000002.mp4", b""), Reason.MISSING_FIELD, 2),
        (csv_line(2).removesuffix(b"Sparkle_time_000002"), Reason.MISSING_FIELD, None),
        (csv_line(2) + b" ", Reason.BAD_SAMPLE_ID, None),
        (csv_line(2).replace(b"_time_", b"_style_"), Reason.BAD_SAMPLE_ID, "style"),
        (csv_line(1), Reason.DUPLICATE_IDENTICAL, 1),
    ],
)
def test_a_spoilt_record_is_quarantine_with_its_reason(
    spoilt: bytes, reason: Reason, number: int | str | None, tmp_path: Path
) -> None:
    """One case per reason that a CSV can give; the other records are rows."""
    found = ingest_files(tmp_path, csv=csv_of(csv_line(1), csv_line(5), spoilt, csv_line(4)))
    (row,) = found.quarantined.rows(named=True)
    assert (row["table"], row["theme"], row["path"]) == ("annotations", "time", CSV_PATH)
    assert (row["line"], row["line_count"], row["reason"]) == (4, 1, str(reason))
    assert row["raw_text"] == raw_text(spoilt)
    assert not row["is_row_kept"]
    wanted = sample_id(2, "style") if number == "style" else number and sample_id(int(number))
    assert row["id"] == wanted
    assert_placed(found.quarantined, tmp_path / "release")
    assert found.ids == [1, 5, 4]


@pytest.mark.parametrize("end", [csv_line(2)[:20], csv_line(2)[:60], csv_line(2).rpartition(b",")[0]])
def test_a_csv_that_was_cut_short_says_so(end: bytes, tmp_path: Path) -> None:
    """Within the prompt, within a path or before the id: the last line is truncated, the others are rows."""
    found = ingest_files(tmp_path, csv=csv_of(csv_line(1)) + end)
    assert found.reasons == [(3, "truncated_line")]
    assert found.ids == [1]


def test_conflicting_records_of_the_csv_are_all_quarantine(tmp_path: Path) -> None:
    """None of them is a row, the metadata's row of the sample stays, and others stay in their order."""
    csv = csv_of(csv_line(9), csv_line(1), csv_line(4), csv_line(1, "another"), csv_line(2), csv_line(1))
    found = ingest_files(tmp_path, csv=csv, metadata=file_of(good_line("annotations", 1)))
    assert found.ids == [9, 4, 2, 1]
    assert found.rows["csv_line"].to_list() == [2, 4, 6, None]
    assert found.reasons == [(line, "duplicate_conflicting") for line in (3, 5, 7)]
    assert_placed(found.quarantined, tmp_path / "release")


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\n",
        b"prompt,src_video,tgt_video\n",
        b"prompt,src_video,tgt_video,task,task\n",
        b'"prompt\n',
        b"\xff\n",
    ],
)
def test_a_csv_with_another_header_stops_the_run(header: bytes, tmp_path: Path) -> None:
    """Without the four columns no record can be read, so the error says what is there and what to do."""
    with pytest.raises(Exception, match="another header") as caught:
        ingest_files(tmp_path, csv=header)
    assert isinstance(caught.value.__cause__, ReleaseError)
    assert "prompts/time_train.csv, line 1" in str(caught.value.__cause__.format_message())


def test_unknown_columns_are_kept_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Columns in another order and further ones are fine: their cells are kept as JSON text, and said once."""
    lines = b'note,task,tgt_video,prompt,"of\ntwo lines",src_video\n' + b"".join(
        f"{note},{sample_id(number)},t.mp4,p{number},x,s.mp4\n".encode()
        for number, note in ((1, "a"), (2, ""))
    )
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        found = ingest_files(tmp_path, csv=lines, metadata=file_of(good_line("annotations", 1, seed=7)))
    assert [text and json.loads(text) for text in found.rows["extra_fields"]] == [
        {"csv.note": "a", "csv.of\ntwo lines": "x", "$.seed": 7},
        {"csv.note": "", "csv.of\ntwo lines": "x"},
    ]
    assert found.rows["csv_line"].to_list() == [3, 4]
    assert found.source_files["record_count"].to_list() == [2, 1]
    unknown = found.quarantined.filter(reason="unknown_field")
    assert unknown.select("path", "line", "json_path").rows() == [
        (CSV_PATH, 1, "csv.note"),
        (CSV_PATH, 1, "csv.of\ntwo lines"),
        (METADATA_PATH, 1, "$.seed"),
    ]
    assert len([record for record in caplog.records if "note" in record.getMessage()]) == 1
    assert_placed(found.quarantined, tmp_path / "release")


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    """A CSV that went through a spreadsheet is read as it was."""
    plain = csv_of(csv_line(1), csv_line(2))
    marked = ingest_files(tmp_path, csv=b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))
    assert marked.reasons == []
    assert marked.rows.equals(ingest_files(tmp_path / "plain", csv=plain).rows)


# ------------------------------------------------------------------ the metadata
@pytest.mark.parametrize("code", faults_of("annotations"))
def test_a_spoilt_line_of_the_metadata_is_quarantine(code: str, tmp_path: Path) -> None:
    """One case per reason: where it stands, what it is, and that the samples of both files stay rows."""
    reason = Reason(code)
    good = [good_line("annotations", number) for number in range(4)]
    spoilt = faults_of("annotations")[code](good[2])
    metadata = file_of(*good[:2], spoilt, good[3])
    if reason is Reason.TRUNCATED_LINE:
        metadata = file_of(*good[:2]) + spoilt
    found = ingest_files(tmp_path, csv=csv_of(csv_line(2), csv_line(0)), metadata=metadata)
    assert found.reasons == [(3, code)]
    assert found.quarantined["is_row_kept"].to_list() == [reason.is_row_kept]
    assert_placed(found.quarantined, tmp_path / "release")
    # the last line of a file that was cut off is the spoilt one
    others = {
        number: line
        for line, number in enumerate(range(4), 1)
        if number != 2 and (number < 3 or len(metadata) > len(file_of(*good[:3])))
    }
    by_id = dict(found.rows.select("id", "metadata_line").rows())
    assert by_id == {
        sample_id(2): 3 if reason.is_row_kept else None,
        **{sample_id(number): line for number, line in others.items()},
    }


def test_conflicting_lines_of_the_metadata_are_all_taken_back(tmp_path: Path) -> None:
    """None of them is in a row; the CSV's row of the sample stays without metadata, others stay with it."""
    changed = {**good_record("annotations", 1)["metadata"], "original_scene": "another"}
    metadata = file_of(
        good_line("annotations", 0),
        good_line("annotations", 1),
        good_line("annotations", 1, metadata=changed),
        good_line("annotations", 2),
        good_line("annotations", 0),
        good_line("annotations", 3),
        good_line("annotations", 3, metadata=changed),
    )
    found = ingest_files(tmp_path, csv=csv_of(csv_line(1), csv_line(0)), metadata=metadata)
    assert found.rows.select("id", "csv_line", "metadata_line", "original_scene").rows() == [
        (sample_id(1), 2, None, None),
        (sample_id(0), 3, 1, "quay 0"),
        (sample_id(2), None, 4, "quay 2"),
    ]
    conflicting, identical = "duplicate_conflicting", "duplicate_identical"
    assert found.reasons == [
        (2, conflicting),
        (3, conflicting),
        (5, identical),
        (6, conflicting),
        (7, conflicting),
    ]


@settings(max_examples=30)
@given(metadata=damaged_files("annotations"), csv_end=st.binary(max_size=12))
def test_every_line_of_both_files_is_accounted_for(
    metadata: bytes, csv_end: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the damage: the lines of a file are the lines in rows and those in the quarantine."""
    csv = csv_of(csv_line(1), csv_line(3)) + csv_end
    found = ingest_files(tmp_path_factory.mktemp("damaged"), csv=csv, metadata=metadata)
    quarantine = found.quarantined.filter(~pl.col("is_row_kept"))
    read = dict(found.source_files.select("path", "record_count").rows())
    for path, in_rows in ((CSV_PATH, "csv_line_count"), (METADATA_PATH, None)):
        gone = quarantine.filter(path=path)["line_count"].sum()
        rows = found.rows[in_rows].sum() if in_rows else found.rows["metadata_line"].count()
        assert read[path] == rows + gone
    assert found.rows["id"].is_unique().all()


# ------------------------------------------------------------------ prompts
def test_prompts_are_those_of_the_annotations(tmp_path: Path) -> None:
    """A theme's prompts come from the CSV, or the metadata where the CSV lacks the sample; other themes have none."""
    found = ingest_files(
        tmp_path,
        csv=csv_of(csv_line(1, "from the CSV")),
        metadata=file_of(*(good_line("annotations", number) for number in (1, 2))),
    )
    prompts = annotation_prompts(found.rows.lazy())
    assert prompts("time").prompt_of(1) == "from the CSV"
    assert prompts("time").prompt_of(2) == "Make it night, “2”."
    column = found.rows["prompt"].to_arrow()
    assert prompts("style").differing_rows(found.rows["metadata_line"].to_numpy(), column).tolist() == []
