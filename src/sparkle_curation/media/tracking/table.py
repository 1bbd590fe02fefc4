"""The table of tracked masks, and what a run has to do for it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.journal.shard_journal import ShardJournal
from sparkle_curation.engine.pace import PaceNotes
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.engine.shards import Shard, end_shard
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import AROUND
from sparkle_curation.media.tracking import measures, votes
from sparkle_curation.media.tracking.jobs import clip_of, vote_key
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.media.tracking.tracking import ClipVote, Tracking
from sparkle_curation.media.tracking.votes import Ties
from sparkle_curation.models.trackers.tracker import Tracker
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.spec.tables.reruns.tracks import TRACK_COLUMNS

logger = logging.getLogger(__name__)

_SLICE_ROWS = 512


@dataclass(frozen=True)
class TrackSettings:
    """What decides a mask beside clip and boxes.

    Attributes:
        tracker: who follows the objects.
        ties: what becomes of a pixel of as many votes as not.
        boxes_from: whose boxes; for the record.
    """

    tracker: Tracker
    ties: Ties
    boxes_from: str

    @property
    def provenance(self) -> dict[str, str]:
        """The columns that say where a mask is from, the same for all rows."""
        facts = dict(self.tracker.provenance)
        columns = {name: facts.pop(name) for name in ("backend", "model", "revision")}
        settings = {**facts, "ties": self.ties, "boxes_from": self.boxes_from}
        return {**columns, "settings": json.dumps(settings, sort_keys=True)}

    @property
    def tracker_digest(self) -> str:
        """What a pass depends on of these."""
        return json.dumps(dict(self.tracker.provenance), sort_keys=True)


@dataclass(frozen=True)
class TrackRun:
    """What tracking works with.

    Attributes:
        settings: what decides a mask.
        store: the source clips, and the released masks.
        folder: where masks go.
        passes: the journal of passes.
        votes: the journal of votes.
    """

    settings: TrackSettings
    store: AssetStore
    folder: MaskFolder
    passes: Journal
    votes: Journal

    def track(self, clips: pl.DataFrame) -> pl.DataFrame:
        """The table (``TRACK_COLUMNS``), one row per row of ``list_clips``; what it lacks is tracked first.

        Raises:
            ModelError: the tracker cannot be had, or no clip fits into memory.
        """
        wanted = list(self._wanted(clips))
        if self.passes.place.shard is not None:
            self._track_shard(self.passes.place.shard, wanted)
        with self.passes, self.votes:
            self._note_wanted(wanted)
            missing = self._fill(wanted, "track")
            self.votes.compact()
            rows = JournalRows(self.votes)
        logger.info(
            "track: %s clips voted on, %s known from before",
            f"{len(missing):,}",
            f"{len(wanted) - len(missing):,}",
        )
        table = self._table(clips, wanted, rows)
        self._clear(table)
        return table

    def plan(self, clips: pl.DataFrame) -> Plan:
        """What a run would do, from one clip that is tracked now and need not be tracked again.

        Raises:
            ModelError: as ``track``.
        """
        with self.passes, self.votes:
            wanted = list(self._wanted(clips))
            missing = self._missing(wanted)
            earlier = JournalRows(self.passes)
            to_do = {vote.key: int((~earlier.holds(list(vote.pass_keys))).sum()) for vote in missing}
            first = max(missing, key=lambda vote: to_do[vote.key], default=None)
            seconds = None
            if first is not None and to_do[first.key]:
                self.settings.tracker.load()
                start = time.perf_counter()
                self._tracking().run(iter([first]), [earlier])
                taken = time.perf_counter() - start
                self._paces.note("track", 1, taken)
                rest = sum(to_do.values()) - to_do[first.key]
                seconds = taken * rest / to_do[first.key]
                to_do[first.key] = 0
        passes = sum(len(vote.pass_keys) for vote in wanted)
        left = sum(to_do.values())
        return Plan(passes - left, left, clips["error"].count(), seconds)

    def _track_shard(self, shard: Shard, wanted: list[ClipVote]) -> NoReturn:
        """Track the share of the clips that is a shard's, note it in its own journals, and end the process well."""
        is_own = shard.holds([vote.key for vote in wanted])
        own = [vote for vote, is_mine in zip(wanted, is_own, strict=True) if is_mine]
        with ShardJournal(self.passes, shard) as passes, ShardJournal(self.votes, shard) as votes:
            passes.note_asked(*_owned_passes(own))
            votes.note_asked(*_owned_votes(own))
            missing = replace(self, passes=passes, votes=votes)._fill(
                own, f"track, shard {shard}", self.passes
            )
        end_shard(shard, "track", len(missing), len(own) - len(missing))

    def _fill(self, wanted: list[ClipVote], title: str, *whole: Journal) -> list[ClipVote]:
        """Track what the open journals lack, and nothing that the whole one of a shard has; gives what that was."""
        missing = self._missing(wanted)
        earlier = [JournalRows(journal) for journal in (self.passes, *whole) if journal.path.is_file()]
        tracked = [vote for vote in missing if not any(_holds_all(rows, vote) for rows in earlier)]
        if tracked:
            self.settings.tracker.load()  # which happens once, and is no part of what each takes
        with (
            item_progress(title, sum(len(vote.pass_keys) for vote in missing)) as progress,
            self._paces.timed("track", len(tracked)),
        ):
            replace(self._tracking(), progress=progress).run(iter(missing), earlier)
        return missing

    # ------------------------------------------------------------------ what is to be done
    def _wanted(self, clips: pl.DataFrame) -> Iterator[ClipVote]:
        digest, code = self.settings.tracker_digest, _vote_code()
        for part in clips.filter("is_asked").iter_slices(_SLICE_ROWS):
            for row in part.iter_rows(named=True):
                clip = clip_of(row)
                keys = tuple(clip.pass_key(anchor, digest) for anchor in clip.anchors)
                yield ClipVote(vote_key(clip, keys, code, self.settings.ties), clip, keys)

    def _note_wanted(self, wanted: list[ClipVote]) -> None:
        """Which work this run wants, and whose each of it is."""
        for journal, noted in ((self.passes, _owned_passes(wanted)), (self.votes, _owned_votes(wanted))):
            keys, ids = noted
            journal.note_wanted(keys, ids=ids)

    def _missing(self, wanted: list[ClipVote]) -> list[ClipVote]:
        """The clips whose vote is not known, is to be tried again, or whose mask is not there."""
        rows = JournalRows(self.votes)
        done = self.votes.keys()
        missing = []
        for start in range(0, len(wanted), _SLICE_ROWS):
            part = wanted[start : start + _SLICE_ROWS]
            known = {row[KEY]: row for row in rows.take([vote.key for vote in part]).to_pylist()}
            for vote in part:
                row = known.get(vote.key) if vote.key in done else None
                is_there = row is not None and (
                    row["error"] is not None
                    or self.folder.has(vote.clip.theme, vote.clip.id, row["size_bytes"])
                )
                if not is_there:
                    missing.append(vote)
        return missing

    @property
    def _paces(self) -> PaceNotes:
        facts, tracker = self.settings.provenance, self.settings.tracker
        work = f"{facts['model']} {xxhash.xxh3_64_hexdigest(self.settings.tracker_digest.encode())[:8]}"
        return PaceNotes.beside(self.passes.path, work, tracker.name_device)

    def _tracking(self) -> Tracking:
        return Tracking(
            self.settings.tracker, self.store, self.passes, self.votes, self.settings.ties, self.folder.write
        )

    # ------------------------------------------------------------------ what came of it
    def _table(self, clips: pl.DataFrame, wanted: list[ClipVote], rows: JournalRows) -> pl.DataFrame:
        keys = pl.DataFrame(
            {"id": [vote.clip.id for vote in wanted], KEY: [vote.key for vote in wanted]},
            schema={"id": pl.String, KEY: pl.String},
        )
        found = pl.DataFrame(pl.from_arrow(rows.take(keys[KEY].to_arrow())))
        boxes = pl.col("anchors").list.eval(pl.element().struct.field("boxes").list.len()).list.sum()
        table = (
            clips.join(keys, on="id", how="left", maintain_order="left")
            .join(found, on=KEY, how="left", maintain_order="left", suffix="_found")
            .with_columns(
                pl.coalesce(
                    "error_found", "error", pl.when(~pl.col("is_asked")).then(pl.lit(NOT_ASKED))
                ).alias("error"),
                pl.coalesce("error_detail_found", "error_detail").alias("error_detail"),
                pl.col("anchors").list.len().cast(pl.Int64).alias("anchor_count"),
                boxes.fill_null(0).cast(pl.Int64).alias("box_count"),
                *(pl.lit(value).alias(name) for name, value in self.settings.provenance.items()),
                *(pl.col(name).cast(pl.Int64) for name in ("frame_count", "width_px", "height_px")),
            )
        )
        return table.select(field.name for field in TRACK_COLUMNS)

    def _clear(self, table: pl.DataFrame) -> None:
        """Take away the masks of clips that have none by this table; those beyond the limit may hold another time."""
        gone = table.filter(pl.col("error").is_not_null() & (pl.col("error") != NOT_ASKED))
        for theme, sample_id in gone.select("theme", "id").iter_rows():
            self.folder.remove(theme, sample_id)


def _holds_all(rows: JournalRows, vote: ClipVote) -> bool:
    return bool(rows.holds(list(vote.pass_keys)).all())


def _owned_passes(votes: list[ClipVote]) -> tuple[pa.Array, pa.Array]:
    """The keys of passes, and whose each is."""
    pairs = [(key, vote.clip.id) for vote in votes for key in vote.pass_keys]
    return pa.array([key for key, _ in pairs], pa.string()), pa.array(
        [each for _, each in pairs], pa.string()
    )


def _owned_votes(votes: list[ClipVote]) -> tuple[pa.Array, pa.Array]:
    """The keys of votes, and whose each is."""
    return (
        pa.array([vote.key for vote in votes], pa.string()),
        pa.array([vote.clip.id for vote in votes], pa.string()),
    )


def _vote_code() -> str:
    """Of the code of votes and measures."""
    return work_digest(votes.__name__, measures.__name__, around=AROUND)
