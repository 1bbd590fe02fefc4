"""A benchmark is read so that each record is a sample or in the quarantine, and what is odd is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.made.bench import FIRST, MODELS, ROOT, SECOND, THEME, THIRD, MadeBench, described, reasons

from sparkle_curation.bench.samples.checking import check_counts, own_facts
from sparkle_curation.bench.samples.reading import read_benchmark
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.tables.benchmark import BENCH_SAMPLE_COLUMNS
from synthetic.encode import mp4_bytes


@pytest.fixture
def bench(tmp_path: Path) -> MadeBench:
    """A copy of the made benchmark."""
    return MadeBench(tmp_path / "bench")


def samples_of(bench: MadeBench) -> pl.DataFrame:
    """The samples of the first theme."""
    return bench.read().samples.filter(pl.col("theme") == THEME)


def test_the_made_benchmark_is_read_whole() -> None:
    """24 samples in the order of the CSVs, with facts and hashes; nothing is quarantined; models wrote where they should."""
    read = read_benchmark(ReleaseFiles(str(ROOT)), described())
    assert read.samples.columns == [field.name for field in BENCH_SAMPLE_COLUMNS]
    assert (read.samples.height, read.quarantine.height) == (24, 0)
    assert read.samples["sample_id"].head(2).to_list() == [FIRST, SECOND]
    assert read.samples.select("frames", "fps", "width", "height").unique().rows() == [(33, 16.0, 128, 72)]
    lacking = read.samples.null_count().select(
        pl.exclude("source_error", "bench_root")
    )  # the root is the node's to note
    assert lacking.sum_horizontal().item() == 0
    assert all((MODELS / "good" / path).is_file() for path in read.samples["output_path"])
    assert read.counts.select("record_count", "row_count").unique().rows() == [(6, 6)]


def test_counts_are_compared_with_what_the_benchmark_says_of_itself_else_with_the_published() -> None:
    """24 samples are right for the made one, and too few for the one of the description."""
    read = read_benchmark(ReleaseFiles(str(ROOT)), described())
    name, counts = own_facts(ReleaseFiles(str(ROOT)), described())
    assert name == "made Sparkle-Bench"
    assert check_counts(read.samples, read.quarantine, counts)["is_met"].all()
    published = check_counts(read.samples, read.quarantine, described().counts).filter(~pl.col("is_met"))
    assert published.select("check", "found", "expected").rows() == [
        ("samples", 24, 458),
        ("subthemes", 18, 21),
        ("scenes", 22, 97),
    ]


@pytest.mark.parametrize(
    ("keyword", "parts", "reason"),
    [
        ("era: a cafe: at night", ("era", "a cafe: at night", "a_cafe-_at_night"), "several_separators"),
        ("no separator here", (None, None, None), "bad_keyword"),
        ("era: ", (None, None, None), "bad_keyword"),
        (None, (None, None, None), "bad_keyword"),
        ("era: a cafe/bar", ("era", "a cafe/bar", "a_cafe-bar"), "unsafe_name"),
        ("..: ..", ("..", "..", "--"), "unsafe_name"),
    ],
)
def test_a_keyword_is_split_once_and_its_name_is_safe(
    bench: MadeBench, keyword: str | None, parts: tuple[str | None, ...], reason: str
) -> None:
    """Where the published scripts stop, or write into another folder, the sample stays and its oddity is told."""
    bench.set_keyword(0, keyword)
    read = bench.read()
    first = read.samples.row(0, named=True)
    assert (first["subtheme"], first["scene"], first["scene_key"]) == parts
    assert (FIRST, reason, True) in reasons(read)
    assert read.samples.height == 24
    if parts[0] is None:
        assert first["output_path"] is None
    else:
        assert first["output_path"].count("/") == 2
        assert ".." not in first["output_path"].split("/")


def test_two_scenes_with_one_key_are_told(bench: MadeBench) -> None:
    """A space and an underscore, and on some systems a capital letter, become one folder."""
    bench.set_keyword(0, "rural: old mill")
    bench.set_keyword(1, "rural: old_mill")
    bench.set_keyword(2, "rural: Old mill")
    read = bench.read()
    assert reasons(read) == [(key, "shared_folder", True) for key in (FIRST, SECOND, THIRD)]
    assert read.samples["output_path"].n_unique() == 24
    assert "'rural: old_mill'" in read.quarantine["detail"][0]


def test_duplicates_are_no_second_sample(bench: MadeBench) -> None:
    """Of the same record one stays; of records that differ none does, and their line of the metadata has no sample."""

    def change(rows: list[list[str]]) -> None:
        rows.append(list(rows[1]))
        rows.append([rows[2][0], "another prompt", rows[2][2]])

    bench.edit_csv(change)
    read = bench.read()
    assert sorted(reasons(read)) == [
        (FIRST, "duplicate_identical", False),
        (SECOND, "duplicate_conflicting", False),
        (SECOND, "duplicate_conflicting", False),
        (SECOND, "no_sample", False),
    ]
    assert read.samples.height == 23
    assert read.counts.row(0) == (THEME, f"{THEME}_bench.csv", True, 8, 5, 3, 0)
    assert read.counts.row(1) == (THEME, f"{THEME}_metadata.jsonl", True, 6, 5, 1, 0)


def test_another_prompt_in_the_metadata_is_told(bench: MadeBench) -> None:
    """The CSV's is judged by, and both stand in the row."""

    def change(records: list[dict[str, Any]]) -> None:
        records[0]["prompt"] = "another prompt"

    bench.edit_metadata(change)
    read = bench.read()
    assert reasons(read) == [(FIRST, "prompt_differs", True)]
    first = read.samples.row(0, named=True)
    assert first["metadata_prompt"] == "another prompt" != first["edit_prompt"]
    checks = dict(
        check_counts(read.samples, read.quarantine, described().counts).select("check", "found").rows()
    )
    assert checks["samples whose prompts agree"] == 23


