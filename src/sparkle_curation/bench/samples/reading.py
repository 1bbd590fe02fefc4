"""A benchmark in its published layout, as a table of samples; what cannot be trusted, and what is odd, in its quarantine.

The CSVs say which samples there are, in their order: what the metadata lack, and a source that is not there, take no sample
away. So what is averaged later is averaged over all rows of the CSVs.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import pyarrow as pa
from xxhash import xxh3_128_hexdigest

from sparkle_curation.bench.samples.oddities import oddities_of_source, what_is_shared
from sparkle_curation.bench.samples.probing import SourceFacts, probe_sources
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.ingest.csv.annotations import header_of, read_metadata, without_repeats
from sparkle_curation.ingest.csv.csv_records import CsvRecord, csv_records
from sparkle_curation.ingest.exclusions.resolving import excluded_files
from sparkle_curation.ingest.faults import QUARANTINE_SCHEMA, Fault
from sparkle_curation.ingest.file_starts import START_BYTES, check_text
from sparkle_curation.ingest.ingestion import SOURCE_FILE_SCHEMA, Ledger
from sparkle_curation.ingest.jsonl.duplicates import lines_at
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.benchmark import (
    OTHER_BENCHMARKS,
    annotations_path,
    metadata_path,
    output_path,
    published_output_path,
    ref_image_path,
    scene_key,
    source_video_path,
    split_keyword,
)
from sparkle_curation.spec.codes.bench_reasons import BenchReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.sample_ids import id_form, parse_sample_id
from sparkle_curation.spec.tables.benchmark import BENCH_SAMPLE_COLUMNS
from sparkle_curation.spec.tables.ingested import QUARANTINE_COLUMNS
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES

TABLE = "bench_samples"


@dataclass(frozen=True)
class ReadBenchmark:
    """A benchmark as it was read.

    Attributes:
        samples: ``BENCH_SAMPLE_COLUMNS``.
        quarantine: what could not be trusted, and what is odd: columns of ``quarantine``.
        counts: one row per file that the benchmark should have: ``theme``, ``path``, ``is_present``, ``record_count``,
            ``row_count``, ``quarantined_count``, ``warning_count``.
    """

    samples: pl.DataFrame
    quarantine: pl.DataFrame
    counts: pl.DataFrame


def empty_benchmark() -> ReadBenchmark:
    """No benchmark: tables without rows."""
    samples, quarantine = (
        pl.DataFrame(schema=frame_schema(each)) for each in (BENCH_SAMPLE_COLUMNS, QUARANTINE_COLUMNS)
    )
    return ReadBenchmark(samples, quarantine, pl.DataFrame(schema=COUNT_SCHEMA))


def read_benchmark(files: ReleaseFiles, benchmark: Benchmark) -> ReadBenchmark:
    """The benchmark below a root: each row of its CSVs and line of its metadata is a sample, or in the quarantine.

    What is about a sample whose source clip was excluded on request is neither, nor among the records that are counted.

    Raises:
        ReleaseError: there is no file of it, or a CSV has another header.
        ConservationError: a record is neither a sample nor in the quarantine.
    """
    themes = _check_there(files, benchmark)
    excluded = excluded_files(files, benchmark.source_videos)
    ledger = Ledger(TABLE, excluded)
    every = [row for theme in themes for row in _read_theme(files, benchmark, theme, ledger)]
    read = [row for row in every if row.id not in excluded.ids]
    facts = probe_sources(
        files, [(row.source_path, ref_image_path(benchmark, row.theme, row.id)) for row in read]
    )
    samples = pl.DataFrame(
        [_sample(row, found, benchmark) for row, found in zip(read, facts, strict=True)],
        schema=frame_schema(BENCH_SAMPLE_COLUMNS),
        orient="row",
    )
    _tell_oddities(read, facts, samples, benchmark, ledger)
    quarantine = pl.DataFrame(
        pl.from_arrow(pa.concat_tables([pa.Table.from_batches([], QUARANTINE_SCHEMA), *ledger.quarantined()]))
    )
    sources = pl.DataFrame(pl.from_arrow(ledger.source_files().cast(SOURCE_FILE_SCHEMA)))
    left_out = _count_excluded(benchmark, [row for row in every if row.id in excluded.ids])
    at_issue = (
        pl.col("record_count") - pl.col("excluded_count") - pl.col("path").replace_strict(left_out, default=0)
    )
    return ReadBenchmark(
        samples,
        quarantine,
        _count(benchmark, themes, samples, quarantine, sources.with_columns(record_count=at_issue)),
    )


def _count_excluded(benchmark: Benchmark, rows: Iterable[_Row]) -> dict[str, int]:
    """The records of each file that are about samples which were excluded on request."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[annotations_path(benchmark, row.theme)] += row.record.line_count
        counts[metadata_path(benchmark, row.theme)] += bool(row.metadata)
    return counts


