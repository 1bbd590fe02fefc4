"""The text-only release for benchmarks: its length, its sums and its faults, on a small one."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from sparkle_curation.spec.layout import annotations_csv_path, intermediate_jsonl_path, metadata_jsonl_path
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.themes import THEMES
from synthetic.large import ALL_TABLES, write_large_release

SAMPLES = 101
LINE_BYTES = {
    "edited_frame0_scores": (1100, 1500),
    "foreground_removed_scores": (1100, 1500),
    "edited_video_scores": (8000, 8600),
    "grounding_r1": (650, 950),
    "grounding_r2": (3000, 4200),
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text-only release of 101 samples without faults."""
    root = tmp_path_factory.mktemp("large")
    write_large_release(root, SAMPLES, seed=3)
    return root


def lines_of(root: Path, table: str) -> list[bytes]:
    """The lines of a table's files of all themes."""
    paths = [
        metadata_jsonl_path(theme)
        if table == "annotations"
        else intermediate_jsonl_path(theme, JSONL_TABLES[table].file_name)
        for theme in THEMES
    ]
    return [line for path in paths for line in (root / path).read_bytes().splitlines()]


def test_every_sample_has_a_line_in_every_file(large: Path) -> None:
    """The same ids in the same order, no id twice, and the CSVs have them all."""
    ids = {table: [json.loads(line)["id"] for line in lines_of(large, table)] for table in ALL_TABLES}
    rows = []
    for theme in THEMES:
        with (large / annotations_csv_path(theme)).open(newline="", encoding="utf-8") as lines:
            rows += [row["task"] for row in csv.DictReader(lines)]

    assert len(set(rows)) == SAMPLES
    assert all(listed == rows for listed in ids.values())


@pytest.mark.parametrize("table", JSONL_TABLES)
def test_lines_are_as_long_as_those_of_the_release(large: Path, table: str) -> None:
    """Mean bytes a line; 8.3 kB for the video scores makes 1.16 GB of 140,000."""
    lines = lines_of(large, table)
    shortest, longest = LINE_BYTES[table]
    assert shortest < sum(map(len, lines)) / len(lines) < longest
    assert all(
        list(json.loads(line)) == [field.name for field in JSONL_TABLES[table].published] for line in lines
    )


def test_all_samples_pass_the_published_thresholds_and_scores_vary(large: Path) -> None:
    """With the thresholds of the release, each CSV comes out as it went in; 8.5 splits them."""
    for stage in STAGES:
        editscores = [json.loads(line)["editscore"] for line in lines_of(large, stage.table)]
        scores = [
            math.fsum(frame["O_score"] for frame in one) / 4 if isinstance(one, list) else one["overall"]
            for one in editscores
        ]
        assert min(scores) >= stage.published_threshold
        assert len(set(scores)) > SAMPLES / 2
        assert max(scores) > 9


def test_both_rounds_ground_the_same_objects(large: Path) -> None:
    """Round 2 is round 1 and one list of boxes for each frame at 2 FPS."""
    for first, second in zip(lines_of(large, "grounding_r1"), lines_of(large, "grounding_r2"), strict=True):
        frames = json.loads(second).pop("frame_objects")
        assert second.startswith(first[:-1])
        assert 9 <= len(frames) <= 11


def test_the_same_seed_writes_the_same_bytes(large: Path, tmp_path: Path) -> None:
    """Also when only one table is asked for."""
    write_large_release(tmp_path, SAMPLES, seed=3, tables=["grounding_r2"])
    assert lines_of(tmp_path, "grounding_r2") == lines_of(large, "grounding_r2")
    assert not (tmp_path / "prompts").exists()


def test_the_share_of_bad_lines_is_kept_and_the_others_stay_as_they_were(large: Path, tmp_path: Path) -> None:
    """Faults replace lines one by one: no line is added or lost, and no good one changes."""
    write_large_release(tmp_path, SAMPLES, seed=3, bad_line_share=0.3)
    for table in ALL_TABLES:
        good, mixed = lines_of(large, table), lines_of(tmp_path, table)
        changed = sum(one != other for one, other in zip(good, mixed, strict=True))
        assert 0.15 * SAMPLES < changed < 0.45 * SAMPLES


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    """A misspelt name writes nothing, and says which names there are."""
    with pytest.raises(ValueError, match="grounding_r1"):
        write_large_release(tmp_path, 5, tables=["grounding"])
    assert list(tmp_path.iterdir()) == []
