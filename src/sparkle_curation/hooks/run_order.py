"""Runs of several pipelines of which one reads, under a name of its own, what another writes.

A table that a pipeline takes where it is there (``released_annotations`` of ``bench_ingest``) is an entry of the catalog
beside that of its maker. Kedro orders steps by names, so nothing would put the reader behind the writer: it read the table
of the run before, or one that was being written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from sparkle_curation.errors import ParameterError


class RunOrderGuard:
    """Stops a run of several pipelines, before it begins, that reads a file whose writer may come before or after."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Look at each file that one of them writes.

        Raises:
            ParameterError: another reads it, and nothing says which of the two is first.
        """
        names = run_params.get("pipeline_names") or []
        if len(names) < 2:
            return
        found = unordered_reads(pipeline, catalog)
        if not found:
            return
        pipelines.set_requested(None)
        runs = split_runs(names, found, dict(pipelines))
        raise ParameterError(
            "These pipelines cannot run in one command: nothing orders who writes a file and who reads it",
            where="--pipelines",
            got="; ".join(
                sorted({f"{_space(reader)} reads what {_space(writer)} writes" for writer, reader in found})
            ),
            allowed="a command each, the writer first",
            todo=" && ".join(f"kedro run --pipelines {','.join(run)}" for run in runs),
        )


def unordered_reads(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> list[tuple[Node, Node]]:
    """Steps of two pipelines of which the first writes the file that the second reads under another name.

    Those that follow on each other for another reason are right, whichever is first; so is a pipeline that looks at what
    it made before.
    """
    writers = {
        path: (name, node)
        for node in pipeline.nodes
        for name in node.outputs
        if (path := _file_of(name, catalog)) is not None
    }
    before = _steps_before(pipeline)
    found = []
    for node in pipeline.nodes:
        for name in node.inputs:
            path = _file_of(name, catalog)
            made, writer = writers.get(path, (name, node)) if path else (name, node)
            is_ordered = writer in before[node] or node in before[writer]
            if made != name and _space(writer) != _space(node) and not is_ordered:
                found.append((writer, node))
    return found


def split_runs(
    names: Sequence[str], found: Sequence[tuple[Node, Node]], known: Mapping[str, Pipeline]
) -> list[list[str]]:
    """The pipelines as commands one after another, each reader of ``found`` behind its writer.

    One that holds several is taken apart where it is to come before and after another; in the order of the names where
    that does not help either.

    Args:
        names: as they were asked for.
        found: writers and readers.
        known: all pipelines by name.
    """
    parts: list[str] = []
    for name in names:
        spaces = list(dict.fromkeys(_space(node) for node in known[name].nodes))
        parts += spaces if len(spaces) > 1 else [name]
    ordered = _by_command(names, found, known) or _by_command(parts, found, known)
    return ordered or [[name] for name in names]


def _by_command(
    names: Sequence[str], found: Sequence[tuple[Node, Node]], known: Mapping[str, Pipeline]
) -> list[list[str]]:
    """None of them where one is to come before itself."""
    steps = {name: {node.name for node in known[name].nodes} for name in names}
    later = {
        (writing, reading)
        for writer, reader in found
        for writing in names
        for reading in names
        if writer.name in steps[writing] and reader.name in steps[reading]
    }
    places = dict.fromkeys(names, 0)
    for _ in names:
        for writing in names:
            for reading in names:
                is_handed_on = not known[writing].outputs().isdisjoint(known[reading].inputs())
                if (writing, reading) in later or (writing != reading and is_handed_on):
                    least = places[writing] + ((writing, reading) in later)
                    places[reading] = max(places[reading], least)
    if max(places.values()) >= len(names):
        return []
    return [[name for name in names if places[name] == place] for place in sorted(set(places.values()))]


def _steps_before(pipeline: Pipeline) -> dict[Node, set[Node]]:
    """All steps that each waits for."""
    direct = pipeline.node_dependencies
    before: dict[Node, set[Node]] = {}
    for node in pipeline.nodes:  # those that it waits for come first
        before[node] = set(direct[node]).union(*(before[each] for each in direct[node]))
    return before


def _space(node: Node) -> str:
    return (node.namespace or "").partition(".")[0]


def _file_of(name: str, catalog: CatalogProtocol[Any, Any]) -> Path | None:
    """The file of an entry; None of parameters and of what lies in memory."""
    if name.startswith("params:") or name == "parameters":
        return None
    told = catalog[name]._describe().get("filepath")
    return Path(told) if told else None
