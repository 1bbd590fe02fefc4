"""The table of the media: every asset probed once, and again only when its file, the probe or the depth changes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NoReturn

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.caching.code_digest import code_digest, work_digest
from sparkle_curation.engine.executors.processes import Executor
from sparkle_curation.engine.io.remote import ranges
from sparkle_curation.engine.journal import journal as journal_module
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.resumable import run_resumable
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.journal.shard_journal import ShardJournal
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.engine.shards import Shard, end_shard
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.ingest import release_files
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.probe import batch_probe, wanted_parts
from sparkle_curation.media.probe.batch_probe import MEDIA_SCHEMA, BatchProbe, ProbeJob
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec import fields
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.tables import media as media_table

logger = logging.getLogger(__name__)

_PIECE_ROWS = 16_384
_HASHED_ROWS = 65_536
_MOST_UNREADABLE = 64
"""So many files in a row that cannot be read, and none that can: not their fault but that of disk or server."""


@dataclass(frozen=True)
class ProbeConfig:
    """How assets are probed.

    Attributes:
        depth: how much is read of each.
        executor: what runs the probes.
        batch_size: assets that are probed between two writes to the journal.
        processes: how many of them read at once, and share the requests to a server.
    """

    depth: Depth
    executor: Executor
    batch_size: int
    processes: int = 1


# ------------------------------------------------------------------ jobs
_FILE_FACTS = {"file": pl.String, "file_size": pl.Int64, "version": pl.String}
_KEY_FACTS = (*_FILE_FACTS, "kind", "offset", "size")


def with_keys(assets: pl.DataFrame, files: ReleaseFiles, depth: Depth) -> pl.DataFrame:
    """The assets with the ``file`` that holds each and the ``key`` of its facts.

    The key is of the release root; path, size and version of the file; the member in it; depth, and the probe's own
    code: what calls it and what tables its facts may change without probing anything again.
    """
    located = assets.with_columns(pl.coalesce("container", "path").alias("file"))
    facts = _file_facts(files, located["file"].unique())
    code = work_digest(batch_probe.__name__, around=_AROUND)
    texts = (
        located.lazy()
        .join(facts.lazy(), on="file", how="left", maintain_order="left")
        .select(
            pl.concat_str(
                pl.lit(f"{code}\0{depth}\0{files.root}"),
                *(pl.col(name).cast(pl.String).fill_null("") for name in _KEY_FACTS),
                separator="\0",
            ).cast(pl.Binary)
        )
    )
    # Slice by slice: a Python string takes three times what a column takes for it.
    keys = [
        pl.Series(KEY, [xxhash.xxh3_128_hexdigest(text) for text in part.to_series()], pl.String)
        for part in texts.collect().iter_slices(_HASHED_ROWS)
    ]
    return located.with_columns(pl.concat([pl.Series(KEY, [], pl.String), *keys]))


_AROUND = (
    *(each.__name__ for each in (journal_module, release_files, media_table, fields, wanted_parts, ranges)),
    "pyarrow",
)
"""What carries a probe's work and facts, and decides none of them."""


def _file_facts(files: ReleaseFiles, paths: Iterable[str]) -> pl.DataFrame:
    """Size and version of each file, from one listing of each folder; a file that is not there has no row."""
    wanted = set(paths)
    folders = sorted({path.rpartition("/")[0] for path in wanted})
    found = (file for folder in folders for file in files.files_in(folder) if file.path in wanted)
    return pl.DataFrame(
        [(file.path, file.size, files.version(file)) for file in found], schema=_FILE_FACTS, orient="row"
    )


class _Jobs:
    """The jobs of a frame, by file and offset, made as they are gone through: a million would take 400 MB."""

    def __init__(self, assets: pl.DataFrame) -> None:
        self._assets = assets.select(ProbeJob._fields).sort("file", "offset", maintain_order=True)

    def __len__(self) -> int:
        return self._assets.height

    def __iter__(self) -> Iterator[ProbeJob]:
        return map(ProbeJob._make, self._assets.iter_rows())

    def __contains__(self, job: object) -> bool:
        return any(job == own for own in self)


# ------------------------------------------------------------------ the table
@dataclass(frozen=True)
class InspectedAssets:
    """The assets of the inspected kinds, each with its facts in the journal.

    Attributes:
        assets: with the ``key`` of each, in their order.
        facts: of all of them.
    """

    assets: pl.DataFrame
    facts: JournalRows

    def pieces(self) -> Iterator[pa.Table]:
        """The table of the media (``MEDIA_COLUMNS``): one row per asset, in their order, some thousands at a time."""
        for part in self.assets.iter_slices(_PIECE_ROWS):
            facts = pl.DataFrame(pl.from_arrow(self.facts.take(part[KEY].to_arrow())))
            media = part.join(facts, on=KEY, how="left", maintain_order="left").rename({"size": "size_bytes"})
            yield media.select(MEDIA_SCHEMA.names).to_arrow().cast(MEDIA_SCHEMA)

    def count_unreadable(self) -> int:
        """How many could not be read, for reasons that may pass."""
        failures = self.facts.failures(self.assets[KEY].to_arrow())
        return sum(failure is not None and failure[0] == MediaFault.UNREADABLE for failure in failures)


