"""Costly pipelines in shards, merged: the tables of a run without, byte by byte, and no table before."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import LockedError, ParameterError

PIPELINES = ("inspect", "near_duplicates")


def tables(data_root: Path) -> dict[str, str]:
    """The digest of each table and CSV, by its path."""
    return {
        path.relative_to(data_root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data_root.rglob("*"))
        if path.suffix in (".parquet", ".csv") and path.is_file() and path.name != "merge_counts.csv"
    }


def test_merged_shards_make_the_tables_of_a_run_without(
    project: Project, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what is probed and hashed; a shard writes a journal and nothing else, and what is missing is told."""
    project.run_here("ingest")
    for pipeline in PIPELINES:
        project.run_here(pipeline)
    whole = tables(project.data_root)
    project.data_root.rename(project.data_root.with_name("whole"))
    project.run_here("ingest")
    for pipeline in PIPELINES:
        before = tables(project.data_root)
        project.run_shard(pipeline, "1/2")
        project.run_here("merge")
        assert f"{pipeline}: not all is there, missing are the shards 0/2 (absent)" in caplog.text
        project.run_shard(pipeline, "0/2")
        assert tables(project.data_root) == before
        assert f"{pipeline}.journal.0-of-2" in {
            path.name for path in (project.data_root / "journals").iterdir()
        }
        project.run_here("merge")
        counts = pl.read_csv(project.output("08_reporting", "merge_counts.csv"))
        assert counts["state"].to_list() == ["whole", "whole"]
        project.run_here("merge")
        assert pl.read_csv(project.output("08_reporting", "merge_counts.csv")).equals(counts), "merged again"
        caplog.clear()
        project.run_here(pipeline)
        assert not [record for record in caplog.messages if ", 0 known from before" in record]
    assert tables(project.data_root) == whole
    told = capsys.readouterr().out
    assert "media: shard 1/2: " in told
    assert "kedro run --pipelines merge" in told


def test_a_shard_shares_its_pipeline_with_others_and_not_with_itself(project: Project) -> None:
    """Nor with a run of all of it; what is no costly pipeline has no shards."""
    project.run_here("ingest")
    locks = RunLocks(project.data_root / ".locks", "another shard")
    locks.take([Claim("inspect.0-of-2", is_writing=True), Claim("inspect", is_writing=False)])
    try:
        with pytest.raises(LockedError, match=r"inspect\.0-of-2"):
            project.run_here("inspect", params={"shard": "0/2"})
        with pytest.raises(LockedError, match="'inspect'"):
            project.run_here("inspect")
        project.run_shard("inspect", "1/2")
    finally:
        locks.release()
    for pipeline in ("curate", "merge", "filter"):
        with pytest.raises(
            ParameterError,
            match=r"(?s)one costly pipeline.*one of background_video, camera, clips, .*edit_frame0, ground, inspect",
        ):
            project.run_here(pipeline, params={"shard": "0/2"})
    with pytest.raises(ParameterError, match=r"(?s)'shard' cannot have this value.*'2/2'"):
        project.run_here("inspect", params={"shard": "2/2"})
