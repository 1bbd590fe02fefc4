"""From files that are something else to the last line of a run: what it says, and what it emits."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.spec.layout import annotations_csv_path, intermediate_jsonl_path, shard_path
from sparkle_curation.spec.tables.ingested import JSONL_TABLES

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 5368709120\n" % (b"0" * 64)


@pytest.fixture
def copied(project: Project, sample_release: Path, tmp_path: Path) -> Project:
    """A copy of the sample release, to be damaged."""
    return replace(project, release_root=shutil.copytree(sample_release, tmp_path / "release"))


def said(text: str) -> str:
    """What was printed, without the breaks of the log's lines."""
    return " ".join(text.split())


def test_pairs_of_a_shard_that_cannot_be_read_or_is_absent_are_dropped_by_name(copied: Project) -> None:
    """One theme's only shard is a pointer, as a clone without its large files has it; of another's two, one is absent."""
    pointer, absent = (shard_path(theme, "edited_video", 0) for theme in ("season", "location"))
    (copied.release_root / pointer).write_bytes(POINTER)
    (copied.release_root / absent).unlink()
    done = copied.run_kedro("--pipelines", "curate")
    assert done.returncode == 0, done.stdout + done.stderr
    text = said(done.stdout + done.stderr)
    assert f"{pointer} is there, and no asset of it can be read: another_format: a pointer of Git LFS" in text
    assert f"and with them their assets (behind the last, more may be): {absent}" in text
    dropped = pl.read_csv(copied.output("08_reporting", "preflight_dropped.csv")).filter(
        reasons="missing_file"
    )
    for theme, shards in (
        ("season", "that cannot be read: part 0; more may be absent behind the last"),
        (
            "location",
            "shards at hand: part 1; absent before others: part 0; more may be absent behind the last",
        ),
    ):
        count = dropped.filter(theme=theme).height
        assert count > 1
        line = f"preflight: {count} pairs of {theme} are dropped, since their edited_video is not there ({shards})"
        assert line in text
    prompts = copied.output("05_model_input", "kiwi_edit", "prompts")
    exported = {path.name: pl.read_csv(path) for path in prompts.glob("*_train.csv")}
    assert exported["style_train.csv"].height > 1
    for theme in ("season", "location"):  # of both some pairs lie elsewhere, loose or in another shard
        assert exported[f"{theme}_train.csv"].height
        assert not set(exported[f"{theme}_train.csv"]["task"]) & set(dropped["id"])


@pytest.mark.parametrize(
    ("path", "content", "last"),
    [
        (
            annotations_csv_path("style"),
            POINTER,
            [
                "  got:     a pointer of Git LFS in place of 5,368,709,120 bytes",
                (
                    "  do:      git lfs pull in the clone that it is from, or download the file; "
                    "or move it away to curate without it"
                ),
            ],
        ),
        (
            intermediate_jsonl_path("style", JSONL_TABLES["edited_video_scores"].file_name),
            gzip.compress(b"{}" * 999),
            ["  got:     a file packed with gzip", "  do:      gunzip; or move it away to curate without it"],
        ),
    ],
    ids=["csv", "jsonl"],
)
def test_a_text_that_is_none_stops_the_run(
    copied: Project, path: str, content: bytes, last: list[str]
) -> None:
    """Before anything is filtered, with what it is and what to do, and without a traceback."""
    (copied.release_root / path).write_bytes(content)
    done = copied.run_kedro("--pipelines", "curate")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    error = done.stderr[done.stderr.rindex("Error: ") :].splitlines()
    assert error[:2] == ["Error: A file of the release is not what its name says.", f"  where:   {path}"]
    assert [line for line in error if line.startswith(("  got", "  do"))] == last
    assert not copied.output("05_model_input", "kiwi_edit").exists()