def test_a_sample_without_metadata_stays_and_a_line_without_sample_does_not(bench: MadeBench) -> None:
    """The CSV says which samples there are."""

    def change(records: list[dict[str, Any]]) -> None:
        records[0]["id"] = "Sparkle_location_999999"

    bench.edit_metadata(change)
    read = bench.read()
    assert reasons(read) == [
        ("Sparkle_location_999999", "no_sample", False),
        (FIRST, "missing_metadata", True),
    ]
    assert read.samples.row(0, named=True)["output_path"] is None
    assert "Sparkle_location_999999" in read.quarantine["raw_text"][0]


def test_a_theme_that_is_not_there_is_told(bench: MadeBench) -> None:
    """Its files are counted as absent, and the number of themes is not met."""
    for name in (f"{THEME}_bench.csv", f"{THEME}_metadata.jsonl"):
        (bench.root / name).unlink()
    read = bench.read()
    assert read.samples["theme"].n_unique() == 3
    assert read.counts.filter(~pl.col("is_present"))["path"].to_list() == [
        f"{THEME}_bench.csv",
        f"{THEME}_metadata.jsonl",
    ]
    checks = check_counts(read.samples, read.quarantine, described().counts)
    assert ("themes", 3, 4, False) in checks.rows()


def test_what_cannot_be_a_sample_is_quarantined(bench: MadeBench) -> None:
    """A path without an id of the theme, an empty cell, a line that is cut, a line that is no JSON; all lines add up."""

    def change(rows: list[list[str]]) -> None:
        rows[1][2] = "source_videos/location/holiday.mp4"
        rows[2][1] = " "

    bench.edit_csv(change)
    csv_path, jsonl_path = (bench.root / name for name in (f"{THEME}_bench.csv", f"{THEME}_metadata.jsonl"))
    csv_path.write_bytes(csv_path.read_bytes()[:-30])
    jsonl_path.write_text(jsonl_path.read_text("utf-8") + "{no json\n", "utf-8")
    read = bench.read()
    found = [reason for _, reason, is_kept in reasons(read) if not is_kept]
    assert sorted(found) == [
        "bad_sample_id",
        "bad_sample_id",
        "invalid_json",
        "missing_field",
        "no_sample",
        "no_sample",
        "no_sample",
    ]
    assert read.counts.row(0)[3:6] == (6, 3, 3)
    assert read.counts.row(1)[3:6] == (7, 3, 4)
    assert read.samples["annotation_row"].head(3).to_list() == [2, 3, 4]


