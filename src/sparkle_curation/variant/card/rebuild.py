"""The commands that make a variant again from a download of the release."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from sparkle_curation.spec.codes.bench_reasons import Likeness
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA, PRIMARY_CRITERIA
from sparkle_curation.variant.facts import VariantFacts


def rebuild_command(facts: VariantFacts) -> str:
    """What to type to make the variant again from a download of the release: a line for each step."""
    thresholds = {exact(facts.thresholds[each.name]) for each in PRIMARY_CRITERIA}
    others = {each.name: facts.thresholds[each.name] for each in CRITERIA if not each.is_primary}
    settings = {
        **(
            {"threshold": thresholds.pop(), **_each(others)}
            if len(thresholds) == 1
            else _each(facts.thresholds)
        ),
        "missing_scores": facts.missing_scores,
        "imputed_scores": facts.imputed_scores,
        **{name: value for name, value in facts.settings.items() if value is not None},
        "release_root": "/path/to/Sparkle",
    }
    params = ",".join(f"{name}={value}" for name, value in settings.items())
    checkout = [f"git checkout {facts.code.revision}"] if facts.code.revision else []
    return "\n".join(
        [
            *checkout,
            *_before_curate(facts),
            f"kedro run --pipelines curate --params {shlex.quote(params)}",
        ]
    )


def _before_curate(facts: VariantFacts) -> list[str]:
    """What is to be run before: `curate` neither measures signals, which takes hours, nor reads a benchmark."""
    compared = facts.benchmark.get("compared", {})
    is_near = compared.get(Likeness.NEAR_DUPLICATE, {}).get("release_compared_count")
    is_bounded = any(name.startswith("signal_bounds.") for name in facts.settings)
    first = [name for name, is_wanted in (("near_duplicates", is_near), ("signals", is_bounded)) if is_wanted]
    root, bench = "release_root=/path/to/Sparkle", "bench_root=/path/to/benchmark"
    return [
        *(
            [f"kedro run --pipelines {','.join(['ingest,inspect', *first])} --params {root}"]
            if first or compared
            else []
        ),
        *([f"kedro run --pipelines bench_ingest --params {bench}"] if compared else []),
    ]


def _each(thresholds: Mapping[str, float]) -> dict[str, str]:
    return {f"thresholds.{name}": exact(value) for name, value in thresholds.items()}
