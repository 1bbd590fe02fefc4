"""A table read from its JSONL files, one a theme."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_128

from sparkle_curation.engine.caching.code_digest import code_digest, own_modules
from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.file_starts import JSON_LIST, START_BYTES, check_text, is_json_list
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion, present
from sparkle_curation.ingest.jsonl.block import (
    JsonlBlockReader,
    ParsedBlock,
    readable_id,
)
from sparkle_curation.ingest.jsonl.blocks import HEAD_BYTES, Block, cut_blocks, line_bounds, without_mark
from sparkle_curation.ingest.jsonl.duplicates import IdRegister, find_repeats, lines_at
from sparkle_curation.ingest.jsonl.line_decoder import examine_line
from sparkle_curation.ingest.jsonl.prompt_index import PromptIndex
from sparkle_curation.ingest.jsonl.unknown_members import UnknownMembers
from sparkle_curation.ingest.jsonl.vector_checks import Rows
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.description.slices import stage_slice
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.layout import annotation_paths
from sparkle_curation.spec.stages import Criterion
from sparkle_curation.spec.tables.ingested import JsonlTable
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)

Prompts = Callable[[str], PromptIndex]
"""Theme -> its prompts. A function, so that they are loaded only when a table is read."""


def ingest_jsonl(table: JsonlTable, files: ReleaseFiles, prompts: Prompts) -> PartitionedIngestion:
    """The ingestion of one of the intermediate JSONL tables: a partition for each theme, whether or not it is there.

    A prompt that differs from the annotations' is a warning, so the annotations' files are sources too.
    """
    # The prompts are made by whoever hands them in, so that their code counts too.
    code = code_digest(__name__, *own_modules(prompts))
    if table.criteria:
        code += stage_slice(next(iter(table.criteria.values())).stage)
    return PartitionedIngestion(
        table.name, {theme: _ingest_theme(table, theme, files, prompts, code) for theme in THEMES}
    )


def _ingest_theme(
    table: JsonlTable, theme: str, files: ReleaseFiles, prompts: Prompts, code: str
) -> Ingestion:
    own = present(files, [table.path_of(theme)] if table.file_name else [])
    annotations = present(files, annotation_paths(theme))

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        for source in own:
            records = JsonlFile(files, source, theme, table.published, prompts(theme))
            for rows in records.read(ledger):
                yield _with_columns(table, rows)

    return Ingestion(table.name, table.schema, [*own, *annotations], files, code, read, theme)


@dataclass(frozen=True)
class JsonlRows:
    """Rows of a JSONL file: the published members, and where each row stood."""

    theme: str
    table: pa.Table
    source_lines: Rows
    extras: Mapping[int, str]


class JsonlFile:
    """One JSONL file of one theme, read once from its start to its end.

    Args:
        files: the release.
        source: the file.
        theme: the theme that its ids must have.
        fields: the members of a line.
        prompts: the prompts to hold against, if any.
    """

    def __init__(
        self,
        files: ReleaseFiles,
        source: SourceFile,
        theme: str,
        fields: tuple[Field, ...],
        prompts: PromptIndex | None,
    ) -> None:
        self._files, self._source, self._theme, self._fields = files, source, theme, fields
        self._prompts = prompts
        self._register = IdRegister()
        self._unknown = UnknownMembers()

    def read(self, ledger: Ledger) -> Iterator[JsonlRows]:
        """The trusted rows in file order; all else goes to the ledger.

        Raises:
            ReleaseError: the file is no text at all.
        """
        reader = JsonlBlockReader(self._fields, self._theme)
        line_count, bytes_before, digest = 0, ledger.bytes_read, xxh3_128()
        row_count = 0
        with self._files.open(self._source.path) as opened:
            stream = io.BufferedReader(cast(io.RawIOBase, opened))
            start = stream.peek(START_BYTES)[:START_BYTES]
            check_text(start, self._source.path)
            parsed_blocks = ordered_map(
                lambda block: (block, reader.parse(without_mark(block))), cut_blocks(stream)
            )
            for block, parsed in parsed_blocks:
                yield self._take(without_mark(block), parsed, line_count, ledger)
                row_count += parsed.table.num_rows
                digest.update(block.data)  # of a line that is too long to be one, its head
                line_count += parsed.line_count
                ledger.bytes_read = bytes_before + block.byte_offset + block.byte_count
        if not row_count and is_json_list(start):
            logger.warning("%s has no line that can be read: it is %s", self._source.path, JSON_LIST)
        retracted = self._settle_repeats(ledger)
        self._tell_unknown(ledger, retracted)
        path, size_bytes = self._source.path, self._source.size
        ledger.close_source(self._theme, path, size_bytes, line_count, digest.hexdigest())

    def _take(self, block: Block, parsed: ParsedBlock, lines_before: int, ledger: Ledger) -> JsonlRows:
        source_lines = parsed.lines + lines_before + 1
        is_first = self._register.admit(parsed.numbers, source_lines)
        differing = self._differing(block, parsed, is_first)
        faults = sorted([*parsed.faults, *differing], key=lambda fault: fault.line or 0)
        self._quarantine(
            ledger, [replace(fault, line=(fault.line or 0) + lines_before + 1) for fault in faults]
        )
        extras = {line + lines_before + 1: text for line, text in parsed.extras.items()}
        for line in source_lines[is_first].tolist() if extras else ():
            if line in extras:
                self._unknown.note(line, extras[line])
        if is_first.all():
            return JsonlRows(self._theme, parsed.table, source_lines, extras)
        return JsonlRows(self._theme, parsed.table.filter(pa.array(is_first)), source_lines[is_first], extras)

    def _differing(self, block: Block, parsed: ParsedBlock, is_first: npt.NDArray[np.bool_]) -> list[Fault]:
        """Warnings, one per row whose prompt is not the annotations'; lines count within the block."""
        if self._prompts is None:
            return []
        rows = self._prompts.differing_rows(parsed.numbers, parsed.table["prompt"])
        rows = rows[is_first[rows]]
        if not len(rows):
            return []
        starts, ends = line_bounds(block.data)
        faults = []
        for row in rows.tolist():
            line = int(parsed.lines[row])
            start, end = int(starts[line]), int(ends[line])
            following = int(starts[line + 1]) if line + 1 < len(starts) else len(block.data)
            faults.append(
                Fault(
                    Reason.PROMPT_DIFFERS,
                    f"the annotations have {self._prompts.prompt_of(int(parsed.numbers[row]))!r}",
                    bytes(block.data[start:end]),
                    block.byte_offset + start,
                    following - start,
                    line=line,
                    id=parsed.table["id"][row].as_py(),
                    json_path="$.prompt",
                )
            )
        return faults

    def _settle_repeats(self, ledger: Ledger) -> set[int]:
        """Quarantine records of one id; the lines of the rows that are taken back."""
        groups = self._register.repeated()
        if not groups:
            return set()
        wanted = {line for lines in groups for line in lines}
        examine = partial(examine_line, fields=self._fields)
        with self._files.open(self._source.path) as stream:
            places = {
                line: Fault(
                    Reason.DUPLICATE_CONFLICTING, "", raw, offset, length, line, id=str(examine(raw)[0]["id"])
                )
                for line, offset, length, raw in lines_at(stream, wanted)
            }
        faults, retracted = find_repeats(groups, places, examine)
        self._quarantine(ledger, faults)
        ledger.retract(self._theme, self._source.path, retracted)
        return set(retracted)

    def _tell_unknown(self, ledger: Ledger, retracted: set[int]) -> None:
        """Say each unknown member once a file: in the log, and as a warning about the first row that has it."""
        told = self._unknown.told(retracted)
        if not told:
            return
        with self._files.open(self._source.path) as stream:
            # The row is in the table whole, so the head of a long line is enough to find it by.
            places = {
                line: (offset, length, raw[:HEAD_BYTES])
                for line, offset, length, raw in lines_at(stream, {member.first_line for member in told})
            }
        for member in told:
            line = member.first_line
            offset, length, raw = places[line]
            logger.warning(
                "%s line %d: the card names no %s; kept in extra_fields", self._source.path, line, member.name
            )
            detail = f"the card names no {member.name}; kept in extra_fields of {member.row_count} rows, this one first"
            fault = Fault(
                Reason.UNKNOWN_FIELD,
                detail,
                raw,
                offset,
                length,
                line,
                id=readable_id(raw),
                json_path=member.path,
            )
            self._quarantine(ledger, [fault])

    def _quarantine(self, ledger: Ledger, faults: list[Fault]) -> None:
        ledger.quarantine(self._theme, self._source.path, faults)


