"""What headers say of a sample that no control video can be made of: one code each, and the shapes; nothing is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.made.media import file, media

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.edges.batch_edges import JOURNAL_SCHEMA, MakingEdges
from sparkle_curation.media.edges.tabulate import Edging, tabulate_edges
from sparkle_curation.spec.codes.edge_faults import EdgeFault, ReleasedEdges

ID = "Sparkle_time_000001"
SOURCE, BACKGROUND, MASK, EDGES = (
    "source_video",
    "edited_background_video",
    "source_video_mask",
    "edited_video_canny",
)
UPRIGHT = {"width_px": 720, "height_px": 1280}


def row_of(folder: Path, **facts: dict[str, Any] | None) -> dict[str, Any]:
    """The row of a sample whose assets have these facts; one that is None is not there."""
    kinds = {SOURCE: {}, BACKGROUND: {}, MASK: {"frame_count": 81}} | facts
    found = media(*(file(ID, kind, **said) for kind, said in kinds.items() if said is not None))
    store = AssetStore(str(folder), folder / "assets.parquet")
    edging = Edging(store, store, str(folder / "made"), MakingEdges(100, 200), 0.5)
    measuring = MeasureConfig("edges", LocalExecutor(1), 1)
    journal = Journal(folder / "edges.journal", JOURNAL_SCHEMA)
    return tabulate_edges(found, found, edging, measuring, journal).row(0, named=True)


@pytest.mark.parametrize(
    ("facts", "error", "told"),
    [
        (
            {SOURCE: {"width_px": 1279}, MASK: {"frame_count": 81, "width_px": 1279}},
            EdgeFault.ODD_SIZE,
            "81x1279x720",
        ),
        ({SOURCE: {"height_px": 719}}, EdgeFault.ODD_SIZE, "81x1280x719"),
        ({SOURCE: UPRIGHT}, EdgeFault.MASK_SHAPE, "81x720x1280"),
        ({SOURCE: UPRIGHT, MASK: {"frame_count": 81, **UPRIGHT}}, EdgeFault.BACKGROUND_SIZE, "81x1280x720"),
        ({MASK: {"frame_count": 80}}, EdgeFault.MASK_SHAPE, f"{MASK} 80x1280x720"),
        ({BACKGROUND: {"frame_count": 80}}, EdgeFault.BACKGROUND_SHORT, f"{BACKGROUND} 80x1280x720"),
        ({SOURCE: None}, EdgeFault.NO_SOURCE, f"{BACKGROUND} 81x1280x720"),
        ({BACKGROUND: None}, EdgeFault.NO_BACKGROUND, f"{SOURCE} 81x1280x720"),
        ({MASK: None}, EdgeFault.NO_MASK, f"{SOURCE} 81x1280x720"),
        (
            {BACKGROUND: {"error": "truncated", "error_detail": "at byte 7"}},
            "truncated",
            f"{BACKGROUND}: at byte 7",
        ),
    ],
)
def test_each_misfit_has_its_code_and_shapes(
    facts: dict[str, dict[str, Any] | None], error: str, told: str, tmp_path: Path
) -> None:
    """Of the first thing that is wrong, in the order in which a person would look."""
    row = row_of(tmp_path, **facts)
    assert row["error"] == error
    assert told in row["error_detail"]
    assert row["released_state"] == ReleasedEdges.ABSENT
    assert not (tmp_path / "made").exists()


def test_released_control_video_of_another_shape_is_told(tmp_path: Path) -> None:
    """Though none is made here to compare it with."""
    row = row_of(tmp_path, **{MASK: None, EDGES: {"frame_count": 77}})
    assert (row["error"], row["released_state"]) == (EdgeFault.NO_MASK, ReleasedEdges.OTHER_SHAPE)
