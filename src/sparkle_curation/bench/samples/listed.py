"""A benchmark of one CSV, such as OpenVE-Bench, as a table of samples: their ids are the names of their videos.

There are neither metadata nor scenes nor reference images; a sample's theme is the kind of its edit. Rows of kinds that the
published evaluator leaves out are in the quarantine, so that they take no part in a mean and none of them is lost.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import pyarrow as pa
from xxhash import xxh3_128_hexdigest

from sparkle_curation.bench.samples.checking import check_found
from sparkle_curation.bench.samples.oddities import oddities_of_source, what_is_shared
from sparkle_curation.bench.samples.probing import SourceFacts, list_files, probe_sources
from sparkle_curation.bench.samples.reading import (
    COUNT_SCHEMA,
    TABLE,
    ReadBenchmark,
    check_conserved,
)
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.ingest.csv.annotations import header_of, without_repeats
from sparkle_curation.ingest.csv.csv_records import CsvRecord, csv_records
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.ingest.exclusions.resolving import Excluded, excluded_among
from sparkle_curation.ingest.faults import QUARANTINE_SCHEMA, Fault
from sparkle_curation.ingest.file_starts import START_BYTES, check_text
from sparkle_curation.ingest.ingestion import Ledger
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.bench_reasons import BenchReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.description.benchmarks import BenchmarkCounts, ListedBenchmark
from sparkle_curation.spec.tables.benchmark import BENCH_SAMPLE_COLUMNS

_ID = re.compile(r"[^.\x00-\x1f\x7f][^\x00-\x1f\x7f]*")
"""Names of videos as people give them; none is a hidden file, or nothing before the suffix."""


def read_listed(files: ReleaseFiles, benchmark: ListedBenchmark) -> ReadBenchmark:
    """The benchmark below a root: each record of its CSV is a sample, or in the quarantine.

    What is about a sample whose source clip was excluded on request is neither, nor among the records that are counted.

    Raises:
        ReleaseError: the CSV has another header.
        ConservationError: a record is neither a sample nor in the quarantine.
    """
    path, columns = benchmark.annotations, benchmark.columns
    data, header, found = _read_csv(files, benchmark)
    excluded = _excluded_of(files, benchmark, header, found, files.exclusions)
    ledger = Ledger(TABLE, excluded)
    every, faults, places = _sort(found, header.cells, benchmark)
    kept = [record for record in every if _id_of(record, header.cells, benchmark) not in excluded.ids]
    ledger.quarantine(None, path, faults)
    line_count = data.count(b"\n") + (not data.endswith(b"\n")) - header.line_count
    ledger.close_source(None, path, len(data), line_count, xxh3_128_hexdigest(data))
    cells = [dict(zip(header.cells, record.cells, strict=True)) for record in kept]
    sources = _find_sources(files, [each[columns.source] for each in cells], benchmark)
    facts = probe_sources(files, [(source, None) for source in sources])
    samples = pl.DataFrame(
        [
            _sample(record, places[record.line], of_one, source, known, benchmark)
            for record, of_one, source, known in zip(kept, cells, sources, facts, strict=True)
        ],
        schema=frame_schema(BENCH_SAMPLE_COLUMNS),
        orient="row",
    )
    shared = what_is_shared(samples)
    for record, row, known in zip(kept, samples.to_dicts(), facts, strict=True):
        told = [*oddities_of_source(row["source_path"], known, None), *shared[row["sample_id"]]]
        oddities = [record.fault(reason, detail, sample_id=row["sample_id"]) for reason, detail in told]
        ledger.quarantine(row["theme"], path, oddities)
    quarantine = pl.DataFrame(
        pl.from_arrow(pa.concat_tables([pa.Table.from_batches([], QUARANTINE_SCHEMA), *ledger.quarantined()]))
    )
    lost = int(quarantine.filter(~pl.col("is_row_kept"))["line_count"].sum())
    warnings = quarantine["is_row_kept"].sum()
    lines = int(samples["csv_line_count"].sum())
    left_out = sum(record.line_count for record in every) - sum(record.line_count for record in kept)
    at_issue = line_count - left_out - ledger.source_files()["excluded_count"][0].as_py()
    check_conserved(path, at_issue, lines, lost)
    counts = [("", path, True, at_issue, lines, lost, warnings)]
    return ReadBenchmark(samples, quarantine, pl.DataFrame(counts, schema=COUNT_SCHEMA, orient="row"))


def excluded_of_listed(
    files: ReleaseFiles, benchmark: ListedBenchmark, exclusions: ExclusionList
) -> tuple[Excluded, frozenset[str]]:
    """The samples of the benchmark whose source video is a listed clip, and their prompts and names that stand in no other.

    Args:
        files: the benchmark.
        benchmark: its description.
        exclusions: the list, instead of that which the files carry.

    Raises:
        ReleaseError: the CSV has another header.
    """
    _, header, found = _read_csv(files, benchmark)
    excluded = _excluded_of(files, benchmark, header, found, exclusions)
    place = header.cells.index(benchmark.columns.prompt)
    own: set[str] = set()
    others: set[str] = set()
    for record in found:
        if isinstance(record, CsvRecord):
            sample_id = _id_of(record, header.cells, benchmark)
            (own if sample_id in excluded.ids else others).update({record.cells[place], sample_id})
    every = "\n".join(others)
    return excluded, frozenset(text for text in own if text not in every)


def _read_csv(
    files: ReleaseFiles, benchmark: ListedBenchmark
) -> tuple[bytes, CsvRecord, list[CsvRecord | Fault]]:
    """The bytes of the CSV, its header, and its records."""
    path, columns = benchmark.annotations, benchmark.columns
    with files.open(path) as stream:
        data = stream.read()
    check_text(data[:START_BYTES], path)
    found = csv_records(data, columns.source)
    header = header_of(next(found, None), path, [columns.theme, columns.prompt, columns.source])
    return data, header, list(found)


def _excluded_of(
    files: ReleaseFiles,
    benchmark: ListedBenchmark,
    header: CsvRecord,
    found: Sequence[CsvRecord | Fault],
    exclusions: ExclusionList,
) -> Excluded:
    """The samples, left out or not, whose source video is a listed clip."""
    if not exclusions:
        return Excluded()
    place = header.cells.index(benchmark.columns.source)
    told = [record.cells[place] for record in found if isinstance(record, CsvRecord)]
    there = list_files(files, sources := _find_sources(files, told, benchmark))
    return excluded_among(files, [there[source] for source in sources if source in there], exclusions)


def check_listed(samples: pl.DataFrame, quarantine: pl.DataFrame, counts: BenchmarkCounts) -> pl.DataFrame:
    """One row per check, as ``check_counts`` gives them of the dataset's own benchmark.

    Args:
        samples: ``BENCH_SAMPLE_COLUMNS``.
        quarantine: of the benchmark.
        counts: how much there should be.
    """
    total = samples.height
    lost = quarantine.filter(~pl.col("is_row_kept"))
    left_out = lost.filter(pl.col("reason") == BenchReason.LEFT_OUT).height
    shared = quarantine.filter(pl.col("reason") == BenchReason.SHARED_SOURCE).height
    uneven = quarantine.filter(pl.col("reason") == BenchReason.UNEVEN_LENGTH).height
    return check_found(
        {
            "records": (total + lost.height, counts.records),
            "samples": (total, counts.samples),
            "themes": (samples["theme"].n_unique(), counts.themes),
            "whole sources": (int(samples["source_error"].is_null().sum()), total),
            "sources of one sample": (total - shared, total),
            "sources of 4n + 1 frames": (total - uneven, total),
            "quarantined records": (lost.height - left_out, 0),
        }
    )


def _sort(
    found: Sequence[CsvRecord | Fault], header: list[str], benchmark: ListedBenchmark
) -> tuple[list[CsvRecord], list[Fault], dict[int, int]]:
    """The records that are samples, the faults of all others, and the place of each record by its line."""
    kept, faults, places = [], [], {}
    for place, record in enumerate(found):
        fault = record if isinstance(record, Fault) else _fault_of(record, header, benchmark)
        if fault is not None:
            faults.append(fault)
        elif isinstance(record, CsvRecord):
            places[record.line] = place
            kept.append(record)
    kept, repeats = without_repeats(kept, partial(_id_of, header=header, benchmark=benchmark))
    return kept, sorted([*faults, *repeats], key=lambda fault: fault.line or 0), places


def _fault_of(record: CsvRecord, header: list[str], benchmark: ListedBenchmark) -> Fault | None:
    columns = benchmark.columns
    cells = dict(zip(header, record.cells, strict=True))
    for name in (columns.theme, columns.prompt, columns.source):
        if not cells[name].strip():
            return record.fault(Reason.MISSING_FIELD, f"{name} is empty; it is required")
    sample_id = _id_of(record, header, benchmark)
    if not _ID.fullmatch(sample_id):
        detail = f"{columns.source}: got {cells[columns.source]!r}, allowed a path of a file whose name has no dot before it"
        return record.fault(Reason.BAD_SAMPLE_ID, detail)
    theme = cells[columns.theme]
    if theme in benchmark.left_out:
        return record.fault(BenchReason.LEFT_OUT, f"{columns.theme}: {theme}", sample_id=sample_id)
    if theme not in benchmark.themes:
        detail = f"{columns.theme}: got {theme!r}, allowed {', '.join(benchmark.themes)}"
        return record.fault(BenchReason.UNKNOWN_THEME, detail, sample_id=sample_id)
    return None


def _id_of(record: CsvRecord, header: list[str], benchmark: ListedBenchmark) -> str:
    return PurePosixPath(record.cells[header.index(benchmark.columns.source)]).stem


def _find_sources(files: ReleaseFiles, told: Sequence[str], benchmark: ListedBenchmark) -> list[str]:
    """Where each source lies: at its path from the root, or from the folder above, as the published scripts take it."""
    below = [posixpath.normpath(path) for path in told]
    shorter = [path.partition("/")[2] if path.startswith(f"{benchmark.name}/") else path for path in below]
    there = list_files(files, [*below, *shorter])
    return [path if path in there else other for path, other in zip(below, shorter, strict=True)]


def _sample(
    record: CsvRecord,
    place: int,
    cells: dict[str, str],
    source: str,
    facts: SourceFacts,
    benchmark: ListedBenchmark,
) -> dict[str, Any]:
    sample_id = PurePosixPath(cells[benchmark.columns.source]).stem
    row: dict[str, Any] = {
        **dict.fromkeys(field.name for field in BENCH_SAMPLE_COLUMNS),
        "sample_id": sample_id,
        "theme": cells[benchmark.columns.theme],
        "edit_prompt": cells[benchmark.columns.prompt],
        "source_path": source,
        "output_path": benchmark.output.format(id=sample_id),
        **facts.columns,
        "annotation_row": place,
        "csv_line": record.line,
        "csv_line_count": record.line_count,
    }
    return row