def inspect_assets(
    assets: pl.DataFrame,
    kinds: Collection[str],
    files: ReleaseFiles,
    probing: ProbeConfig,
    journal: Journal,
) -> InspectedAssets:
    """The assets of the kinds, probed where the journal lacks their facts.

    Args:
        assets: all assets, columns of ``assets``.
        kinds: those to be inspected.
        files: the release.
        probing: how they are read.
        journal: what was probed before; what is probed now is added.

    Raises:
        ConservationError: an asset has no row.
    """
    wanted = with_keys(assets.filter(pl.col("kind").is_in(list(kinds))), files, probing.depth)
    with journal:
        # Other kinds and depths may be asked for again, so they are wanted too.
        every = pl.concat([with_keys(assets, files, depth).select(KEY, "id") for depth in Depth])
        journal.note_wanted(every[KEY].to_arrow(), ids=every["id"].to_arrow())
        probed = _probe_missing(wanted, files, probing, journal)
        journal.compact()
        facts = JournalRows(journal)
    if wanted.is_empty():
        logger.info("media: the release has no assets of the inspected kinds")
    else:
        logger.info(
            "media: %s assets probed, %s known from before", f"{probed:,}", f"{wanted.height - probed:,}"
        )
    known = int(facts.holds(wanted[KEY].to_arrow()).sum())
    if known != wanted.height:
        raise ConservationError(
            "Assets were lost on the way to the table of the media",
            where="table media",
            got=f"{known:,} probed",
            allowed=f"{wanted.height:,}, one for each asset",
            todo="report it: this is a defect of this project",
        )
    return InspectedAssets(wanted, facts)


def inspect_shard(
    shard: Shard,
    assets: pl.DataFrame,
    kinds: Collection[str],
    files: ReleaseFiles,
    probing: ProbeConfig,
    journal: Journal,
) -> NoReturn:
    """Probe the share of the assets that is a shard's, note it in its own journal, and end the process well.

    The other arguments are those of ``inspect_assets``.
    """
    wanted = with_keys(assets.filter(pl.col("kind").is_in(list(kinds))), files, probing.depth)
    own = wanted.filter(pl.Series(shard.holds(wanted[KEY].to_arrow()), dtype=pl.Boolean))
    with ShardJournal(journal, shard) as part:
        part.note_asked(own[KEY].to_arrow(), own["id"].to_arrow())
        probed = _probe_missing(own, files, probing, part)
        part.compact()
    end_shard(shard, "media", probed, own[KEY].n_unique() - probed)


def _probe_missing(wanted: pl.DataFrame, files: ReleaseFiles, probing: ProbeConfig, journal: Journal) -> int:
    """Probe what the journal lacks; gives the number of assets probed."""
    with item_progress("inspecting", wanted.height) as progress:
        batches = run_resumable(
            _Jobs(wanted),
            attrgetter(KEY),
            BatchProbe(files.shared(probing.processes), probing.depth),
            probing.executor,
            journal,
            batch_size=probing.batch_size,
            progress=progress,
        )
        probed = unreadable = 0
        for batch in batches:
            probed += batch.num_rows
            unreadable += batch["error"].to_pylist().count(MediaFault.UNREADABLE.value)
            if probed == unreadable >= _MOST_UNREADABLE:
                raise _nothing_readable(files, probed, batch["error_detail"][0].as_py())
        return probed


def _nothing_readable(files: ReleaseFiles, count: int, detail: str) -> ReleaseError:
    return ReleaseError(
        "None of the media can be read",
        where=f"release_root={files.root}",
        got=f"{count} files that the system does not read; the last of them {detail}",
        todo="look at the disk, the server or the permissions, and run again",
    )


def media_stream(
    files: ReleaseFiles,
    assets: pl.LazyFrame,
    kinds: Collection[str],
    fingerprints: Mapping[str, str],
    probing: ProbeConfig,
    journal: Journal,
    glue: Sequence[str] = (),
) -> TableStream:
    """The table of the media for a dataset to write; nothing is probed where the stored one is of the same assets.

    Args:
        files: the release.
        assets: all assets, columns of ``assets``.
        kinds: those to be inspected.
        fingerprints: of the stored tables; of ``media`` that of the stream which it was written from.
        probing: how they are read.
        journal: what was probed before.
        glue: modules that call this, whose code counts too.
    """
    if journal.place.shard is not None:
        inspect_shard(journal.place.shard, assets.collect(), kinds, files, probing, journal)
    wanted = media_fingerprint(fingerprints["assets"], kinds, probing.depth, glue)
    if fingerprints["media"] == wanted:
        # Who writes it may find that the stored one is no whole table, and must be given the rows all the same.
        return _stream(
            wanted, lambda: inspect_assets(assets.collect(), kinds, files, probing, journal).pieces()
        )
    inspected = inspect_assets(assets.collect(), kinds, files, probing, journal)
    if unreadable := inspected.count_unreadable():
        logger.warning(
            "media: %s files could not be read; they are tried again with the next run", f"{unreadable:,}"
        )
        wanted = f"{wanted}, {unreadable} to be read again"
    return _stream(wanted, inspected.pieces)


def media_fingerprint(assets: str, kinds: Collection[str], depth: Depth, glue: Sequence[str] = ()) -> str:
    """What the table of the media is made of, as a digest.

    Args:
        assets: the fingerprint of the stored assets.
        kinds: those that are inspected.
        depth: how much is read of each.
        glue: modules that call for the table, whose code counts too.
    """
    facts = [code_digest(__name__, glue=glue), assets, sorted(kinds), depth.value]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _stream(fingerprint: str, pieces: Callable[[], Iterator[pa.Table]]) -> TableStream:
    return TableStream("media", MEDIA_SCHEMA, fingerprint, 0, pieces, lambda: 0, dict)
