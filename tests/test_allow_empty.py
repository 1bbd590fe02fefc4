"""A run never leaves nothing where there was something: it stops, says why, and all files stay as they are."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project
from tests.made.edited_tables import edit_table, table_bytes

from sparkle_curation.errors import EmptyOutputError

VARIANT = ("05_model_input", "kiwi_edit")
THEME = "style"


@pytest.fixture(scope="module")
def finished(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run on the sample release."""
    project = Project(release_root=sample_release, data_root=tmp_path_factory.mktemp("finished") / "data")
    project.run_here("curate")
    return project


@pytest.fixture
def done(finished: Project, tmp_path: Path) -> Project:
    """The finished run in a data root of its own, on a copy of the release in a folder of its own."""
    release = shutil.copytree(finished.release_root, tmp_path / "above" / "snapshots" / "abc" / "release")
    data = shutil.copytree(finished.data_root, tmp_path / "data")
    return replace(finished, release_root=release, data_root=data)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of all files under a folder, by their path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def exported(project: Project) -> list[str]:
    """The names of the variant's files of prompts."""
    return sorted(path.name for path in project.output(*VARIANT, "prompts").iterdir())


# ------------------------------------------------------------------ rows
def test_a_theme_whose_files_are_gone_goes_where_that_is_allowed(done: Project) -> None:
    """Tables and variant are made without it."""
    for path in sorted(done.release_root.rglob("*"), reverse=True):
        if path.is_file() and THEME in str(path.relative_to(done.release_root)):
            path.unlink()
    before = exported(done)
    for pipeline in ("ingest", "filter"):
        done.run_here(pipeline, params={"allow_empty": True})
    assert exported(done) == [name for name in before if not name.startswith(THEME)]


def test_a_table_whose_files_hold_nothing_any_more_keeps_its_rows(done: Project) -> None:
    """The files are there and empty: no row would take the place of 90."""
    for path in done.release_root.glob("intermediate_data/*/edited_video_score.jsonl"):
        path.write_bytes(b"")
    before = table_bytes(done.table("edited_video_scores"))
    with pytest.raises(EmptyOutputError, match="A table would lose all its rows") as caught:
        done.run_here("ingest")
    assert caught.value.got == "no row from its sources, in place of 90"
    assert table_bytes(done.table("edited_video_scores")) == before
    done.run_here("ingest", params={"allow_empty": True})
    assert pl.read_parquet(done.table("edited_video_scores")).is_empty()


def test_pairs_of_a_theme_are_not_lost_with_the_tables(done: Project) -> None:
    """Without its lists of sources `ingest` cannot know what was there; the variant itself still has the theme's pairs."""
    shutil.rmtree(done.output("02_intermediate", "source_files"))
    for path in sorted(done.release_root.rglob("*"), reverse=True):
        if path.is_file() and THEME in str(path.relative_to(done.release_root)):
            path.unlink()
    done.run_here("ingest")
    before = contents(done.data_root)
    with pytest.raises(EmptyOutputError, match="The variant would lose all pairs of themes") as caught:
        done.run_here("filter")
    assert caught.value.got == f"pairs of {THEME} there, and none to take their place"
    after = contents(done.data_root)
    assert after == before


# ------------------------------------------------------------------ no pair
def test_thresholds_that_no_sample_passes_stop_the_run(done: Project) -> None:
    """The highest score of each stage is said, and the variant of before stays, with its verdicts."""
    verdicts = pl.read_parquet(done.output("03_primary", "verdicts.parquet"))
    before = contents(done.data_root)
    with pytest.raises(EmptyOutputError, match="The thresholds reject every sample") as caught:
        done.run_here("filter", params={"threshold": 10})
    for stage in ("edited_frame0", "foreground_removed", "edited_video"):
        highest = verdicts[f"{stage}_score"].max()
        assert f"{stage} highest score {highest} at threshold 10, 0 pass" in str(caught.value.got)
    after = contents(done.data_root)
    assert {path: after.get(path) for path in before} == before


def test_an_empty_variant_is_made_where_that_is_allowed(done: Project) -> None:
    """No CSV is left, and the run ends well."""
    done.run_here("filter", params={"threshold": 10, "allow_empty": True})
    assert exported(done) == []


def test_pairs_that_are_all_dropped_stop_the_run(done: Project) -> None:
    """Samples are kept, and the preflight drops each: how many is said, and the variant stays."""
    media = done.output("02_intermediate", "media.parquet")
    edit_table(media, lambda rows: rows.with_columns(pl.lit("not_mp4").alias("error")))
    before = contents(done.data_root)
    with pytest.raises(EmptyOutputError, match="No pair can be exported") as caught:
        done.run_here("filter")
    assert caught.value.got == (
        "80 samples kept; 0 not exported, 80 dropped by the preflight (corrupt_file 80)"
    )
    after = contents(done.data_root)
    assert {path: after.get(path) for path in before} == before


def test_a_licence_that_no_pair_has_stops_the_run(done: Project) -> None:
    """The reason is the licence; verdicts, reports and variant are still of the run before."""
    before = contents(done.data_root)
    with pytest.raises(EmptyOutputError, match="No pair can be exported") as caught:
        done.run_here("filter", params={"threshold": 8.5, "licence_allow": ["unknown"]})
    assert "not exported (licence" in str(caught.value.got)
    after = contents(done.data_root)
    assert {path: after.get(path) for path in before} == before