# ------------------------------------------------------------------ rows
@dataclass(frozen=True)
class _Row:
    """A trusted record of a CSV with the line of the metadata that is of the same sample."""

    theme: str
    id: str
    record: CsvRecord
    place: int
    cells: Mapping[str, str]
    source_path: str
    metadata: Mapping[str, Any]


def _check_there(files: ReleaseFiles, benchmark: Benchmark) -> list[str]:
    """The themes of the benchmark: those of the description, and others that there is a CSV of.

    Raises:
        ReleaseError: there is no CSV of any.
    """
    there = {file.path for file in files.files_in()}
    wanted = {theme: annotations_path(benchmark, theme) for theme in THEMES}
    found = {theme for theme, path in wanted.items() if path in there or ("/" in path and files.find(path))}
    if found:
        return [theme for theme in THEMES if theme in found or theme in benchmark.themes]
    others = [each.annotations for each in OTHER_BENCHMARKS]
    below = [
        name
        for name in files.folders_in()
        if any(files.find(f"{name}/{path}") for path in (*wanted.values(), *others))
    ]
    download = (
        f"hf download {benchmark.repository} --repo-type=dataset --local-dir ./{benchmark.name}; "
        if benchmark.repository
        else ""
    )
    raise ReleaseError(
        f"There is no file of {benchmark.name} in the folder",
        where=f"bench_root={files.root}",
        got=f"{len(there)} other files" if there else "no file",
        allowed=f"a folder with {wanted[benchmark.themes[0]]}, or those of other themes"
        + "".join(f"; or with {path}" for path in others),
        todo=f"--params bench_root={files.root.rstrip('/')}/{below[0]}"
        if below
        else f"{download}--params bench_root=./{benchmark.name}",
    )


def _read_theme(files: ReleaseFiles, benchmark: Benchmark, theme: str, ledger: Ledger) -> list[_Row]:
    path, other_path = annotations_path(benchmark, theme), metadata_path(benchmark, theme)
    columns = benchmark.columns
    records, header = _read_csv(files, files.find(path), benchmark, theme, ledger)
    prompts = [
        (_id_of(record, header, columns.source), dict(zip(header, record.cells, strict=True))[columns.prompt])
        for _, record in records
    ]
    samples = pl.DataFrame(prompts, schema={"id": pl.String, "prompt": pl.String}, orient="row")
    metadata_file = files.find(other_path)
    metadata = read_metadata(files, metadata_file, theme, samples, ledger)
    by_id = {row["id"]: row for row in metadata.to_dicts()}
    unused = {row["metadata_line"] for name, row in by_id.items() if name not in set(samples["id"])}
    if metadata_file and unused:
        ledger.quarantine(theme, other_path, list(_unused_lines(files, other_path, unused, by_id)))
    rows = []
    for place, record in records:
        cells = dict(zip(header, record.cells, strict=True))
        sample_id = _id_of(record, header, columns.source)
        rows.append(
            _Row(
                theme,
                sample_id,
                record,
                place,
                cells,
                posixpath.normpath(cells[columns.source]),
                by_id.get(sample_id, {}),
            )
        )
    return rows


