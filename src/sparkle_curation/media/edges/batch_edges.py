"""Making the control videos of a batch of samples: both clips are decoded once, side by side, a frame at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.streaming import StreamedFrame, stream_frames
from sparkle_curation.media.edges.canny import (
    WHITE,
    Edges,
    OutlineCount,
    band_along,
    edge_iou,
    find_edges,
    mix,
)
from sparkle_curation.media.edges.control_video import write_control_video
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.spec.codes.edge_faults import EdgeFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.sample_ids import parse_sample_id
from sparkle_curation.spec.tables.reruns.edges import EDGE_COLUMNS, MEASURED_EDGES

_SCHEMA = arrow_schema(EDGE_COLUMNS)
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        *((each.name, _SCHEMA.field(each.name).type) for each in MEASURED_EDGES),
        ("released_error", pa.string()),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class EdgeJob(NamedTuple):
    """A sample whose clips and mask fit each other by their headers.

    Attributes:
        key: digest of all that the control video depends on.
        id: sample id.
        is_compared: whether there is a released control video of the same shape.
    """

    key: str
    id: str
    is_compared: bool


class MakingEdges(NamedTuple):
    """How edges are found: the two thresholds of Canny."""

    low: float
    high: float


@dataclass(frozen=True)
class BatchEdges:
    """Makes the control videos of a batch.

    Attributes:
        store: clips and masks, made ones too where they are asked for.
        released: the release's own assets, whose control videos are compared.
        root: folder below which videos are written, in the published layout.
        making: how edges are found.
    """

    store: AssetStore
    released: AssetStore
    root: str
    making: MakingEdges

    def __call__(self, jobs: list[EdgeJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        return pa.Table.from_pylist(
            [{KEY: job.key, **self._make(job)} for job in jobs], schema=JOURNAL_SCHEMA
        )

    def _make(self, job: EdgeJob) -> dict[str, object]:
        mask = read_asset(self.store, job.id, KIND.mask, load_mask)
        if isinstance(mask, Failure):
            return {"error": mask.error, "error_detail": mask.detail}
        tally = _Tally()
        path = path_of(self.root, job.id)

        # A clip is read within the other's reading, so that an error says which of them is broken.
        def with_source(source: BinaryIO) -> object:
            return read_asset(
                self.store,
                job.id,
                KIND.background_video,
                lambda background: write_control_video(
                    path, self._mixed(source, background, mask, tally), job.key
                ),
            )

        written = read_asset(self.store, job.id, KIND.source_video, with_source)
        if isinstance(written, Failure):
            return {"error": written.error, "error_detail": written.detail}
        row = {**written._asdict(), **tally.measures()}  # type: ignore[attr-defined]
        return row | (self._compare(job, path, mask) if job.is_compared else {})

    def _mixed(
        self, source: BinaryIO, background: BinaryIO, mask: NDArray[np.bool_], tally: _Tally
    ) -> Iterator[tuple[Edges, Fraction | None]]:
        behind = stream_frames(background)
        count = 0
        for count, frame in enumerate(stream_frames(source), start=1):  # noqa: B007 -- how many there were
            other = next(behind, None)
            _check_fit(frame, other, mask)
            own = mask[frame.number]
            inner = find_edges(frame.picture, *self.making)
            outer = find_edges(other.picture, *self.making)  # type: ignore[union-attr]
            edges = mix(inner, outer, own)
            tally.add(edges, own)
            yield edges, frame.rate
        if count != len(mask):
            raise _misfit(
                EdgeFault.MASK_SHAPE, f"{len(mask)} frames of the mask, {count} of the source video"
            )

    def _compare(self, job: EdgeJob, path: Path, mask: NDArray[np.bool_]) -> dict[str, object]:
        """The released control video beside the one that was just made."""
        outline, shared = OutlineCount(), []

        def compare(file: BinaryIO) -> None:
            with path.open("rb") as made:
                pairs = zip(stream_frames(made, _grey), stream_frames(file, _grey), strict=False)
                for one, other in pairs:
                    if one.picture.shape != other.picture.shape:
                        raise _misfit(EdgeFault.MASK_SHAPE, "frames of another size than it says")
                    edges = other.picture > WHITE
                    shared.append(edge_iou(one.picture > WHITE, edges))
                    outline.add(edges, band_along(mask[one.number]))

        failure = read_asset(self.released, job.id, KIND.edges_video, compare)
        if isinstance(failure, Failure):
            return {"released_error": f"{failure.error}: {failure.detail}"}
        return {"released_iou": shared, "released_outline_ratio": outline.ratio}


@dataclass
class _Tally:
    """What is counted while frames are made."""

    outline: OutlineCount = field(default_factory=OutlineCount)
    inside: list[int] = field(default_factory=lambda: [0, 0])
    outside: list[int] = field(default_factory=lambda: [0, 0])

    def add(self, edges: Edges, mask: NDArray[np.bool_]) -> None:
        self.outline.add(edges, band_along(mask))
        for counted, where in ((self.inside, mask), (self.outside, ~mask)):
            counted[0] += int(np.count_nonzero(edges & where))
            counted[1] += int(np.count_nonzero(where))

    def measures(self) -> dict[str, float | None]:
        inside, outside = (
            edges / pixels if pixels else None for edges, pixels in (self.inside, self.outside)
        )
        return {
            "foreground_edge_share": inside,
            "background_edge_share": outside,
            "outline_ratio": self.outline.ratio,
        }


def path_of(root: str, sample_id: str) -> Path:
    """Where the control video of a sample lies below a folder, in the published layout."""
    sample = parse_sample_id(sample_id)
    if sample is None:
        raise ValueError(f"{sample_id} is no sample id")
    return Path(root, asset_path(sample.theme, KIND.edges_video, sample_id))


def _grey(frame: object) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="gray"), np.uint8)  # type: ignore[attr-defined]


def _check_fit(frame: StreamedFrame, other: StreamedFrame | None, mask: NDArray[np.bool_]) -> None:
    """Nothing, where the frame of both clips and of the mask are of one size and there.

    Raises:
        MediaError: they are not, whatever the headers said.
    """
    size = frame.picture.shape[:2]
    if frame.number >= len(mask) or mask.shape[1:] != size:
        raise _misfit(EdgeFault.MASK_SHAPE, f"a mask of {mask.shape}, and frame {frame.number} of {size}")
    if other is None:
        raise _misfit(EdgeFault.BACKGROUND_SHORT, f"{frame.number} frames")
    if other.picture.shape[:2] != size:
        raise _misfit(EdgeFault.BACKGROUND_SIZE, f"{other.picture.shape[:2]}, and {size} of the source video")


def _misfit(fault: EdgeFault, got: str) -> MediaError:
    return MediaError("Clips and mask do not fit", code=fault, got=got)
