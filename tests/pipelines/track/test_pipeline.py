"""The track pipeline on the sample release, with a tracker whose masks are known; and who tracks, by the parameters."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.conftest import Project
from tests.made.media import media
from tests.media.tracking.scripted import ScriptedTracker
from tests.models.tiny_tracker import write_tiny_tracker

from sparkle_curation.datasets import JournalDataset, TableDataset
from sparkle_curation.errors import MissingTableError, ModelError
from sparkle_curation.filtering.overrides.decisions import OVERRIDE_COLUMNS
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.tracking.table import TrackSettings
from sparkle_curation.pipelines.track.nodes import choose_track_boxes, choose_tracker
from sparkle_curation.pipelines.track.params import TrackerParams, TrackGroup
from sparkle_curation.pipelines.track.pipeline import create_pipeline
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.plan import make_plan
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.reruns.regroundings import REGROUNDED_TABLES

LIMIT = 3


def params(name: str = "tiny", **other: Any) -> TrackGroup:
    """The parameters of a small run."""
    model = TrackerParams(name=name, revision=None, device="cpu", dtype="float32", offload=False)
    usual = {
        "limit": LIMIT,
        "boxes_from": "released",
        "mask_threshold": 0.0,
        "ties": "background",
        "shown": 2,
    }
    return TrackGroup(model=model, **{**usual, **other})


@pytest.fixture(scope="module")
def inspected(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, ingested and inspected."""
    project = Project(sample_release, tmp_path_factory.mktemp("tracked"))
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    return project


def empty(table: str) -> pl.LazyFrame:
    """A table of regroundings without a row."""
    return pl.LazyFrame(pl.from_arrow(arrow_schema(REGROUNDED_TABLES[table]).empty_table()))


@pytest.fixture(scope="module")
def tracked(inspected: Project) -> dict[str, Any]:
    """What the pipeline makes with known masks, by the names of its outputs."""
    folder = inspected.data_root
    tables = folder / "02_intermediate"
    schema = "sparkle_curation.media.tracking.tracking.{}_SCHEMA"
    catalog = DataCatalog(
        {
            "media": TableDataset(filepath=str(tables / "media.parquet")),
            "grounding_boxes": TableDataset(filepath=str(tables / "grounding_boxes.parquet")),
            "track_regrounded_r1": MemoryDataset(empty("regrounded_r1")),
            "track_regrounded_r2": MemoryDataset(empty("regrounded_r2")),
            "track_standing": MemoryDataset(
                pl.DataFrame(schema={"id": pl.String, "standing": pl.String}), copy_mode="assign"
            ),
            "tracker": MemoryDataset(
                TrackSettings(ScriptedTracker(), "background", "released"), copy_mode="assign"
            ),
            "asset_store": MemoryDataset(
                AssetStore(str(inspected.release_root), tables / "assets.parquet"), copy_mode="assign"
            ),
            "made_media_root": MemoryDataset(str(folder / "made_media")),
            **{
                name: JournalDataset(filepath=str(folder / f"{name}.journal"), schema=schema.format(part))
                for name, part in (("track_journal", "PASS"), ("track_votes_journal", "VOTE"))
            },
            "params:track": MemoryDataset(params(), copy_mode="assign"),
            "params:dry_run": MemoryDataset(False),
            "mask_decisions": MemoryDataset(
                pl.DataFrame(schema=dict.fromkeys(OVERRIDE_COLUMNS, pl.String)), copy_mode="assign"
            ),
            "tracks": TableDataset(filepath=str(folder / "tracks.parquet"), columns_of="tracks"),
        }
    )
    pipeline = create_pipeline().filter(from_nodes=["choose_track_boxes"])
    outputs = SequentialRunner().run(pipeline, catalog)
    return {name: dataset.load() for name, dataset in outputs.items()} | {
        "tracks": catalog.load("tracks").collect()
    }


