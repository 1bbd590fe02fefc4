"""Lines that once ended the process or filled the machine, through ``kedro run`` in a process of its own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.spec.layout import intermediate_jsonl_path, metadata_jsonl_path
from sparkle_curation.spec.tables.ingested import GROUNDING_R2, SCORE_TABLES
from sparkle_curation.spec.themes import THEMES

THEME = THEMES[0]
SOURCES = {
    "annotations": metadata_jsonl_path(THEME),
    **{
        table.name: intermediate_jsonl_path(THEME, table.file_name)
        for table in (SCORE_TABLES["edited_frame0_scores"], SCORE_TABLES["edited_video_scores"], GROUNDING_R2)
    },
}
DEPTH = 20_000


def deepened(line: bytes) -> bytes:
    """The line with an unknown member of 20,000 nested lists."""
    return line[:-1] + b', "note": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"


def rows_of(project: Project, name: str) -> pl.DataFrame:
    """The rows of an ingested table: theme, id, and the line of its JSONL file."""
    line = "metadata_line" if name == "annotations" else "source_line"
    rows = pl.read_parquet(project.table(name))
    return rows.select("theme", "id", pl.col(line).alias("line")).drop_nulls("line")


@pytest.mark.slow
def test_a_deep_line_is_quarantined_and_all_others_are_rows(
    project: Project, sample_release: Path, tmp_path: Path
) -> None:
    """``kedro run --pipelines ingest`` ends well: each deep line in the quarantine, every other line a row."""
    release = tmp_path / "release"
    shutil.copytree(sample_release, release)
    counts = {}
    for path in SOURCES.values():
        lines = (release / path).read_bytes().splitlines()
        counts[path] = len(lines)
        lines[1] = deepened(lines[1])
        (release / path).write_bytes(b"\xef\xbb\xbf" + b"".join(line + b"\n" for line in lines))

    finished = replace(project, release_root=release).run_kedro("--pipelines", "ingest")

    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]
    assert "Traceback" not in finished.stdout + finished.stderr
    quarantine = pl.read_parquet(project.output("02_intermediate", "quarantine.parquet"))
    assert sorted(quarantine.select("table", "path", "line", "reason").rows()) == sorted(
        (name, path, 2, "line_too_complex") for name, path in SOURCES.items()
    )
    assert set(quarantine["detail"]) == {f"lists and objects are nested {DEPTH + 1} deep, allowed 100"}
    for name, path in SOURCES.items():
        lines_read = rows_of(project, name).filter(theme=THEME)["line"].sort().to_list()
        assert lines_read == [1, *range(3, counts[path] + 1)]
    found = pl.read_csv(project.output("08_reporting", "ingest_counts.csv"))
    assert (found["record_count"] == found["row_count"] + found["quarantined_count"]).all()
    assert found["quarantined_count"].sum() == len(SOURCES)
