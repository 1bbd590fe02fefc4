"""The source clips that records name, for who asks which samples are made from one."""

from __future__ import annotations

from collections.abc import Iterator

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.shapes.archives import Place
from sparkle_curation.ingest.shapes.finder import Finder, file_columns
from sparkle_curation.ingest.shapes.places import MediaPlaces
from sparkle_curation.ingest.shapes.records import Record, read_records, table_sources
from sparkle_curation.ingest.shapes.samples import samples_of
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.shape.description import Shape
from sparkle_curation.spec.themes import THEMES


def source_clips(files: ReleaseFiles, shape: Shape) -> Iterator[tuple[str, Place]]:
    """The source clip of each sample that the records give, by the sample's id.

    Of a sample that is used backwards too: the clip is its target then.
    """
    for theme in THEMES:
        finder = Finder(shape, theme, MediaPlaces(files, shape, theme))
        sources = table_sources(files, shape.tables, theme)
        for found in read_records(files, shape.tables, sources, shape.max_record_bytes, file_columns(shape)):
            if not isinstance(found, Record):
                continue
            samples = [each for each in samples_of(found, shape, theme) if not isinstance(each, Fault)]
            try:
                place = (
                    finder.place(found, KIND.source_video, shape.media[KIND.source_video])
                    if samples
                    else None
                )
            except LineFaultError:
                continue
            if place is not None:
                yield from ((sample.id, place) for sample in samples)
