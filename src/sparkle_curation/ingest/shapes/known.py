"""Which samples the annotations have, so that no other table has a record that the annotations did not trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.shapes.records import Record, read_records, table_sources
from sparkle_curation.ingest.shapes.samples import Sample, samples_of
from sparkle_curation.spec.shape.description import Shape

Known = Callable[[str], dict[str, tuple[int, str]]]
"""Theme -> by the id of each sample the number of its record, and its prompt."""


def known_samples(annotations: AnyFrame) -> Known:
    """The samples of the annotations, collected when those of a theme are asked for."""

    def of_theme(theme: str) -> dict[str, tuple[int, str]]:
        own = annotations.lazy().filter(pl.col("theme") == theme).select("id", "csv_line", "prompt").collect()
        return {sample_id: (line, prompt) for sample_id, line, prompt in own.iter_rows()}

    return of_theme


def trusted_samples(
    files: ReleaseFiles, shape: Shape, theme: str, known: Known, columns: list[str] | None = None
) -> Iterator[Sample]:
    """The samples that the annotations have, each with its record, in the order of the records."""
    own = known(theme)
    sources = table_sources(files, shape.tables, theme)
    for found in read_records(files, shape.tables, sources, shape.max_record_bytes, columns):
        if isinstance(found, Record):
            for sample in samples_of(found, shape, theme):
                if not isinstance(sample, Fault) and own.get(sample.id, (0,))[0] == found.number:
                    yield sample
