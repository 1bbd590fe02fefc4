"""A benchmark against what is known of it: how much there is, and whether its parts say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.bench_reasons import BenchReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.description.benchmarks import Benchmark, BenchmarkCounts, ListedBenchmark

FACTS_NAME = "benchmark.json"
"""What a benchmark says of itself, in its root: ``name`` and ``counts``. Those that this project builds have it."""

CHECK_SCHEMA = pl.Schema(
    {"check": pl.String(), "found": pl.Int64(), "expected": pl.Int64(), "is_met": pl.Boolean()}
)


def own_facts(files: ReleaseFiles, benchmark: Benchmark | ListedBenchmark) -> tuple[str, BenchmarkCounts]:
    """Name and counts of a benchmark: what it says of itself, else what is published.

    Raises:
        ReleaseError: it says it in a form that cannot be read.
    """
    if files.find(FACTS_NAME) is None:
        return benchmark.name, benchmark.counts
    try:
        with files.open(FACTS_NAME) as stream:
            said: dict[str, Any] = json.loads(stream.read())
        return str(said["name"]), BenchmarkCounts.model_validate(said["counts"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            "What the benchmark says of itself cannot be read",
            where=f"{files.root}/{FACTS_NAME}",
            got=str(error).splitlines()[0],
            allowed='{"name": "...", "counts": {"samples": 24, "themes": 4, "subthemes": 16, "scenes": 21}}',
            todo="mend it, or remove it: then the published counts hold",
        ) from error


def check_counts(samples: pl.DataFrame, quarantine: pl.DataFrame, counts: BenchmarkCounts) -> pl.DataFrame:
    """One row per check: ``check``, what was ``found`` and ``expected``, and whether the two are the same.

    Args:
        samples: ``BENCH_SAMPLE_COLUMNS``.
        quarantine: of the benchmark.
        counts: how much there should be.
    """

    def odd(*reasons: BenchReason | Reason) -> int:
        return quarantine.filter(pl.col("reason").is_in([str(reason) for reason in reasons])).height

    labelled = samples.drop_nulls("scene")
    total = samples.height
    found: dict[str, tuple[int, int | None]] = {
        "samples": (total, counts.samples),
        "themes": (samples["theme"].n_unique(), counts.themes),
        "subthemes": (labelled.n_unique(["theme", "subtheme"]) if labelled.height else 0, counts.subthemes),
        "scenes": (
            labelled.n_unique(["theme", "subtheme", "scene"]) if labelled.height else 0,
            counts.scenes,
        ),
        "whole sources": (int(samples["source_error"].is_null().sum()), total),
        "reference images": (samples["ref_image_path"].count(), total),
        "samples with a scene": (labelled.height, total),
        "samples whose prompts agree": (
            samples.filter(pl.col("edit_prompt") == pl.col("metadata_prompt")).height,
            total,
        ),
        "sources of one sample": (total - odd(BenchReason.SHARED_SOURCE), total),
        "samples with safe names": (
            total - odd(BenchReason.UNSAFE_NAME, BenchReason.SEVERAL_SEPARATORS, BenchReason.SHARED_FOLDER),
            total,
        ),
        "sources of 4n + 1 frames": (total - odd(BenchReason.UNEVEN_LENGTH), total),
        "quarantined records": (quarantine.filter(~pl.col("is_row_kept")).height, 0),
    }
    return check_found(found)


def check_found(found: Mapping[str, tuple[int, int | None]]) -> pl.DataFrame:
    """A row for each check of which it is known what is expected: name -> what was found and what is expected."""
    rows = [
        (name, count, expected, count == expected)
        for name, (count, expected) in found.items()
        if expected is not None
    ]
    return pl.DataFrame(rows, schema=CHECK_SCHEMA, orient="row")
