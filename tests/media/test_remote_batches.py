"""What looks at whole samples of a release behind a server: the rows of a local one, fetched ahead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.made.range_server import serving_ranges

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.grounding.batches import BatchGround, GroundJob
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.consistency.batch_measure import BatchMeasure, MeasureJob, Reading
from sparkle_curation.media.signals.batch_signals import BatchSignals, Measuring, SignalJob
from sparkle_curation.scoring.batches import BatchScore
from sparkle_curation.scoring.jobs import ScoreJob

WHOLE = [f"Sparkle_location_{number:06d}" for number in (20, 41, 44, 45)]
"""Samples of the sample release that have every kind of asset, in tars."""
NO_MODEL: Any = None
"""Pictures are read before anybody is asked."""


def measured(store: AssetStore) -> object:
    """Signals of each pair, from its mask and both videos."""
    measuring = Measuring(2, 2, 160, 90, 2, 10)
    return BatchSignals(store, measuring)([SignalJob(name, name, 8) for name in WHOLE]).to_pylist()


def compared(store: AssetStore) -> object:
    """Masks, and stills with the first frames of their videos."""
    kinds = [
        "source_video_mask",
        "source_frame0",
        "source_video",
        "edited_frame0",
        "edited_video",
        "edited_frame0_foreground_removed",
        "edited_background_video",
    ]
    jobs = [MeasureJob(name, name, kinds, [], 16.0) for name in WHOLE]
    return BatchMeasure(store, frozenset(Reading))(jobs).to_pylist()


def scored(store: AssetStore) -> object:
    """The pairs of frames that a judge sees."""
    jobs = [ScoreJob(name, name, "edited_video", "Dusk", [1, 4], [1, 4]) for name in WHOLE]
    return BatchScore(store, NO_MODEL, NO_MODEL, NO_MODEL).prepare(jobs)


def grounded(store: AssetStore) -> object:
    """The stills of round 1."""
    jobs = [GroundJob(name, name, "Dusk", [], []) for name in WHOLE]
    return BatchGround(store, NO_MODEL).prepare(jobs)


@pytest.mark.parametrize(("read", "kinds"), [(measured, 3), (compared, 7), (scored, 2), (grounded, 2)])
def test_neighbours_of_a_tar_come_in_one_request(
    sample_release: Path, tmp_path: Path, read: Callable[[AssetStore], object], kinds: int
) -> None:
    """Of each kind the four samples lie in one small tar; read as they come, each asset would be a request."""
    tables = TableDataset(filepath=str(tmp_path / "assets.parquet"))
    tables.save(ingest_assets(ReleaseFiles(str(sample_release))).rows)
    local = repr(read(AssetStore(str(sample_release), tmp_path / "assets.parquet")))
    assert "'error': '" not in local
    assert "Failure(" not in local
    with serving_ranges(sample_release) as server:
        assert repr(read(AssetStore(server.url, tmp_path / "assets.parquet"))) == local
        assert 0 < len(server.ranges) <= kinds
