"""The extract pipeline as a person runs it: on the sample release, by parameters, one share beside another."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from kedro.framework.project import pipelines
from tests.conftest import Project
from tests.made.assets import ingested
from tests.test_parameters import changed

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import MissingTableError, ParameterError
from sparkle_curation.extraction.settings import ExtractSettings
from sparkle_curation.hooks.run_guard import claims_of
from sparkle_curation.parameters import check_parameters

KINDS = ["source_video", "edited_video"]


@pytest.fixture
def wanting(project: Project) -> Project:
    """The sample release, of which the videos are wanted."""
    folder = project.output("05_model_input")
    folder.mkdir(parents=True)
    ingested(project.release_root, project.data_root)
    assets = pl.read_parquet(project.data_root / "assets.parquet").filter(pl.col("kind").is_in(KINDS))
    assets.write_parquet(folder / "wanted_media.parquet")
    return project


def test_the_wanted_videos_lie_below_the_data_root(
    wanting: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Two shares after each other are all of it; the counts say what came how; and it compares with its manifest."""
    folder = wanting.output("05_model_input", "extracted")
    with caplog.at_level(logging.INFO):
        for number in (1, 2):
            wanting.run_here("extract", params={"extract.shard": f"{number}/2"})
        assert str(folder) in caplog.text
    wanted = pl.read_parquet(wanting.output("05_model_input", "wanted_media.parquet"))
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.mp4")} == set(wanted["path"])
    counts = pl.read_csv(wanting.output("08_reporting", "extraction_counts.csv"))
    assert counts.columns == ["theme", "kind", "outcome", "file_count", "size_bytes"]
    # Another machine has the folder and nothing else.
    away = replace(wanting, release_root=Path("/no/such/release"))
    wanting.output("05_model_input", "wanted_media.parquet").unlink()
    away.run_here("extract", params={"extract.verify": True})


def test_without_the_table_the_command_that_makes_it_is_told(project: Project) -> None:
    """The table of what is wanted is the training kit's."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines training_kit"):
        project.run_here("extract")


def test_media_of_a_mix_need_one(project: Project) -> None:
    """What is wanted of a variant is no mix's, and the other way round."""
    with pytest.raises(MissingTableError, match=r"(?s)There is no mix.*kedro run --pipelines mix"):
        project.run_here("extract", params={"extract.of": "mix"})


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("extract.shard=5/4", "share I of N"),
        ("extract.shard=0/4", "share I of N"),
        ("extract.shard=a", "share I of N"),
        ("extract.folder=s3://bucket/media", "a folder of this machine"),
        ("extract.mode=move", "copy or link"),
        ("extract.loose=hard", "link or copy"),
        ("extract.max_bytes=0", "an integer above 0"),
        ("extract.threads=0", "an integer of 1 to 256"),
        ("extract.verfy=true", "did you mean 'extract.verify'"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_is_allowed(item: str, words: str) -> None:
    """Before anything runs."""
    with pytest.raises(ParameterError, match=words):
        check_parameters(changed(item))


def test_parameters_are_read_as_they_are_typed() -> None:
    """A budget may be written short."""
    given = check_parameters(changed("extract.max_bytes=2e12", "extract.shard=2/4")).extract
    assert given == ExtractSettings(max_bytes=2_000_000_000_000, shard="2/4")


@pytest.mark.usefixtures("kedro_project")
def test_runs_of_several_shares_are_not_kept_from_each_other() -> None:
    """They lock their share alone; so a run takes nothing of the data root for itself."""
    known = dict(pipelines)
    assert not any(claim.is_writing for claim in claims_of(known["extract"], known, set()))


def test_a_run_of_another_pipeline_does_not_wait(wanting: Project) -> None:
    """Copying takes hours, and only reads what it was given."""
    locks = RunLocks(wanting.data_root / ".locks", "kedro run --pipelines curate")
    locks.take([Claim("ingest", is_writing=True)])
    try:
        wanting.run_here("extract", params={"extract.max_bytes": 1})
    finally:
        locks.release()
