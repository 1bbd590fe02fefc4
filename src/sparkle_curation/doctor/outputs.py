"""Outputs that a run would make anew, and journal rows that none wants; told by footers, sizes and times alone.

A table that is written from a stream carries the fingerprint of what it was made of. For those of ``ingest`` the
fingerprint of now costs a listing of the release. Others hang on the bytes of whole tables: those are hashed up to a
bound, which takes no second. A table without a fingerprint is made in each run, and is old where an input is newer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import DatasetError, MemoryDataset
from kedro.pipeline import Node

from sparkle_curation.datasets import FingerprintsDataset, JournalDataset, TableDataset, VariantThemesDataset
from sparkle_curation.datasets.reports.validation_datasets import DataDocsDataset, ValidationsDataset
from sparkle_curation.datasets.tables.table_dataset import FINGERPRINT_KEY, stored_fingerprint
from sparkle_curation.doctor.finding import Finding, State, counted, listed
from sparkle_curation.doctor.release import open_release, sizes_now, sources_then
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.table_stream import PartitionedStream, TableStream
from sparkle_curation.errors import SparkleError
from sparkle_curation.hooks.run_endings import describe_stale
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.sources_at_hand import NO_SOURCES, check_release
from sparkle_curation.media.probe.inspection import media_fingerprint
from sparkle_curation.parameters import check_parameters
from sparkle_curation.pipelines.inspect import nodes as inspect_nodes
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES

MOST_HASHED_BYTES = 64 << 20
"""Of the tables that one table is made of; 0.1 s where they are cached."""

_OTHER_CODE = (
    "other code, settings or release root made it, or sources were touched or listed by the manifest since"
)


Wanted: TypeAlias = str | dict[str, str] | None
"""The fingerprint that a table would have now, of one in partitions that of each file; None where it is not known."""

_COMPANION = re.compile("_(quarantined|source_files)$")
"""Outputs that are made with a table, and are told by it."""


def check_outputs(setup: Setup) -> Iterator[Finding]:
    """Per pipeline the outputs that are not what it would make now; those that were never made are none of them."""
    files = _usable_release(setup)
    changed = _changed_sources(setup, files) if files else {}
    needed = _needed(setup)
    made = 0
    stale: dict[str, dict[str, str]] = {}
    for name, pipeline in setup.pipelines.items():
        for node in pipeline.nodes:
            paths = {each: path for each in node.outputs if (path := setup.path_of(each))}
            outputs = {each: path for each, path in paths.items() if path.exists()}
            made += len(outputs)
            now = _fingerprints(setup, node, files) if outputs else {}
            reasons = {
                each: _gone(setup, each)
                or _reason(setup, node, setup.catalog.get(each), path, now.get(each), changed.get(each, ""))
                for each, path in outputs.items()
            }
            reasons |= {each: "deleted" for each in paths if each in needed and each not in outputs}
            stale.setdefault(name, {}).update({each: reason for each, reason in reasons.items() if reason})
    for name, tables in stale.items():
        if tables:
            yield Finding(f"outputs of {name}", State.WARNING, _told(tables), f"kedro run --pipelines {name}")
    stale_variant = describe_stale(setup.catalog)
    if stale_variant:
        yield Finding("variant", State.WARNING, stale_variant, "kedro run --pipelines curate")
    if not made:
        yield Finding("outputs", State.OK, "none yet", "kedro run --pipelines curate")
    elif not any(stale.values()) and not stale_variant:
        unseen = "" if files else "; whether the release is still the same was not looked at"
        yield Finding("outputs", State.OK, f"{counted(made, 'file')}, none known to be stale{unseen}")


def _usable_release(setup: Setup) -> ReleaseFiles | None:
    """The release; None where it cannot be looked at, or nothing would be made of it, which another check tells."""
    try:
        files = open_release(setup)
        if files:
            check_release(files, NO_SOURCES, allow_empty=False)
    except SparkleError:
        return None
    return files


def _told(stale: dict[str, str]) -> str:
    """Tables with the reason of each, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for table, reason in stale.items():
        if not _COMPANION.search(table) or stale.get(_COMPANION.sub("", table)) != reason:
            by_reason.setdefault(reason, []).append(table)
    return "; ".join(f"{listed(tables)}: {reason}" for reason, tables in by_reason.items())


def _needed(setup: Setup) -> set[str]:
    """What must have been there: outputs of nodes of which one is there still, and what those nodes read."""
    needed: set[str] = set()
    for node in (node for pipeline in setup.pipelines.values() for node in pipeline.nodes):
        if any((path := setup.path_of(each)) and path.exists() for each in node.outputs):
            needed.update(node.outputs)
            needed.update(each for each in node.inputs if not setup.is_optional(each))
    return needed


def _gone(setup: Setup, output: str) -> str:
    """Which files of a table are gone; empty where none is."""
    table = setup.catalog.get(output)
    gone = table.gone_files() if isinstance(table, TableDataset) else []
    return f"no file {listed(gone, 3)} any more" if gone else ""