def test_files_of_samples_are_looked_at(bench: MadeBench) -> None:
    """A source that is gone, one that is cut, a copy of another, an image that is none: each sample stays."""
    bench.source(FIRST).unlink()
    bench.source(SECOND).write_bytes(bench.source(SECOND).read_bytes()[:900])
    shutil.copy(bench.source("Sparkle_location_900015"), bench.source(THIRD))
    shutil.copy(MODELS / "poor/location/nature---fjord_below_snowy_peaks/Sparkle_location_900017_edited.mp4",
                bench.source("Sparkle_location_900017"))  # fmt: skip
    shutil.copy(MODELS / "poor/location/desert---dunes_under_drifting_sand/Sparkle_location_900015_edited.mp4",
                bench.source("Sparkle_location_900020"))  # fmt: skip
    (bench.root / "ref_images" / THEME / f"{FIRST}.png").write_bytes(b"no image")
    read = bench.read()
    assert sorted(reasons(read)) == [
        (FIRST, "missing_ref_image", True),
        (FIRST, "missing_source", True),
        (SECOND, "broken_source", True),
        (THIRD, "shared_source", True),
        ("Sparkle_location_900015", "shared_source", True),
    ]
    rows = samples_of(bench).select("sample_id", "source_error", "frames", "content_hash").rows()
    assert rows[0] == (FIRST, "missing", None, None)
    assert rows[1][1] == "no_index"
    assert samples_of(bench)["ref_image_path"].null_count() == 1


def test_a_source_that_inference_stops_at_is_told(bench: MadeBench) -> None:
    """Its number of frames is not 4n + 1."""
    frames = np.random.default_rng(0).integers(0, 255, (12, 64, 64, 3), np.uint8)
    bench.source(FIRST).write_bytes(mp4_bytes(frames))
    read = bench.read()
    assert reasons(read) == [(FIRST, "uneven_length", True)]
    assert read.quarantine["detail"][0] == "12 frames; 9 would do"


def test_no_path_leads_out_of_the_benchmark(bench: MadeBench) -> None:
    """A source of another place is not looked up there."""

    def change(rows: list[list[str]]) -> None:
        rows[1][2] = f"../{FIRST}.mp4"

    bench.edit_csv(change)
    shutil.copy(bench.source(FIRST), bench.root.parent / f"{FIRST}.mp4")
    assert {reason for _, reason, _ in reasons(bench.read())} == {"other_path", "missing_source"}


def test_another_theme_in_a_file_is_told(bench: MadeBench) -> None:
    """In the CSV's column, and in `edit_type`."""

    def change(rows: list[list[str]]) -> None:
        rows[1][0] = "season"

    bench.edit_csv(change)
    assert reasons(bench.read()) == [(FIRST, "another_theme", True)]


def test_a_folder_without_a_benchmark_is_refused_with_the_one_below(bench: MadeBench) -> None:
    """What is given instead is said as it is to be typed; another header is refused too."""
    with pytest.raises(ReleaseError, match="There is no file of Sparkle-Bench") as caught:
        read_benchmark(ReleaseFiles(str(bench.root.parent)), described())
    assert caught.value.todo == f"--params bench_root={bench.root}"
    path = bench.root / f"{THEME}_bench.csv"
    path.write_text("a,b,c\n1,2,3\n", "utf-8")
    with pytest.raises(ReleaseError, match="another header"):
        bench.read()
    (bench.root / "benchmark.json").write_text("{}", "utf-8")
    with pytest.raises(ReleaseError, match="says of itself"):
        own_facts(ReleaseFiles(str(bench.root)), described())
