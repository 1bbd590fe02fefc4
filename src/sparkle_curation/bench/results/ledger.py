"""What was evaluated on a benchmark, when, and by which settings: so that a variant made after a look at it is told apart.

A line is a JSON object for each model, rubric and judge of a report. Git keeps the file; nothing in it is ever changed.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from xxhash import xxh3_128

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import VersionError
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL
from sparkle_curation.variant.record import identify_variant
from sparkle_curation.variant.tuned_on_bench import Entry, TunedOnBench
from sparkle_curation.variant.versions.version import VariantVersion

_NOTED_AT = "noted_at"
_JUDGING = ("backend", "revision", "rubric_origin", "rubric_digest", "frame_rate", "settings")


def identify_benchmark(samples: pl.DataFrame) -> str:
    """32 hexadecimal digits, the same for the same ids, prompts and source clips.

    Args:
        samples: ``sample_id``, ``edit_prompt`` and ``content_hash``.
    """
    rows = samples.select("sample_id", "edit_prompt", "content_hash").sort("sample_id")
    return xxh3_128(rows.write_csv(include_header=False, quote_style="always").encode()).hexdigest()


def describe_variant(version: VariantVersion) -> Entry:
    """What the ledger says of the variant that a model was trained on; decisions that are not known are null."""
    record, settings = version.record, version.settings
    return {
        "version": record.version if record else identify_variant(version.samples),
        "thresholds": dict(settings.thresholds) if settings.thresholds else None,
        "missing_scores": settings.missing_scores,
        "imputed_scores": settings.imputed_scores,
        "settings": dict(record.settings) if record else None,
    }


def describe_judging(judgments: AnyFrame) -> dict[tuple[str, str], Entry]:
    """How each judge was asked by each rubric: whose words, at what frame rate, and all else that scores depend on.

    Args:
        judgments: ``bench_judgments``; without columns where there are none. Of published scores nothing is known.
    """
    if not judgments.lazy().collect_schema():
        return {}
    asked = judgments.lazy().select("rubric", "judge", *_JUDGING).unique(["rubric", "judge"]).collect()
    return {
        (row.pop("rubric"), row.pop("judge")): {**row, "settings": json.loads(row["settings"] or "{}")}
        for row in asked.to_dicts()
    }


def list_entries(
    results: pl.DataFrame,
    bench: Mapping[str, Any],
    variants: Mapping[str, Entry],
    tuned: Mapping[str, TunedOnBench],
    settings: Mapping[str, Any],
    judging: Mapping[tuple[str, str], Entry],
) -> list[Entry]:
    """What a report adds, an entry for each model, rubric and judge; the time is set when they are written.

    Args:
        results: of the report.
        bench: name, digest and number of samples of the benchmark.
        variants: by model, of those whose variant is known.
        tuned: by model.
        settings: of the report.
        judging: from ``describe_judging``.
    """
    rows = results.filter((pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL))
    return [
        {
            "bench": dict(bench),
            "model": row["model"],
            "variant": variants.get(row["model"]),
            "tuned_on_bench": tuned[row["model"]].value,
            "rubric": row["rubric"],
            "judge": row["judge"],
            "judging": judging.get((row["rubric"], row["judge"])),
            "macro": row["mean_failures_worst"],
            "n_rows": row["n_rows"],
            "n_judged": row["n_judged"],
            "settings": dict(settings),
        }
        for row in rows.to_dicts()
    ]


def read_ledger(text: str, *, where: object) -> list[Entry]:
    """The entries of a ledger.

    Raises:
        VersionError: a line is none.
    """
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            name, variant = entry["bench"]["name"], entry["variant"]
            TunedOnBench(entry["tuned_on_bench"])
            is_one = isinstance(name, str) and isinstance(variant, dict | None)
        except (ValueError, KeyError, TypeError, RecursionError):
            is_one = False
        if not is_one:
            raise VersionError(
                "A line of the ledger of benchmarks cannot be read",
                where=f"{where}, line {number}",
                got=line[:80],
                allowed="what bench_report wrote; a merge of git may have left its marks",
                todo=f"mend the line, or take the file of a commit: git checkout HEAD -- {shlex.quote(str(where))}",
            )
        entries.append(entry)
    return entries


def add_entries(present: Sequence[Entry], further: Iterable[Entry], time: str) -> list[Entry]:
    """The entries with those that say something new; the same report again adds nothing."""
    known = {_without_time(entry) for entry in present}
    new = [entry for entry in further if _without_time(entry) not in known]
    return [*present, *({_NOTED_AT: time, **entry} for entry in new)]


def _without_time(entry: Entry) -> str:
    return json.dumps({name: value for name, value in entry.items() if name != _NOTED_AT}, sort_keys=True)


def write_ledger(entries: Iterable[Entry]) -> str:
    """The text of a ledger."""
    return "".join(f"{json.dumps(entry, ensure_ascii=False, allow_nan=False)}\n" for entry in entries)
