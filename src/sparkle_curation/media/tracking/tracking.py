"""Tracking clip by clip: each pass is in the journal once it is done, then the passes vote, and the mask is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.errors import ModelError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.masks.measures import measure_boxes, measure_mask
from sparkle_curation.media.tracking.jobs import Anchor, Clip
from sparkle_curation.media.tracking.measures import compare, iou, measure_steadiness, worst_pass
from sparkle_curation.media.tracking.packing import pack, unpack
from sparkle_curation.media.tracking.votes import Ties, Votes
from sparkle_curation.models.trackers.tracker import Mask, OutOfMemoryError, Tracker
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.codes.track_faults import TrackFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.reruns.tracks import MEASURED

logger = logging.getLogger(__name__)

_ERROR_COLUMNS = [("error", pa.string()), ("error_detail", pa.string())]
PASS_SCHEMA: pa.Schema = pa.schema([(KEY, pa.string()), ("packed", pa.large_binary()), *_ERROR_COLUMNS])
"""A pass in the journal: its bits (``media.tracking.packing``), or why there are none."""

_MEASURED = arrow_schema(MEASURED)
VOTE_SCHEMA: pa.Schema = pa.schema([(KEY, pa.string()), *_MEASURED, *_ERROR_COLUMNS])
"""A vote in the journal: what is known of the mask that was written, or why there is none."""

_GIVE_UP_AFTER = 8
"""So many clips, of which not one fitted into memory, end the run."""


class Written(NamedTuple):
    """A mask as it lies on the disk: its digest, as the probe of masks gives it, and its size."""

    index_hash: str
    size_bytes: int


class ClipVote(NamedTuple):
    """A clip with what its vote is known by.

    Attributes:
        key: of the vote.
        clip: the clip.
        pass_keys: of its passes, anchor by anchor.
    """

    key: str
    clip: Clip
    pass_keys: tuple[str, ...]


@dataclass
class Tracking:
    """Tracks clips.

    Attributes:
        tracker: who follows the objects.
        store: the source clips, and the released masks.
        passes: the journal of passes, open.
        votes: the journal of votes, open.
        ties: what becomes of a pixel of as many votes as not.
        write: writes the mask of a clip where its kind of asset lies, and says what lies there then.
        progress: told how many passes are done, and how many failed.
    """

    tracker: Tracker
    store: AssetStore
    passes: Journal
    votes: Journal
    ties: Ties
    write: Callable[[Clip, Mask], Written]
    progress: Callable[[int, int], None] = lambda _done, _failed: None
    tracked: int = 0
    known: int = 0
    _failed: int = field(default=0, init=False)

    def run(self, clips: Iterator[ClipVote], earlier: Sequence[JournalRows]) -> None:
        """Track and vote, clip by clip; what fails is a row with an error.

        Args:
            clips: what is to be voted on.
            earlier: where passes of earlier runs are, of which none is made again.

        Raises:
            ModelError: the tracker cannot be had, or no clip fits into memory.
        """
        unfit = 0
        for number, vote in enumerate(clips, start=1):
            row = self._vote(vote, earlier)
            self.votes.append(pa.Table.from_pylist([{KEY: vote.key, **row}], schema=VOTE_SCHEMA))
            unfit += row.get("error") == TrackFault.OUT_OF_MEMORY
            if number == unfit == _GIVE_UP_AFTER:
                raise ModelError(
                    "No clip fits into the memory of the device",
                    where=f"{number} clips",
                    got=row["error_detail"],
                    todo="use another device, or hold what the encoder made of the frames in main memory: "
                    "--params track.model.offload=true",
                )

    def _vote(self, vote: ClipVote, earlier: Sequence[JournalRows]) -> dict[str, object]:
        clip = vote.clip
        passes = self._passes(vote, earlier)
        if isinstance(passes, Failure):
            return {"error": passes.error, "error_detail": passes.detail}
        votes = Votes(clip.shape)
        for packed in passes:
            votes.add(unpack(packed, clip.shape))
        mask, tied_px = votes.majority(self.ties)
        if not mask.any():
            detail = f"of {votes.passes} passes, {tied_px} pixels tied"
            return {"error": TrackFault.NOTHING_FOUND.value, "error_detail": detail}
        written = self.write(clip, mask)
        ious = [iou(unpack(packed, clip.shape), mask) for packed in passes]
        return {
            **written._asdict(),
            "pass_count": votes.passes,
            "tied_px_count": tied_px,
            "agreement": votes.agreement(),
            **_of_worst(clip.anchors, ious, worst_pass(mask, ious)),
            **measure_steadiness(mask)._asdict(),
            "mask_share": measure_mask(mask).mask_share,
            **measure_boxes(mask, dict(clip.anchors))._asdict(),
            **self._beside_released(clip, mask),
        }

    # ------------------------------------------------------------------ passes
    def _passes(self, vote: ClipVote, earlier: Sequence[JournalRows]) -> list[bytes] | Failure:
        """The packed passes of a clip, those of earlier runs and those that are made now; or why one is lacking."""
        found = self._earlier(vote.pass_keys, earlier)
        self.known += len(found)
        missing = {
            key: anchor
            for key, anchor in zip(vote.pass_keys, vote.clip.anchors, strict=True)
            if key not in found
        }
        for key, outcome in self._track(vote.clip, missing):
            is_failed = isinstance(outcome, Failure)
            row: dict[str, object] = (
                {"error": outcome.error, "error_detail": outcome.detail}
                if isinstance(outcome, Failure)
                else {"packed": outcome}
            )
            self.passes.append(pa.Table.from_pylist([{KEY: key, **row}], schema=PASS_SCHEMA))
            self._failed += is_failed
            self.tracked += not is_failed
            self.progress(self.tracked + self.known + self._failed, self._failed)
            if isinstance(outcome, Failure):
                return outcome
            found[key] = outcome
        return [found[key] for key in vote.pass_keys]

    @staticmethod
    def _earlier(keys: Sequence[str], earlier: Sequence[JournalRows]) -> dict[str, bytes]:
        rows = [row for journal in earlier for row in journal.take(list(keys)).to_pylist()]
        return {row[KEY]: row["packed"] for row in rows if row["packed"] is not None}

    def _track(self, clip: Clip, missing: Mapping[str, Anchor]) -> Iterator[tuple[str, bytes | Failure]]:
        """Each missing pass; after a failure none."""
        if not missing:
            return
        waiting = list(missing)
        frames = read_asset(
            self.store, clip.id, KIND.source_video, lambda file: read_frames(file, range(clip.shape[0]))
        )
        if not isinstance(frames, Failure) and frames.shape[:3] != clip.shape:
            detail = f"frames of {frames.shape[:3]}; the header says {clip.shape}"
            frames = Failure(MediaFault.UNDECODABLE.value, detail)
        if isinstance(frames, Failure):
            yield waiting[0], frames
            return
        try:
            with self.tracker.open(frames) as opened:
                for key, anchor in missing.items():
                    packed = pack(opened.track(*anchor))
                    waiting.remove(key)
                    yield key, packed
        except OutOfMemoryError as error:
            yield waiting[0], Failure(TrackFault.OUT_OF_MEMORY.value, str(error))

    # ------------------------------------------------------------------ beside the released mask
    def _beside_released(self, clip: Clip, mask: Mask) -> dict[str, object]:
        if clip.released_identity is None:
            return {}
        released = read_asset(self.store, clip.id, KIND.mask, load_mask)
        if isinstance(released, Failure):
            logger.warning("track: the released mask of %s cannot be read: %s", clip.id, released.detail)
            return {}
        likeness = compare(mask, released)
        if likeness is None:
            logger.warning(
                "track: the released mask of %s is of %s, the clip of %s: they are not compared",
                clip.id,
                released.shape,
                clip.shape,
            )
            return {}
        return {
            "released_iou_mean": likeness.mean,
            "released_iou_min": likeness.least,
            "released_iou_min_frame": likeness.least_frame,
        }


def _of_worst(
    anchors: Sequence[Anchor], ious: Sequence[float | None], place: int | None
) -> dict[str, object]:
    if place is None:
        return {}
    return {"worst_anchor_iou": ious[place], "worst_anchor_frame": anchors[place].frame_index}
