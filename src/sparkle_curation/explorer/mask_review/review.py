"""Tracked masks as a person goes through them: listed by doubt, looked at one by one, accepted or refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import OverridesError, SparkleError
from sparkle_curation.explorer.desk import tell
from sparkle_curation.explorer.files.hand_file import HandFile
from sparkle_curation.explorer.mask_review.doubt import DOUBTS, list_doubts
from sparkle_curation.explorer.mask_review.frames import Seen, see_masks
from sparkle_curation.filtering.overrides.decisions import OVERRIDE_COLUMNS
from sparkle_curation.filtering.overrides.mask_decisions import (
    MaskDecision,
    MaskDecisionState,
    read_mask_decisions,
    state_of_decisions,
)
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.ingest.assets.united_store import released_store
from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.tracking.jobs import list_clips
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.spec.tables.reruns.tracks import MEASURED

_LONGEST_REASON = 2000
_ROWS_AT_ONCE = 200
_SEEN_KEPT = 6
SHOWN = ("open", "accepted", "refused", "stale", "faults")
"""What a mask is to the list: not decided about, decided, decided when it was another one, or not there."""


@dataclass(frozen=True)
class MaskSources:
    """What masks are reviewed from.

    Attributes:
        tracks: the table; without columns where nothing was tracked.
        media: the inspected media of the release.
        boxes: by whose boxes was tracked (``released`` or ``regrounded``), gives columns of ``grounding_boxes``.
        root: folder of made media.
        decisions: the file of decisions by hand; None where nobody decides.
        annotator: who sits before the page.
    """

    tracks: AnyFrame = field(default_factory=pl.DataFrame)
    media: AnyFrame = field(default_factory=pl.DataFrame)
    boxes: Callable[[str], AnyFrame] = lambda _: pl.DataFrame()
    root: Path = Path()
    decisions: Path | None = None
    annotator: str = ""


class MaskReview:
    """Lists masks, shows them, and writes what is decided; may be asked by several threads.

    Args:
        sources: what masks are reviewed from.
        store: the assets; of united ones the release's.
    """

    def __init__(self, sources: MaskSources, store: AssetStore) -> None:
        self._sources, self._store = sources, released_store(store)
        self._file = HandFile(sources.decisions, sources.annotator, MaskDecision)
        self._seen = lru_cache(_SEEN_KEPT)(self._see)

    # ------------------------------------------------------------------ the list
    @cached_property
    def doubts(self) -> pl.DataFrame:
        """``list_doubts`` of the masks that were asked for; read when somebody looks at masks for the first time."""
        tracks = self._sources.tracks.lazy()
        if not tracks.collect_schema().names():
            tracks = pl.LazyFrame(schema=_EMPTY)
        return list_doubts(tracks)

    def listed(self, *, show: str, sort: str, theme: str, start: int) -> dict[str, Any]:
        """A part of the masks that are ``show`` (one of ``SHOWN``, else all), the most doubtful first; becomes JSON.

        Members: ``rows``, each as id, theme, doubt, title of the doubt, what it is of ``SHOWN``, error; ``total``, how many
        there are; ``counts`` of each of ``SHOWN``, and of ``not_asked``; ``themes``; ``sorts``, each as name and title;
        ``desk``, as ``desk`` has it.

        Args:
            show: which.
            sort: one of ``DOUBTS`` by name, ``id``, else by the largest doubt.
            theme: only of this; empty for all.
            start: so many before the first.
        """
        by_hand = self.desk()
        table = self._with_states(pl.DataFrame(by_hand["rows"], _DECIDED, orient="row"))
        counted = table.group_by("shown").len()
        counts = dict.fromkeys((*SHOWN, NOT_ASKED), 0) | dict(counted.iter_rows())
        found = table.filter(pl.col("shown") != NOT_ASKED)
        if show in SHOWN:
            found = found.filter(shown=show)
        if theme:
            found = found.filter(theme=theme)
        names = {each.name: each.title for each in DOUBTS}
        if sort == "id":
            found = found.sort("id")
        else:
            # What has no mask first: the largest doubt there is; and the sum decides between equals.
            first = sort if sort in names else "doubt"
            found = found.sort(
                pl.col("error").is_null(),
                pl.col(first).fill_null(-1.0) * -1,
                pl.sum_horizontal(*names) * -1,
                "id",
            )
        if sort in names:
            found = found.with_columns(doubt=pl.col(sort), doubted_by=pl.lit(sort))
        titles = pl.col("doubted_by").replace_strict(names, return_dtype=pl.String, default=None)
        rows = found.with_columns(titles.alias("title")).slice(max(start, 0), _ROWS_AT_ONCE)
        return {
            "rows": rows.select("id", "theme", "doubt", "title", "shown", "error").rows(),
            "total": found.height,
            "counts": counts,
            "themes": table["theme"].unique().sort().to_list(),
            "sorts": [["doubt", "largest doubt"], *names.items(), ["id", "id"]],
            "desk": {name: value for name, value in by_hand.items() if name != "rows"},
        }

    def _with_states(self, decisions: pl.DataFrame) -> pl.DataFrame:
        standing = decisions.filter(pl.col("state") != MaskDecisionState.STALE.value)
        by_word = {word: standing.filter(decision=word.value)["id"].implode() for word in MaskDecision}
        stale = decisions.filter(state=MaskDecisionState.STALE.value)["id"].implode()
        name = pl.col("id")
        shown = (
            pl.when(pl.col("error") == NOT_ASKED)
            .then(pl.lit(NOT_ASKED))
            .when(pl.col("error").is_not_null())
            .then(pl.lit("faults"))
            .when(name.is_in(by_word[MaskDecision.REFUSE]))
            .then(pl.lit("refused"))
            .when(name.is_in(by_word[MaskDecision.ACCEPT]))
            .then(pl.lit("accepted"))
            .when(name.is_in(stale))
            .then(pl.lit("stale"))
            .otherwise(pl.lit("open"))
        )
        return self.doubts.with_columns(shown.alias("shown"))

    # ------------------------------------------------------------------ one mask
    def sample(self, sample_id: str) -> dict[str, Any] | None:
        """All that is known of a tracked mask; None for a sample that was not tracked; becomes JSON.

        Members: ``id``, ``theme``; ``measures``, each as name, value and description; ``doubts``, each as title and share;
        ``error`` and ``error_detail``; ``made_by``; ``fps``, ``frame_count``, ``width_px``, ``height_px``; ``anchors``, each
        as ``frame_index`` and ``boxes`` in pixels; ``frames``, as ``measure_frames``; ``faults`` of the masks; ``decisions``
        about it.
        """
        row = self._row(sample_id)
        if row is None:
            return None
        (doubts,) = self.doubts.filter(id=sample_id).head(1).to_dicts() or [{}]
        has_mask = row["error"] is None
        seen = self._look(row) if has_mask else None
        clip = self._clip(row)
        by_hand = self.desk()
        return {
            **{name: row[name] for name in ("id", "theme", "error", "error_detail")},
            **{name: row[name] for name in ("frame_count", "width_px", "height_px")},
            "measures": [
                [each.name, row[each.name], each.description]
                for each in MEASURED
                if row[each.name] is not None
            ],
            "doubts": [
                [each.title, doubts[each.name]] for each in DOUBTS if doubts.get(each.name) is not None
            ],
            "made_by": " ".join(str(row[name]) for name in ("model", "revision", "settings")),
            **clip,
            "frames": seen.frames if seen else {},
            "faults": seen.faults if seen else {},
            "decisions": [each for each in by_hand["rows"] if each[0] == sample_id],
            "desk": {name: value for name, value in by_hand.items() if name != "rows"},
        }

    def small(self, sample_id: str, which: str) -> bytes | None:
        """The ``rerun`` or the ``released`` mask as ``explorer.masks`` sends one; None where there is none."""
        row = self._row(sample_id)
        if row is None or row["error"] is not None:
            return None
        seen = self._look(row)
        return {"rerun": seen.rerun, "released": seen.released}.get(which)

    def _row(self, sample_id: str) -> dict[str, Any] | None:
        tracks = self._sources.tracks.lazy()
        if "id" not in tracks.collect_schema().names():
            return None
        rows = tracks.filter(pl.col("id") == sample_id).head(1).collect().to_dicts()
        return rows[0] if rows else None

    def _look(self, row: dict[str, Any]) -> Seen:
        path = MaskFolder(self._sources.root).path(row["theme"], row["id"])
        # Another file under the same name is looked at anew.
        stat = path.stat() if path.is_file() else None
        return self._seen(path, row["id"], (stat.st_mtime_ns, stat.st_ino) if stat else None)

    def _see(self, path: Path, sample_id: str, _: object) -> Seen:
        return see_masks(path, self._store, sample_id)

    def _clip(self, row: dict[str, Any]) -> dict[str, Any]:
        """Rate and anchors of the sample's source video."""
        sources = self._sources
        of_sample = pl.col("id") == row["id"]
        if "id" not in sources.media.lazy().collect_schema().names():
            return {"fps": None, "anchors": []}
        media = sources.media.lazy().filter(of_sample).collect()
        video = prefer_loose(media).filter(kind=KIND.source_video)
        boxes = sources.boxes(_boxes_from(row["settings"])).lazy()
        anchors: list[Any] = []
        if "id" in boxes.collect_schema().names():
            clips = list_clips(media, boxes.filter(of_sample).collect(), None)
            anchors = clips["anchors"].to_list()[0] if clips.height else []
        return {"fps": video["fps"].to_list()[0] if video.height else None, "anchors": anchors}

    # ------------------------------------------------------------------ decisions
    def desk(self) -> dict[str, Any]:
        """Who decides here, and what was decided; becomes JSON.

        Members: ``state`` of the file, which a change must name; ``annotator``; ``undo``, how many changes can be taken
        back; ``error``, why the file cannot be read, else None; ``rows``, each decision as id, decision, reason, annotator,
        state.
        """
        path = self._sources.decisions
        told: dict[str, Any] = {
            "annotator": self._sources.annotator if path else "",
            "undo": self._file.undo_count,
            "state": "",
            "error": None,
            "rows": [],
        }
        if path is None:
            return told
        try:
            decisions, told["state"] = read_mask_decisions(path)
        except SparkleError as error:
            return told | {"error": tell(error)}
        listed = state_of_decisions(decisions, self.doubts.select("id", "index_hash"))
        return told | {"rows": listed.select(list(_DECIDED)).rows()}

    def decide(self, decisions: Sequence[tuple[str, str | None, str]], state: str) -> None:
        """Write these decisions of the annotator, each bound to the mask that there is.

        Args:
            decisions: id, ``accept`` or ``refuse`` or None for no decision any more, reason.
            state: of the file that the page has seen.

        Raises:
            OverridesError: one is no decision, or about a sample without a mask; nobody is named as annotator.
            LockedError: another wrote meanwhile; nothing is written.
        """
        annotator = self._file.annotator()
        ids = [name for name, _, _ in decisions]
        masks = dict(
            self.doubts.filter(pl.col("id").is_in(ids) & pl.col("error").is_null())
            .select("id", "index_hash")
            .iter_rows()
        )
        lacking = next((name for name, word, _ in decisions if word and name not in masks), None)
        if lacking is not None or len(set(ids)) != len(ids):
            raise OverridesError(
                "A decision is about a sample without a tracked mask, or twice about one",
                got=lacking or f"{len(ids) - len(set(ids))} ids more than once",
                todo="start the explorer again: the masks may have been made anew",
            )
        self._check_seen(masks)
        rows = [
            (name, word, storable(reason.strip())[:_LONGEST_REASON], annotator, masks[name])
            for name, word, reason in decisions
            if word
        ]
        new = pl.DataFrame(rows, schema=dict.fromkeys(OVERRIDE_COLUMNS, pl.String), orient="row")
        self._file.change(ids, new, state)

    def _check_seen(self, masks: Mapping[str, str]) -> None:
        """Nothing, where the masks that lie there are those of the table: a person decides about what the page showed."""
        folder = MaskFolder(self._sources.root)
        themes = dict(self.doubts.select("id", "theme").filter(pl.col("id").is_in(list(masks))).iter_rows())
        for name, hashed in masks.items():
            try:
                now = folder.index_hash(themes[name], name)
            except (BrokenMediaError, OSError):
                now = None
            if now != hashed:
                raise OverridesError(
                    "The mask is another one than the table tells of, or is gone",
                    where=folder.path(themes[name], name),
                    got=now or "no mask",
                    allowed=hashed,
                    todo="start the explorer again where `track` has run since; else run it: kedro run --pipelines track",
                )

    def undo(self, state: str) -> list[str]:
        """As ``HandFile.undo``."""
        return self._file.undo(state)


_DECIDED = dict.fromkeys(("id", "decision", "reason", "annotator", "state"), pl.String)
_NUMBERS = ("frame_count", "width_px", "height_px", *(each.name for each in MEASURED))
_EMPTY = dict.fromkeys(_NUMBERS, pl.Float64) | dict.fromkeys(
    ("id", "theme", "index_hash", "error", "error_detail"), pl.String
)


def _boxes_from(settings: str | None) -> str:
    """Whose boxes a mask was tracked from, as ``tracks`` notes it."""
    told = json.loads(settings or "{}")
    return str(told.get("boxes_from", "released"))
