"""What models made of a benchmark: which edited videos are there, whole, and as long, large and fast as their sources.

The published inference takes a file that is there for done, cut or whole, and writes 15 frames a second where sources have
16; the published evaluator leaves out what is not there. So each output is looked at, and each sample has a row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from sparkle_curation.bench.samples.probing import probe_file
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.benchmark import published_output_path
from sparkle_curation.spec.codes.bench_reasons import OutputDifference, OutputState
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.layout import ASSET_KINDS, KIND
from sparkle_curation.spec.tables.benchmark import BENCH_OUTPUT_COLUMNS
from sparkle_curation.spec.themes import TOTAL

EQUAL_FPS = 1e-3
"""Rates that differ by less are the same: what rounding to a clock's ticks makes."""

_MAX_DEPTH = 6
_CUT = frozenset({MediaFault.TRUNCATED, MediaFault.NO_INDEX, MediaFault.EMPTY})
"""What a file is found to be whose writing was interrupted: the index of an mp4 is written last."""


@dataclass(frozen=True)
class ModelOutputs:
    """The outputs of a model.

    Attributes:
        table: ``BENCH_OUTPUT_COLUMNS``, one row per sample of the benchmark in its order.
        strays: videos in the model's folder that are of no sample.
    """

    table: pl.DataFrame
    strays: tuple[str, ...]


def no_outputs() -> pl.DataFrame:
    """The table without a model."""
    return pl.DataFrame(schema=frame_schema(BENCH_OUTPUT_COLUMNS))


def open_model(name: str, folder: str) -> ReleaseFiles:
    """The folder of a model.

    Raises:
        ReleaseError: it is not there.
    """
    try:
        return ReleaseFiles(folder)
    except ReleaseError as error:
        raise ReleaseError(
            f"The folder of the model '{name}' is not there",
            where=f"bench_models.{name}",
            got=f"{folder}: {error.got}",
            allowed="the folder that holds {theme}/{subtheme}---{scene_key}/{id}_edited.mp4",
            todo=f"--params bench_models.{name}=/path/to/its/outputs",
        ) from error


def examine_outputs(
    model: str, files: ReleaseFiles, samples: pl.DataFrame, benchmark: Benchmark | None, *, decode: bool
) -> ModelOutputs:
    """What a model made of each sample.

    Args:
        model: its name.
        files: its folder.
        samples: ``BENCH_SAMPLE_COLUMNS``.
        benchmark: as described; None for a dataset whose own has no description.
        decode: whether each frame is decoded, which alone finds a broken picture.
    """
    found = _walk(files)
    by_name: dict[str, list[str]] = defaultdict(list)
    for each in found:
        by_name[each.rpartition("/")[2]].append(each)
    jobs = [(sample, _place(sample, benchmark, found, by_name)) for sample in samples.to_dicts()]
    used = {path for _, path in jobs if path}
    examined = partial(_examine, files, found, Depth.DECODE if decode else Depth.HASH)
    rows: list[dict[str, Any]] = []
    with item_progress(f"outputs of {model}", len(jobs)) as tell:
        for facts, (sample, path) in zip(
            ordered_map(examined, (path for _, path in jobs)), jobs, strict=True
        ):
            rows.append(_row(model, sample, path, facts, benchmark))
            tell(len(rows), sum(each["state"] == OutputState.BROKEN for each in rows))
    counts = Counter(each["content_hash"] for each in rows if each["content_hash"])
    for row in rows:
        if counts[row["content_hash"]] > 1:
            row["differences"].append(OutputDifference.SAME_AS_ANOTHER.value)
    strays = tuple(
        path
        for path in found
        if path not in used and path.endswith(f".{ASSET_KINDS[KIND.edited_video].suffix}")
    )
    return ModelOutputs(pl.DataFrame(rows, schema=frame_schema(BENCH_OUTPUT_COLUMNS), orient="row"), strays)


def count_outputs(outputs: pl.DataFrame) -> pl.DataFrame:
    """One row per model and theme, then the model's total: samples, each state, each difference."""
    counts = [
        pl.len().cast(pl.Int64).alias("sample_count"),
        *(
            (pl.col("state") == state.value).sum().cast(pl.Int64).alias(f"{state}_count")
            for state in OutputState
        ),
        *(
            pl.col("differences").list.contains(each.value).sum().cast(pl.Int64).alias(f"{each}_count")
            for each in OutputDifference
        ),
    ]
    by_theme = outputs.group_by("model", "theme", maintain_order=True).agg(counts)
    totals = outputs.group_by("model", maintain_order=True).agg(pl.lit(TOTAL).alias("theme"), *counts)
    models = outputs["model"].unique(maintain_order=True).to_list()
    parts = [
        part.filter(pl.col("model") == model).select(by_theme.columns)
        for model in models
        for part in (by_theme, totals)
    ]
    return pl.concat([by_theme.clear(), *parts])