def test_masks_are_where_the_release_would_have_them(inspected: Project, tracked: dict[str, Any]) -> None:
    """Of the clip's shape; with known masks each box is covered whole, and all passes of a still object agree."""
    table = tracked["tracks"].filter(pl.col("error").is_null())
    assert table.height == LIMIT
    for row in table.iter_rows(named=True):
        path = inspected.data_root / "made_media" / asset_path(row["theme"], "source_video_mask", row["id"])
        with path.open("rb") as file:
            mask = load_mask(file)
        assert mask.shape == (row["frame_count"], row["height_px"], row["width_px"])
        assert row["size_bytes"] == path.stat().st_size
        assert row["pass_count"] == row["anchor_count"] > 1
        assert 0 < row["mask_share"] == pytest.approx(mask.mean())
        assert row["released_iou_mean"] is None or 0 <= row["released_iou_mean"] <= 1


def test_a_sample_can_be_taken_out_of_what_was_tracked(inspected: Project, tracked: dict[str, Any]) -> None:
    """Its mask is found by its path, its rows in the journals by whose they are; of nobody unknown is a row."""
    assert tracked["tracks"].height
    root = inspected.data_root
    sample = next((root / "made_media").rglob("*.npz")).stem.partition(".")[0]
    steps = {step.path: step for step in make_plan(root, Needles(frozenset({sample})))}
    assert [path for path in steps if "made_media" in path.parts] != []
    for name in ("track_journal.journal", "track_votes_journal.journal"):
        step = steps[root / name]
        assert step.rows > 0
        assert step.unknown == 0


def test_what_was_not_tracked_is_told(tracked: dict[str, Any]) -> None:
    """Every sample with a source video has a row, and the report counts them all."""
    counts = tracked["track_counts"]
    assert counts["count"].sum() == tracked["tracks"].height == 90
    assert dict(counts.group_by("error").agg(pl.col("count").sum()).iter_rows()) == {None: 3, "not_asked": 87}


def test_masks_stand_as_assets_and_media(tracked: dict[str, Any]) -> None:
    """A row each, with the facts that their headers tell, for the store that puts them in the place of released ones."""
    table = tracked["tracks"].filter(pl.col("error").is_null())
    assets, media = tracked["made_assets_track"], tracked["made_media_track"]
    assert assets["id"].to_list() == media["id"].to_list() == table["id"].to_list()
    assert assets["size"].to_list() == media["size_bytes"].to_list() == table["size_bytes"].to_list()
    assert media["index_hash"].to_list() == table["index_hash"].to_list()
    assert media["error"].is_null().all()


def test_the_picture_shows_clips(tracked: dict[str, Any]) -> None:
    """Two rows of three panels."""
    picture = tracked["track_extremes"]
    assert (picture.dtype, picture.ndim, picture.shape[2]) == (np.uint8, 3, 3)
    assert picture.std() > 20


def test_without_boxes_of_ones_own_the_way_is_told() -> None:
    """Of tables that were never written, as the catalog loads them, and of empty ones: no clip would be tracked."""
    never = TableDataset(filepath="nowhere.parquet", is_optional=True, columns_of="regrounded_r1").load()
    for first, second in ((never, never), (empty("regrounded_r1"), empty("regrounded_r2"))):
        with pytest.raises(MissingTableError, match=r"kedro run --pipelines ground"):
            choose_track_boxes(pl.LazyFrame(), first, second, media().lazy(), params(boxes_from="regrounded"))


def test_the_tracker_is_the_one_of_the_parameters(tmp_path: Path) -> None:
    """A folder is known by its content, and nothing is loaded."""
    folder = write_tiny_tracker(tmp_path / "sam2", "sam2")
    settings = choose_tracker(params(str(folder), ties="foreground"))
    assert settings.provenance["model"] == "sam2"
    assert settings.provenance["revision"].startswith("xxh3:")
    assert '"ties": "foreground"' in settings.provenance["settings"]


def test_without_a_hub_the_commit_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A repository without a commit, and no network: the words say what to give."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING), pytest.raises(ModelError, match="newest commit") as caught:
        choose_tracker(params("somebody/tracker"))
    assert "revision" in str(caught.value)