def _read_csv(
    files: ReleaseFiles, source: SourceFile | None, benchmark: Benchmark, theme: str, ledger: Ledger
) -> tuple[list[tuple[int, CsvRecord]], list[str]]:
    """The trusted records, each with its place among all, and the header; the rest goes to the ledger."""
    columns = benchmark.columns
    if source is None:
        return [], []
    with files.open(source.path) as stream:
        data = stream.read()
    check_text(data[:START_BYTES], source.path)
    found = csv_records(data, columns.source)
    header_record = header_of(next(found, None), source.path, [columns.theme, columns.prompt, columns.source])
    header = header_record.cells
    kept, faults, places = [], [], {}
    for place, record in enumerate(found):
        fault = record if isinstance(record, Fault) else _record_fault(record, header, benchmark, theme)
        if fault is not None:
            faults.append(fault)
        elif isinstance(record, CsvRecord):
            places[record.line] = place
            kept.append(record)
    kept, repeats = without_repeats(kept, partial(_id_of, header=header, column=columns.source))
    ledger.quarantine(theme, source.path, sorted([*faults, *repeats], key=lambda fault: fault.line or 0))
    line_count = data.count(b"\n") + (not data.endswith(b"\n")) - header_record.line_count
    ledger.close_source(theme, source.path, source.size, line_count, xxh3_128_hexdigest(data))
    return [(places[record.line], record) for record in kept], header


def _id_of(record: CsvRecord, header: list[str], column: str) -> str:
    return PurePosixPath(record.cells[header.index(column)]).stem


def _record_fault(record: CsvRecord, header: list[str], benchmark: Benchmark, theme: str) -> Fault | None:
    columns = benchmark.columns
    cells = dict(zip(header, record.cells, strict=True))
    empty = [name for name in (columns.theme, columns.prompt, columns.source) if not cells[name].strip()]
    if empty:
        return record.fault(Reason.MISSING_FIELD, f"{empty[0]} is empty; it is required")
    found = parse_sample_id(_id_of(record, header, columns.source))
    if found is None or found.theme != theme:
        allowed = source_video_path(benchmark, theme, id_form(theme))
        detail = f"{columns.source}: got {cells[columns.source]!r}, allowed {allowed}"
        return record.fault(Reason.BAD_SAMPLE_ID, detail, sample_id=str(found) if found else None)
    return None


def _unused_lines(
    files: ReleaseFiles, path: str, lines: set[int], by_id: Mapping[str, Mapping[str, Any]]
) -> Iterator[Fault]:
    ids = {row["metadata_line"]: name for name, row in by_id.items()}
    with files.open(path) as stream:
        for line, offset, length, raw in lines_at(stream, lines):
            detail = f"the CSV has no row of {ids[line]}"
            yield Fault(BenchReason.NO_SAMPLE, detail, raw, offset, length, line, id=ids[line])


def _sample(row: _Row, facts: SourceFacts, benchmark: Benchmark) -> dict[str, Any]:
    keyword = row.metadata.get("chosen_keyword")
    parts = split_keyword(keyword, benchmark.keyword_separator) if keyword else None
    return {
        "sample_id": row.id,
        "theme": row.theme,
        "subtheme": parts[0] if parts else None,
        "scene": parts[1] if parts else None,
        "scene_key": scene_key(parts[1]) if parts else None,
        "chosen_keyword": keyword,
        "edit_prompt": row.cells[benchmark.columns.prompt],
        "metadata_prompt": row.metadata.get("metadata_prompt"),
        "original_scene": row.metadata.get("original_scene"),
        "source_path": row.source_path,
        "ref_image_path": ref_image_path(benchmark, row.theme, row.id) if facts.has_ref_image else None,
        "output_path": output_path(benchmark, row.theme, *parts, row.id) if parts else None,
        **facts.columns,
        "annotation_row": row.place,
        "csv_line": row.record.line,
        "csv_line_count": row.record.line_count,
        "metadata_line": row.metadata.get("metadata_line"),
    }


# ------------------------------------------------------------------ what is odd
def _tell_oddities(
    rows: list[_Row], facts: list[SourceFacts], samples: pl.DataFrame, benchmark: Benchmark, ledger: Ledger
) -> None:
    """Put a warning for each oddity of a sample into the ledger: its row stays."""
    shared = what_is_shared(samples)
    for theme in dict.fromkeys(row.theme for row in rows):
        faults = [
            row.record.fault(reason, detail, sample_id=row.id)
            for row, found in zip(rows, facts, strict=True)
            if row.theme == theme
            for reason, detail in (
                *_of_row(row, benchmark),
                *oddities_of_source(row.source_path, found, ref_image_path(benchmark, row.theme, row.id)),
                *shared[row.id],
            )
        ]
        ledger.quarantine(theme, annotations_path(benchmark, theme), faults)


