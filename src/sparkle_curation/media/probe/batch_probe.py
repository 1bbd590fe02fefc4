"""Probing a batch of assets, here or in a process of its own: a small module, so that a process starts fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.media.facts import MediaFacts, broken_by
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.media.probe.wanted_parts import WantedParts
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS

MEDIA_SCHEMA: pa.Schema = arrow_schema(MEDIA_COLUMNS)
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [(KEY, pa.string()), *((field.name, MEDIA_SCHEMA.field(field.name).type) for field in fields(MediaFacts))]
)
"""Of the journal: the facts of a file under the digest of everything that they depend on."""


class ProbeJob(NamedTuple):
    """One asset to be probed.

    Attributes:
        key: digest of everything that its facts depend on.
        kind: asset kind.
        file: path from the release root of the tar that holds it, or of itself.
        offset: first byte in that file.
        size: length in bytes.
    """

    key: str
    kind: str
    file: str
    offset: int
    size: int


@dataclass(frozen=True)
class BatchProbe:
    """Probes a batch of assets; a file that holds several of them is opened once.

    Behind a server the ends of all are fetched, many at once, while those that are there are probed.

    Attributes:
        files: the release.
        depth: how much is read of each.
        wanted: what is fetched of each.
    """

    files: ReleaseFiles
    depth: Depth
    wanted: WantedParts = field(default_factory=WantedParts, compare=False)

    def __call__(self, jobs: list[ProbeJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        if not self.files.is_local:
            return _table(jobs, self._probe_remote(jobs))
        facts: list[MediaFacts] = []
        for file, members in groupby(jobs, key=attrgetter("file")):
            facts += self._probe_file(file, list(members))
        return _table(jobs, facts)

    def _probe_remote(self, jobs: list[ProbeJob]) -> list[MediaFacts]:
        parts = [self.wanted.of(job.file, job.kind, job.offset, job.size, self.depth) for job in jobs]
        facts = []
        for job, reader in zip(jobs, self.files.ahead(parts), strict=True):
            try:
                window = ByteWindow(reader.of(job.file, job.offset + job.size), job.offset, job.size)
                facts.append(self._probe(window, job))
            except FileNotFoundError:
                facts.append(_missing(job.file))
            self.wanted.learn(job.kind, job.offset, job.size, reader.held.missed)
        return facts

    def _probe_file(self, file: str, jobs: Sequence[ProbeJob]) -> list[MediaFacts]:
        try:
            with self.files.reader(file) as reader:
                return [self._probe(ByteWindow(reader, job.offset, job.size), job) for job in jobs]
        except FileNotFoundError:
            return [_missing(file)] * len(jobs)
        except OSError as error:
            return [_failed(MediaFault.UNREADABLE, f"{file}: {error.strerror or error}")] * len(jobs)

    def _probe(self, window: ByteWindow, job: ProbeJob) -> MediaFacts:
        # One member of a tar may lie on a bad place of the disk; the others are read all the same.
        try:
            return probe(job.kind, window, self.depth)
        except FileNotFoundError:
            raise
        except OSError as error:
            return _failed(MediaFault.UNREADABLE, f"{job.file}: {error.strerror or error}")


def _table(jobs: Sequence[ProbeJob], facts: Sequence[MediaFacts]) -> pa.Table:
    columns = zip(*map(astuple, facts), strict=True)
    return pa.table([[job.key for job in jobs], *map(list, columns)], schema=JOURNAL_SCHEMA)


def _missing(file: str) -> MediaFacts:
    return _failed(MediaFault.MISSING, f"{file} is not there")


def _failed(fault: MediaFault, detail: str) -> MediaFacts:
    return broken_by(BrokenMediaError(fault, detail))