# ------------------------------------------------------------------ what we add to a row
def _with_columns(table: JsonlTable, rows: JsonlRows) -> pa.Table:
    count = rows.table.num_rows
    extras = pa.nulls(count, pa.string())
    if rows.extras:
        extras = pa.array([rows.extras.get(line) for line in rows.source_lines.tolist()], pa.string())
    ours = {
        "theme": pa.array([rows.theme], pa.string()).take(pa.array(np.zeros(count, np.int32))),
        "source_line": pa.array(rows.source_lines, pa.int32()),
        "extra_fields": extras,
        **{name: _values_of(rows.table, criterion) for name, criterion in table.criteria.items()},
    }
    columns = [ours[name] if name in ours else rows.table[name] for name in table.schema.names]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _values_of(table: pa.Table, criterion: Criterion) -> pa.Array:
    """The value of each row that the criterion is about: a member of ``editscore``, or what its frames' come to."""
    scores = table["editscore"].combine_chunks()
    if criterion.reducer is None:
        return pc.struct_field(scores, criterion.field)
    values = scores.values.field(criterion.field).to_numpy().tolist()
    offsets = scores.offsets.to_numpy().tolist()
    return pa.array([criterion.reduce(values[start:end]) for start, end in pairwise(offsets)], pa.float64())