def _reason(setup: Setup, node: Node, output: object, path: Path, now: Wanted, changed: str) -> str:
    """Why a run would make an output anew; empty where it would not, and where that is not known."""
    files = parquet_files(path) if path.suffix == ".parquet" else []
    metadata = [_metadata(file) for file in files]
    if None in metadata:
        return "no whole Parquet file"
    if any(FINGERPRINT_KEY in each for each in metadata if each):
        stored = {file.relative_to(path).as_posix(): stored_fingerprint(file) for file in files}
        if None in stored.values():
            return "written by other code"
        # A table of the media may say after its fingerprint how many files are to be read again.
        found = {name: (stored[name] or "").partition(",")[0] for name in stored}
        is_other = found != now if isinstance(now, dict) else now is not None and set(found.values()) != {now}
        return (changed or _OTHER_CODE) if is_other and now is not None else ""
    if isinstance(output, ValidationsDataset | DataDocsDataset):
        return ""  # known by the content of the tables, whose files may be written again with the same
    inputs = [
        (each, source)
        for each in node.inputs
        if not isinstance(setup.catalog.get(each), JournalDataset | VariantThemesDataset)  # of the run before
        and (source := setup.path_of(each))
    ]
    made_at = path.stat().st_mtime_ns
    newer = [each for each, source in inputs if source.exists() and source.stat().st_mtime_ns > made_at]
    return f"older than {listed(newer)}" if newer else ""


def _metadata(path: Path) -> dict[bytes, bytes] | None:
    """The metadata of a Parquet file's footer; None where it is no whole one."""
    try:
        return dict(pq.read_schema(path).metadata or {})
    except (pa.ArrowInvalid, OSError):
        return None


def _fingerprints(setup: Setup, node: Node, files: ReleaseFiles | None) -> dict[str, Wanted]:
    """The fingerprints that the outputs of a node would have now; none where that would take work, or is not known."""
    datasets = {name: setup.catalog.get(name) for name in node.inputs}
    prints = [each for each in datasets.values() if isinstance(each, FingerprintsDataset)]
    is_ingested = bool(set(node.outputs) & set(COLUMNS))
    # Only a node of tables gives streams, of which nothing is read here.
    is_of_tables = all(isinstance(setup.catalog.get(name), TableDataset) for name in node.outputs)
    if (is_ingested and files is None) or not (is_ingested or prints) or not is_of_tables:
        return {}
    if not all(each.exists() for each in prints) or sum(map(_hashed_bytes, prints)) > MOST_HASHED_BYTES:
        return {}
    try:
        if node.func is inspect_nodes.probe_assets:
            return {node.outputs[0]: _media_fingerprint(setup, prints[0].load()["assets"])}
        if any(isinstance(each, JournalDataset) for each in datasets.values()):
            return {}
        found = node.func(*(_input(setup, name, files) for name in node.inputs))
    except DatasetError:  # an input that lacks files, which is told of that
        return {}
    streams = found if isinstance(found, tuple) else (found,)
    return {name: _wanted(stream) for name, stream in zip(node.outputs, streams, strict=False)}


def _media_fingerprint(setup: Setup, assets: str) -> str:
    asked = check_parameters(setup.parameters).inspect
    return media_fingerprint(assets, asked.inspected_kinds, asked.depth, [inspect_nodes.__name__])


def _wanted(stream: Any) -> Wanted:
    if isinstance(stream, PartitionedStream):
        return {f"{name}.parquet": each.fingerprint for name, each in stream.partitions.items()}
    return stream.fingerprint if isinstance(stream, TableStream) else None


def _hashed_bytes(prints: FingerprintsDataset) -> int:
    paths = map(Path, prints._describe()["filepaths"].values())
    return sum(file.stat().st_size for path in paths for file in parquet_files(path))


def _input(setup: Setup, name: str, files: ReleaseFiles | None) -> Any:
    """What a node is given: nothing of a table is read before its rows are asked for."""
    if name.startswith("params:"):
        value: Any = setup.parameters
        for part in name.removeprefix("params:").split("."):
            value = value[part]
        return value
    dataset = setup.catalog.get(name)
    if dataset is None or isinstance(dataset, MemoryDataset):
        return files  # the release, handed from node to node
    path = setup.path_of(name)
    if isinstance(dataset, TableDataset) and path:
        parts = parquet_files(path)
        if not parts or None in map(_metadata, parts):
            return pl.LazyFrame()
    return dataset.load()


def _changed_sources(setup: Setup, files: ReleaseFiles) -> dict[str, str]:
    """What is another one in the sources of each ingested table than when it was made, in words; by outputs' names."""
    now = {storable(path): size for path, size in sizes_now(files).items()}
    then = sources_then(setup)
    told: dict[str, str] = {}
    for table in then["table"].unique(maintain_order=True):
        rows = then.filter(pl.col("table") == table).select("path", "size_bytes").rows()
        resized = [path for path, size in rows if path in now and now[path] != size]
        gone = [path for path, _ in rows if path not in now and not files.has_files(path)]
        said = [
            f"{listed(resized, 2)} changed" if resized else "",
            f"{listed(gone, 2)} gone" if gone else "",
        ]
        told[table] = ", ".join(filter(None, said))
    # The records' prompts are compared with those of the annotations, so these are sources of theirs too.
    prompts = told.get("annotations", "")
    told |= {table: told[table] or prompts for table in JSONL_TABLES if table in told}
    return {
        name: words
        for table, words in told.items()
        for name in (table, f"{table}_quarantined", f"{table}_source_files")
    }
