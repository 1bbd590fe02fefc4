"""A run of a stage that generates: what the journal lacks is made, each output noted once its file is there."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.journal.shard_journal import ShardJournal
from sparkle_curation.engine.pace import PaceNotes
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.engine.shards import Shard, end_shard
from sparkle_curation.errors import ModelError
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.generated import GENERATED_COLUMNS, MADE
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.stages.generation.jobs import Output, outputs_of
from sparkle_curation.stages.generation.making import Maker, Row
from sparkle_curation.stages.generation.stage import GenerationStage

logger = logging.getLogger(__name__)

JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [(KEY, pa.string()), *arrow_schema(MADE), ("error", pa.string()), ("error_detail", pa.string())]
)
"""An output in the journal: what is known of its file, or why there is none."""

_GIVE_UP_AFTER = 8
"""So many outputs, of which not one fitted into memory, end the run."""


@dataclass(frozen=True)
class GenerationRun:
    """What a stage works with.

    Attributes:
        stage: what is made of what.
        maker: who makes it.
        journal: what was made before.
        batch_size: outputs whose prompts are encoded together.
    """

    stage: GenerationStage
    maker: Maker
    journal: Journal
    batch_size: int

    def generate(self, listed: pl.DataFrame) -> pl.DataFrame:
        """The table (``GENERATED_COLUMNS``), one row per row of ``list_outputs``; what it lacks is made first.

        Raises:
            ModelError: the model cannot be had, or nothing fits into memory; what was made is kept.
        """
        wanted = outputs_of(listed, self.stage, self.maker.made_by)
        if self.journal.place.shard is not None:
            self._generate_shard(self.journal.place.shard, wanted)
        with self.journal:
            keys, ids = _owned(wanted)
            self.journal.note_wanted(keys, ids=ids)
            count, failed = self._fill(wanted, self.stage.name)
            self.journal.compact()
            rows = JournalRows(self.journal)
        counts = [f"{count - failed:,} made", *([f"{failed:,} not"] if failed else [])]
        counts.append(f"{len(wanted) - count:,} known from before")
        logger.info("%s: %s", self.stage.name, ", ".join(counts))
        return self._table(listed, wanted, rows)

    def plan(self, listed: pl.DataFrame) -> Plan:
        """What a run would do, from one batch that is made now and need not be made again.

        Raises:
            ModelError: as ``generate``.
        """
        with self.journal:
            wanted = outputs_of(listed, self.stage, self.maker.made_by)
            missing = self._missing(wanted)
            first, left = missing[: self.batch_size], missing[self.batch_size :]
            seconds = None
            if first:
                try:
                    self.maker.load()  # which happens once, and is no part of what each takes
                    start = time.perf_counter()
                    made = len(list(self._made(first)))
                finally:
                    self.maker.close()
                seconds = (time.perf_counter() - start) / made * len(left)
        broken = listed["error"].count()
        return Plan(len(wanted) - len(left), len(left), broken, seconds)

    def _generate_shard(self, shard: Shard, wanted: list[Output]) -> NoReturn:
        """Make the share of the outputs that is a shard's, note it in its own journal, and end the process well."""
        is_own = shard.holds([output.key for output in wanted])
        own = [output for output, is_mine in zip(wanted, is_own, strict=True) if is_mine]
        with ShardJournal(self.journal, shard) as part:
            part.note_asked(*_owned(own))
            count, _ = replace(self, journal=part)._fill(
                own, f"{self.stage.name}, shard {shard}", self.journal
            )
        end_shard(shard, self.stage.name, count, len(own) - count)

    def _fill(self, wanted: list[Output], title: str, *whole: Journal) -> tuple[int, int]:
        """Make what the open journal lacks, and nothing that the whole one of a shard has.

        Returns:
            How many that was, and how many of them could not be made.
        """
        missing, failed = self._missing(wanted, *whole), 0
        if not missing:
            return 0, 0
        try:
            with item_progress(title, len(missing)) as progress:
                for count, row in enumerate(self._made(missing), start=1):
                    failed += row.get("error") is not None
                    progress(count, failed)
        finally:
            self.maker.close()  # before another stage of the run loads its own
        return len(missing), failed

    def _made(self, missing: Sequence[Output]) -> Iterator[Row]:
        """The rows of what is made, each once it is in the journal."""
        unfit = 0
        for start in range(0, len(missing), self.batch_size):
            batch = missing[start : start + self.batch_size]
            self.maker.load()
            begin, sizes = time.perf_counter(), []
            for output, row in zip(batch, self.maker.make(batch), strict=True):
                if row.get("error") is None:
                    sizes.append((row["width_px"], row["height_px"]))
                self.journal.append(pa.Table.from_pylist([{KEY: output.key, **row}], schema=JOURNAL_SCHEMA))
                yield row
                is_unfit = row.get("error") == GenerationFault.OUT_OF_MEMORY.value
                unfit = unfit + 1 if is_unfit and unfit >= 0 else -1  # once one fitted, none ends the run
                if unfit == _GIVE_UP_AFTER:
                    raise self._unfit(row)
            self._note_pace(time.perf_counter() - begin, sizes)

    def _note_pace(self, seconds: float, sizes: Sequence[tuple[int, int]]) -> None:
        """How long a batch took, of outputs of one size; what could not be made counts for nothing."""
        if self.maker.device is None or len(set(sizes)) != 1:
            return
        facts, (width, height) = self.maker.description, sizes[0]
        settings = xxhash.xxh3_64_hexdigest(facts.digest_text.encode())[:8]
        work = f"{facts.repository} {settings} {width}x{height}"
        PaceNotes.beside(self.journal.path, work, self.maker.device).note(
            self.stage.name, len(sizes), seconds
        )

    def _unfit(self, row: Row) -> ModelError:
        return ModelError(
            "Nothing fits into the memory of the device",
            where=f"{self.stage.name}: the first {_GIVE_UP_AFTER} samples",
            got=row["error_detail"],
            todo="use another device, or hold in its memory what is at work alone: "
            f"--params {self.stage.name}.model.offload=model",
        )

    def _missing(self, wanted: list[Output], *whole: Journal) -> list[Output]:
        """The outputs that are not known, are to be tried again, or whose file is not there."""
        journals = [journal for journal in (self.journal, *whole) if journal.path.is_file()]
        known: dict[str, Any] = {}
        for journal in journals:
            done = journal.keys()
            asked = [output.key for output in wanted if output.key in done]
            known |= {row[KEY]: row for row in JournalRows(journal).take(asked).to_pylist()}

        def is_done(output: Output) -> bool:
            row = known.get(output.key)
            return row is not None and (row["error"] is not None or self.maker.is_there(output, row))

        return [output for output in wanted if not is_done(output)]

    # ------------------------------------------------------------------ what came of it
    def _table(self, listed: pl.DataFrame, wanted: list[Output], rows: JournalRows) -> pl.DataFrame:
        keys = pl.DataFrame(
            {"id": [output.id for output in wanted], KEY: [output.key for output in wanted]},
            schema={"id": pl.String, KEY: pl.String},
        )
        found = pl.DataFrame(pl.from_arrow(rows.take(keys[KEY].to_arrow())))
        facts = self.maker.description
        said = {
            "kind": self.stage.makes,
            "generator": facts.name,
            "repository": facts.repository,
            "revision": facts.revision,
            "licence": facts.licence,
            "settings": json.dumps(dict(facts.settings), sort_keys=True, ensure_ascii=False),
        }
        own_error = pl.when(~pl.col("is_asked")).then(pl.lit(NOT_ASKED))
        table = (
            listed.drop("frame_count", "fps")
            .join(keys, on="id", how="left", maintain_order="left")
            .join(found, on=KEY, how="left", maintain_order="left", suffix="_found")
            .with_columns(
                pl.coalesce("error_found", "error", own_error).alias("error"),
                pl.coalesce("error_detail_found", "error_detail").alias("error_detail"),
                pl.when(pl.col("size_bytes").is_not_null()).then(pl.lit(value=True)).alias("is_generated"),
                *(pl.lit(value, pl.String).alias(name) for name, value in said.items()),
            )
        )
        if not self.maker.is_told:
            table = table.with_columns(prompt=pl.lit(None, pl.String), seed=pl.lit(None, pl.Int64))
        return table.select(field.name for field in GENERATED_COLUMNS)


def made_assets(generated: pl.DataFrame, stage: GenerationStage) -> pl.DataFrame:
    """What was made, as rows of ``made_assets``.

    Args:
        generated: columns of ``generated``, of the stage.
        stage: what is made.
    """
    return (
        generated.filter(pl.col("error").is_null())
        .select(
            "id",
            "theme",
            "kind",
            pl.lit(None, pl.String).alias("container"),
            pl.format(asset_path("{}", stage.makes, "{}"), "theme", "id").alias("path"),
            pl.lit(0, pl.Int64).alias("offset"),
            pl.col("size_bytes").alias("size"),
        )
        .select(field.name for field in ASSET_COLUMNS)
    )


def _owned(outputs: list[Output]) -> tuple[pa.Array, pa.Array]:
    """The keys of outputs, and whose each is."""
    return (
        pa.array([output.key for output in outputs], pa.string()),
        pa.array([output.id for output in outputs], pa.string()),
    )
