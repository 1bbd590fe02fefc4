"""What a card says of samples that were left out, or taken in, whatever their scores."""

from __future__ import annotations

from collections.abc import Iterable

from sparkle_curation.escaping import markdown_code, markdown_text
from sparkle_curation.filtering.audit_sample import wilson
from sparkle_curation.filtering.benchmark_leaks import describe_lacking
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.tuned_on_bench import TunedOnBench


def left_out(facts: VariantFacts) -> Iterable[str]:
    """A sentence or two, Markdown, for each rule beside the thresholds that decided about samples."""
    for name, within in facts.censored.items():
        yield (
            f"The release has no score of {markdown_code(name)} that its own threshold rejects, in "
            f"{markdown_text(', '.join(within))}: what a looser threshold would give there is not known."
        )
    if facts.overrides:
        yield _overrides(facts)
    if facts.audit:
        yield _audit(facts)
    if facts.settings.get("selection.mode"):
        yield _selection(facts)
    if facts.benchmark:
        yield _benchmark(facts)
    yield from _tuning(facts)
    if themes := facts.settings.get("themes"):
        yield f"Samples of other themes than {markdown_text(str(themes))} were left out."
    if licences := facts.settings.get("licence_allow"):
        yield f"Samples whose videos have other licences than {markdown_text(str(licences))} were left out."
    prefix = "signal_bounds."
    bounds = {
        name.removeprefix(prefix): value for name, value in facts.settings.items() if name.startswith(prefix)
    }
    if bounds:
        said = ", ".join(
            f"{name.replace('.', ' ').replace('at_', 'at ')} {value}" for name, value in bounds.items()
        )
        without = "let through" if facts.settings.get("missing_signals") == "keep" else "left out as well"
        yield f"Samples with signals out of bounds ({markdown_text(said)}) were left out; those without were {without}."


def _selection(facts: VariantFacts) -> str:
    """How samples were selected of those that could be exported."""
    found = {name: facts.settings.get(f"selection.{name}") for name in SelectionParams.model_fields}
    count = facts.counts.row(-1, named=True)["not_selected"]
    limits = [
        f"{name.replace('_', ' ')} {found[name]:,}"
        for name in ("budget", "per_source_clip", "per_prompt")
        if found[name] is not None
    ]
    filled = f"; {found['mode']} by {found['balance']}" if found["budget"] or found["mode"] == "quota" else ""
    rank = markdown_code(str(found["rank_by"])) if found["rank_by"] else "the mean of the primary scores"
    return (
        f"Of the pairs that could be exported {count:,} were not selected: {', '.join(limits) or 'quotas'}{filled}; "
        f"the best of each group first, by {rank}."
    )


def _audit(facts: VariantFacts) -> str:
    """What people found who judged a sample blind: shares of the judged by score bin, of kept and of rejected ones."""
    sides = []
    for passes, words in ((True, "that the thresholds keep"), (False, "that they reject")):
        rows = [row for row in facts.audit if row["passes"] is passes]
        bins = []
        for low in sorted({row["score_bin"] for row in rows}):
            good, judged = (
                sum(row[name] for row in rows if row["score_bin"] == low) for name in ("good", "judged")
            )
            least, most = wilson(good, judged)
            bins.append(f"{good} of {judged} at {low:.1f} to {low + 0.1:.1f} ({least:.2f} to {most:.2f})")
        if bins:
            sides.append(f"of pairs {words} {', '.join(bins)}")
    return (
        f"Judged blind and found good, by the mean score as a share of its scale, with Wilson's interval of 95%: "
        f"{'; '.join(sides)}. By theme: `audit_precision.csv`."
    )


def _overrides(facts: VariantFacts) -> str:
    """What was decided by hand, in a sentence or two."""
    told, total = facts.overrides, facts.counts.row(-1, named=True)
    alpha = "" if told["alpha"] is None else f"; they agree with Krippendorff's alpha {told['alpha']:.2f}"
    stale = f" {told['stale']:,} were made on other content, and not applied." if told["stale"] else ""
    return (
        f"By hand, in `overrides.csv`, {total['hand_dropped']:,} samples that pass were dropped and {total['hand_kept']:,} "
        f"others kept: {told['decisions']:,} decisions of {told['annotators']:,} people, resolved by "
        f"`{told['rule']}`{alpha}.{stale}"
    )


def _benchmark(facts: VariantFacts) -> str:
    """What it shares with the benchmark that models are compared on, and what could not be compared."""
    told, total = facts.benchmark, facts.counts.row(-1, named=True)
    name = markdown_text(told["name"])
    ways = ", ".join(
        f"{likeness.replace('_', ' ')} {counts['release_leaking_count']:,}"
        for likeness, counts in told["compared"].items()
    )
    said = (
        f"{total['benchmark_leaks']:,} samples that are alike to one of the benchmark {name} were left out; of all known "
        f"samples are alike by {ways}."
        if told["policy"] == "drop"
        else f"**Warning: {total['leaking']:,} of these samples are alike to one of the benchmark {name}**, and were kept "
        f"on request; of all known samples are alike by {ways}. Results on it say less of a model that was trained on them."
    )
    lacking = "; ".join(describe_lacking(told))
    return f"{said} **Not compared with it: {lacking}.**" if lacking else said


def _tuning(facts: VariantFacts) -> Iterable[str]:
    """Whether other settings than these were evaluated on a benchmark before, as the ledger says."""
    for name, state in facts.tuned_on_bench.items():
        if state == TunedOnBench.YES:
            yield (
                f"**Tuned on the benchmark {markdown_text(name)} (`tuned_on_bench: yes`):** variants with other settings "
                "were evaluated on it before these were chosen, so its results are not those of data that nobody has seen."
            )
        elif state == TunedOnBench.NO:
            yield (
                f"Not tuned on the benchmark {markdown_text(name)} (`tuned_on_bench: no`): the ledger notes no "
                "evaluation of other settings before."
            )
        else:
            yield (
                f"Whether it was tuned on the benchmark {markdown_text(name)} is unknown (`tuned_on_bench: unknown`): "
                "it was evaluated before there was a ledger, or of what was evaluated the settings are not known."
            )
    if facts.benchmark and facts.benchmark["name"] not in facts.tuned_on_bench:
        yield (
            f"Whether it was tuned on the benchmark {markdown_text(facts.benchmark['name'])} is unknown "
            "(`tuned_on_bench: unknown`): no ledger notes an evaluation on it."
        )