def _of_row(row: _Row, benchmark: Benchmark) -> Iterator[tuple[BenchReason, str]]:
    said = row.cells[benchmark.columns.theme]
    if said != row.theme:
        yield BenchReason.ANOTHER_THEME, f"{benchmark.columns.theme}: got {said!r}, allowed {row.theme!r}"
    noted = row.metadata.get("edit_type", METADATA_EDIT_TYPES[row.theme])
    if noted != METADATA_EDIT_TYPES[row.theme]:
        yield (
            BenchReason.ANOTHER_THEME,
            f"edit_type: got {noted!r}, allowed {METADATA_EDIT_TYPES[row.theme]!r}",
        )
    expected = source_video_path(benchmark, row.theme, row.id)
    if row.source_path != expected:
        yield BenchReason.OTHER_PATH, f"got {row.source_path!r}, allowed {expected!r}"
    if not row.metadata:
        yield BenchReason.MISSING_METADATA, f"{metadata_path(benchmark, row.theme)} has no line of it"
        return
    keyword, separator = row.metadata.get("chosen_keyword"), benchmark.keyword_separator
    parts = split_keyword(keyword, separator) if keyword else None
    if parts is None:
        yield BenchReason.BAD_KEYWORD, f"got {keyword!r}, allowed 'subtheme{separator}scene'"
        return
    if keyword and keyword.count(separator) > 1:
        yield BenchReason.SEVERAL_SEPARATORS, f"{keyword!r} is taken as {parts[0]!r} and {parts[1]!r}"
    safe, published = (
        make(benchmark, row.theme, *parts, row.id) for make in (output_path, published_output_path)
    )
    if safe != published:
        yield BenchReason.UNSAFE_NAME, f"{keyword!r} becomes {safe!r}"


# ------------------------------------------------------------------ nothing lost
COUNT_SCHEMA = {
    "theme": pl.String,
    "path": pl.String,
    "is_present": pl.Boolean,
    "record_count": pl.Int64,
    "row_count": pl.Int64,
    "quarantined_count": pl.Int64,
    "warning_count": pl.Int64,
}


def _count(
    benchmark: Benchmark,
    themes: list[str],
    samples: pl.DataFrame,
    quarantine: pl.DataFrame,
    sources: pl.DataFrame,
) -> pl.DataFrame:
    """One row per file that the benchmark should have; of a CSV the lines that its rows take are counted.

    Raises:
        ConservationError: the records of a file are not its rows and those in the quarantine.
    """
    read = dict(sources.select("path", "record_count").rows())
    rows = []
    for theme, path, lines in _expected(benchmark, themes, samples):
        of_file = quarantine.filter(pl.col("path") == path)
        lost = int(of_file.filter(~pl.col("is_row_kept"))["line_count"].sum())
        if path in read:
            check_conserved(path, read[path], lines, lost)
        rows.append((theme, path, path in read, read.get(path, 0), lines, lost, of_file["is_row_kept"].sum()))
    return pl.DataFrame(rows, schema=COUNT_SCHEMA, orient="row")


def check_conserved(path: str, read: int, lines: int, lost: int) -> None:
    """Nothing, when a file's lines are those of its samples and those in the quarantine.

    Raises:
        ConservationError: they are not.
    """
    if read != lines + lost:
        raise ConservationError(
            "A file's records are not its samples plus its quarantined records",
            where=path,
            got=f"{read} read, {lines} samples, {lost} quarantined",
            allowed="read = samples + quarantined",
            todo="report it: this is a defect of this project",
        )


def _expected(
    benchmark: Benchmark, themes: list[str], samples: pl.DataFrame
) -> Iterable[tuple[str, str, int]]:
    for theme in themes:
        of_theme = samples.filter(pl.col("theme") == theme)
        yield theme, annotations_path(benchmark, theme), int(of_theme["csv_line_count"].sum())
        yield theme, metadata_path(benchmark, theme), of_theme["metadata_line"].count()