def describe_outputs(outputs: pl.DataFrame) -> Iterator[str]:
    """What each model's outputs come to, a line each."""
    for (model,), rows in outputs.group_by("model", maintain_order=True):
        states = Counter(rows["state"])
        odd = Counter(rows.explode("differences")["differences"].drop_nulls())
        told = ", ".join(f"{states[state]:,} {state}" for state in OutputState if states[state])
        differences = ", ".join(f"{odd[each]:,} {each}" for each in OutputDifference if odd[each])
        yield f"{model}: of {rows.height:,} outputs {told}" + (f"; {differences}" if differences else "")


def describe_rates(outputs: pl.DataFrame, samples: pl.DataFrame) -> Iterator[str]:
    """What is said of each model whose outputs have another rate than their sources, with both rates."""
    rates = outputs.join(samples.select("sample_id", pl.col("fps").alias("source_fps")), on="sample_id")
    odd = rates.filter(pl.col("differences").list.contains(OutputDifference.OTHER_RATE.value))
    for (model, fps, source_fps), rows in odd.group_by("model", "fps", "source_fps", maintain_order=True):
        yield (
            f"{model}: {rows.height:,} outputs have {fps:g} frames a second and their sources {source_fps:g}: as many "
            f"frames take {float(source_fps) / float(fps):.3f} times as long, and a judge sees motion as much slower"
        )


def _walk(files: ReleaseFiles) -> dict[str, SourceFile]:
    """All files below the root, some folders deep, by their path."""
    found: dict[str, SourceFile] = {}
    folders = [("", 0)]
    while folders:
        folder, depth = folders.pop()
        found.update({file.path: file for file in files.files_in(folder)})
        if depth < _MAX_DEPTH:
            below = (f"{folder}/{name}" if folder else name for name in files.folders_in(folder))
            folders += [(each, depth + 1) for each in below]
    return dict(sorted(found.items()))


def _place(
    row: Mapping[str, Any],
    benchmark: Benchmark | None,
    found: Mapping[str, Any],
    by_name: Mapping[str, list[str]],
) -> str | None:
    """Where the output of a sample lies: at its path, at the published one, or alone under its name anywhere."""
    for path in (row["output_path"], _published_path(row, benchmark)):
        if path in found:
            return str(path)
    alone = by_name.get(_file_name(row, benchmark), [])
    return alone[0] if len(alone) == 1 else None


def _published_path(sample: Mapping[str, Any], benchmark: Benchmark | None) -> str | None:
    if benchmark is None or sample["scene"] is None:
        return None
    parts = (sample["theme"], sample["subtheme"], sample["scene"], sample["sample_id"])
    return published_output_path(benchmark, *parts)


def _file_name(sample: Mapping[str, Any], benchmark: Benchmark | None) -> str:
    if benchmark is None or sample["output_path"] is not None:
        return str(sample["output_path"]).rpartition("/")[2]
    name = benchmark.output.rpartition("/")[2]
    return name.format(theme=sample["theme"], subtheme="", scene_key="", id=sample["sample_id"])


def _examine(
    files: ReleaseFiles, found: Mapping[str, SourceFile], depth: Depth, path: str | None
) -> MediaFacts | None:
    return probe_file(files, found[path], KIND.edited_video, depth) if path else None


def _row(
    model: str,
    sample: Mapping[str, Any],
    path: str | None,
    facts: MediaFacts | None,
    benchmark: Benchmark | None,
) -> dict[str, Any]:
    state = OutputState.MISSING if facts is None else OutputState.BROKEN if facts.error else OutputState.THERE
    known = facts or MediaFacts()
    return {
        "model": model,
        "sample_id": sample["sample_id"],
        "theme": sample["theme"],
        "path": path or sample["output_path"],
        "state": state.value,
        "frames": known.frame_count,
        "fps": known.fps,
        "width": known.width_px,
        "height": known.height_px,
        "content_hash": known.content_hash,
        "error": known.error,
        "error_detail": known.error_detail,
        "differences": [each.value for each in _differences(sample, path, facts, benchmark)],
    }


def _differences(
    sample: Mapping[str, Any], path: str | None, facts: MediaFacts | None, benchmark: Benchmark | None
) -> Iterator[OutputDifference]:
    if facts is None:
        return
    if path != sample["output_path"]:
        is_published = path == _published_path(sample, benchmark)
        yield OutputDifference.PUBLISHED_PATH if is_published else OutputDifference.OTHER_FOLDER
    if facts.error in _CUT:
        yield OutputDifference.CUT
    if facts.error is None and sample["source_error"] is None:
        size = (facts.width_px, facts.height_px)
        rates = (facts.fps or 0.0, sample["fps"] or 0.0)
        differs = {
            OutputDifference.OTHER_LENGTH: facts.frame_count != sample["frames"],
            OutputDifference.OTHER_SIZE: size != (sample["width"], sample["height"]),
            OutputDifference.OTHER_RATE: all(rates) and abs(rates[0] - rates[1]) > EQUAL_FPS,
            OutputDifference.UNEVEN_FRAMES: facts.is_constant_fps is False,
            OutputDifference.SAME_AS_SOURCE: facts.content_hash == sample["content_hash"],
        }
        yield from (difference for difference, is_met in differs.items() if is_met)
