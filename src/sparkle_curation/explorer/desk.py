"""Decisions by hand as the page makes them: told with what became of each, written to the file in git, and taken back."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import OverridesError, SparkleError
from sparkle_curation.explorer.data import ExplorerTables, Samples
from sparkle_curation.explorer.files.hand_file import HandFile
from sparkle_curation.filtering.overrides.applying import apply_overrides
from sparkle_curation.filtering.overrides.binding import BOUND_TO, bind
from sparkle_curation.filtering.overrides.decisions import (
    OVERRIDE_COLUMNS,
    Decision,
    read_overrides,
)
from sparkle_curation.filtering.overrides.resolving import OverrideRule, agreement
from sparkle_curation.spec.stages import CRITERIA

_LONGEST_REASON = 2000


@dataclass(frozen=True)
class DeskSettings:
    """Whose decisions these are, and where they go.

    Attributes:
        path: the file of decisions; None where nobody decides by hand.
        annotator: who sits before the page.
        rule: who prevails where people differ.
    """

    path: Path | None = None
    annotator: str = ""
    rule: OverrideRule = "any_drop"


class Desk:
    """Reads and writes the decisions; may be asked by several threads.

    Args:
        tables: of which a decision is bound to what was seen.
        samples: which are known, and their numbers.
        settings: whose decisions, and where.
    """

    def __init__(self, tables: ExplorerTables, samples: Samples, settings: DeskSettings) -> None:
        self._tables, self._samples, self._settings = tables, samples, settings
        self._lock = threading.Lock()
        self._bound: dict[str, str] = {}
        self._file = HandFile(settings.path, settings.annotator)

    def told(self, *, is_blind: bool = False) -> dict[str, Any]:
        """What the page shows of the decisions; becomes JSON.

        Who judges blind is told nothing but what they said themselves of the samples that are to be judged: no decision of
        others, not how their own stand to those, no agreement.

        Members: ``state`` of the file, which a change must name; ``annotator``; ``rule``; ``alpha``, None for no value;
        ``annotators``; ``undo``, how many changes can be taken back; ``error``, why the file cannot be read or applied, else
        None; ``kept`` and ``dropped``, the numbers of the samples that are so by hand, whatever thresholds say; ``rows``,
        each decision as number of the sample (None for one that is gone), id, decision, reason, annotator, state, detail.
        """
        told = self._told()
        if not is_blind:
            return told
        audited = self._tables.audit_sample.lazy().collect()
        ids = set(audited["id"]) if "id" in audited.columns else set()
        own = [row for row in told["rows"] if row[4] == self._settings.annotator and row[1] in ids]
        nobody: dict[str, Any] = {"alpha": None, "annotators": [], "kept": [], "dropped": []}
        return told | nobody | {"rows": [[*row[:5], "", None] for row in own]}

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "annotator": self._settings.annotator,
            "rule": self._settings.rule,
            "undo": self._file.undo_count,
            "state": "",
            "alpha": None,
            "annotators": [],
            "error": None,
            "kept": [],
            "dropped": [],
            "rows": [],
        }
        if self._settings.path is None:
            return told
        try:
            overrides, told["state"] = read_overrides(self._settings.path)
            done = apply_overrides(
                self._by_thresholds(), overrides, self._settings.rule, self._bind, where=self._settings.path
            )
        except SparkleError as error:
            return told | {"error": tell(error)}
        place = self._samples.place
        columns = ("id", "decision", "reason", "annotator", "state", "detail")
        decided = done.verdicts.select("id", "override").drop_nulls()
        told |= {
            name: [place[key] for key in decided.filter(pl.col("override") == word.value)["id"]]
            for name, word in (("kept", Decision.KEEP), ("dropped", Decision.DROP))
        }
        counting = done.listed.filter(pl.col("state") != "stale")
        return told | {
            "alpha": agreement(counting),
            "annotators": done.listed["annotator"].unique().sort().to_list(),
            "rows": [[place.get(row[0]), *row] for row in done.listed.select(columns).iter_rows()],
        }

    def decide(self, decisions: Sequence[tuple[str, str | None, str]], state: str) -> None:
        """Write these decisions of the annotator, each bound to what its sample is now.

        Args:
            decisions: id, ``keep`` or ``drop`` or None for no decision any more, reason.
            state: of the file that the page has seen.

        Raises:
            OverridesError: one is no decision, or about a sample that no table knows; nobody is named as annotator.
            LockedError: another wrote meanwhile; nothing is written.
        """
        annotator = self._file.annotator()
        ids = [key for key, _, _ in decisions]
        unknown = next((key for key in ids if key not in self._samples.place), None)
        if unknown is not None or len(set(ids)) != len(ids):
            raise OverridesError(
                "A decision is about a sample that no table knows, or twice about one",
                got=unknown or f"{len(ids) - len(set(ids))} ids more than once",
                todo="open the page again: its tables may have been made anew",
            )
        with self._lock:
            today = dict(
                self._bind([key for key, word, _ in decisions if word]).select("id", BOUND_TO).iter_rows()
            )
            rows = [
                (key, word, storable(reason.strip())[:_LONGEST_REASON], annotator, today[key])
                for key, word, reason in decisions
                if word
            ]
            new = pl.DataFrame(rows, schema=dict.fromkeys(OVERRIDE_COLUMNS, pl.String), orient="row")
            self._file.change(ids, new, state)

    def undo(self, state: str) -> list[str]:
        """Take back the last change that this explorer wrote, whatever others wrote about other samples; its ids.

        Raises:
            OverridesError: there is none.
            LockedError: another wrote since the page has looked.
        """
        return self._file.undo(state)

    def _by_thresholds(self) -> pl.DataFrame:
        """The verdicts as they are before anything is decided by hand: the file may have changed since they were made."""
        passes = pl.col("rejected_by").is_null()
        none = (pl.lit(None, pl.String).alias(name) for name in ("override", "override_reason"))
        return (
            self._tables.verdicts.lazy().select("id", "rejected_by", passes.alias("is_kept"), *none).collect()
        )

    def _bind(self, ids: Collection[str]) -> pl.DataFrame:
        """As ``curate`` binds them; each sample's is made once, since the tables are hundreds of megabytes."""
        wanted = [key for key in ids if key not in self._bound]
        if wanted:
            tables = self._tables
            columns: dict[str, dict[str, Any]] = {each.stage: {"id": pl.String} for each in CRITERIA}
            for each in CRITERIA:
                columns[each.stage][each.score_column] = pl.Float64
            scores = {stage: _whole(tables.scores.get(stage), **has) for stage, has in columns.items()}
            places = {"id": pl.String, "kind": pl.String, "container": pl.String, "path": pl.String}
            found = bind(
                wanted,
                tables.annotations,
                scores,
                _whole(tables.assets, **places, size=pl.Int64),
                _whole(tables.media, **places, index_hash=pl.String),
            )
            self._bound.update(found.iter_rows())
        return pl.DataFrame(
            [(key, self._bound[key]) for key in sorted(set(ids))],
            schema={"id": pl.String, BOUND_TO: pl.String},
            orient="row",
        )


def _whole(table: AnyFrame | None, **columns: Any) -> AnyFrame:
    """The table; without rows but with these columns where it was never made."""
    if table is None or not table.lazy().collect_schema().names():
        return pl.DataFrame(schema=columns)
    return table


def tell(error: SparkleError) -> str:
    """An error in one line, as the page shows it."""
    parts = (error.what, error.where, error.got, error.todo)
    return ". ".join(str(each) for each in parts if each is not None)
