"""The documents of a paper, each a text, from the facts of a variant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.reports.paper.exclusions import Exclusion
from sparkle_curation.reports.paper.latex import write_table
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import VAL
from sparkle_curation.spec.licences import licence_terms
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA, STAGES, Criterion
from sparkle_curation.spec.themes import THEME_TITLES
from sparkle_curation.variant.bibliography import (
    Judge,
    cited,
    escape_latex,
    name_variant,
    variant_key,
    write_bibtex,
)
from sparkle_curation.variant.card.rebuild import rebuild_command
from sparkle_curation.variant.facts import VariantFacts


@dataclass(frozen=True)
class PaperFacts:
    """What a paper is written from.

    Attributes:
        variant: the variant's own facts.
        exclusions: what it goes without, and why.
        judges: models that gave its scores, where those are not the release's.
        authors: who curated it, each as ``Given Family``.
    """

    variant: VariantFacts
    exclusions: Sequence[Exclusion]
    judges: Sequence[Judge] = ()
    authors: Sequence[str] = ()


def write_documents(facts: PaperFacts) -> dict[str, str]:
    """All documents by file name."""
    return {
        "methods.tex": write_methods(facts),
        "reproducibility.tex": write_reproducibility(facts),
        "tables.tex": write_tables(facts),
        "references.bib": write_bibtex(facts.variant, facts.judges),
        "CITATION.cff": write_citation(facts),
    }


# ------------------------------------------------------------------ sentences
def write_methods(facts: PaperFacts) -> str:
    """A paragraph on the data of a paper: what was kept by which thresholds, what was left out, and what is left."""
    variant = facts.variant
    total = variant.counts.filter(pl.col("theme") == TOTAL).row(0, named=True)
    lines = [
        f"We train on a variant of {escape_latex(dataset().title)}{_cite(variant, 'dataset', variant_key(variant))}.",
        f"Of its {total['known']:,} known source/edited pairs we keep those that meet a threshold at each of",
        f"{len(STAGES)} stages{_judged_by(facts)}: {_join([_bound(variant, each) for each in CRITERIA])};",
        "a score equal to its threshold is kept.",
        *_policies(variant),
        *_left_out(facts),
        f"The variant has {variant.sample_count:,} pairs: {_join(_count_splits(variant))}.",
        *_held_out(variant),
    ]
    return "\n".join(lines) + "\n"


def write_reproducibility(facts: PaperFacts) -> str:
    """A statement that lets others make the same variant: versions of data, code and libraries, command and seeds."""
    variant = facts.variant
    code = variant.code
    revision = (
        f"git revision \\texttt{{{code.revision}}}" if code.revision else "a revision that was not recorded"
    )
    changed = " with changes that were not committed" if code.is_dirty else ""
    libraries = _join([escape_latex(f"{name} {number}") for name, number in variant.libraries.items()])
    terms = licence_terms([split.theme for split in variant.splits])
    lines = [
        f"The variant has the version \\texttt{{{variant.version}}}, a digest of its rows.",
        f"It was made by sparkle-curation at {revision}{changed}, with {libraries},",
        f"from version \\texttt{{{variant.data.digest}}} of the release: {variant.data.source_count:,} sources with",
        f"{variant.data.record_count:,} records in {variant.data.size_bytes:,} bytes.",
        "The same sources, code and settings give the same files; the command is",
        r"\begin{verbatim}",
        _wrapped(rebuild_command(variant)),
        r"\end{verbatim}",
        f"The seed of the split is {variant.settings.get('split.seed', 0)}; no other step of the curation is random.",
        "Kiwi-Edit's trainer sets no seed, so the order of training is not fixed by this.",
        *(escape_latex(_LINK.sub(r"\1 (\2)", each.replace("`", ""))) for each in terms),
    ]
    return "\n".join(lines) + "\n"


_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
"""A link in Markdown, as the terms of licences have them."""

_LINE_WIDTH = 76


def _wrapped(command: str) -> str:
    """The command in lines that fit a column; a shell joins them again."""
    lines = []
    for line in command.splitlines():
        *parts, last = re.split(r"(?<=,)|(?<=--params )", line)
        shown = ""
        for part in [*parts, last]:
            if shown and len(shown) + len(part) >= _LINE_WIDTH:
                lines.append(f"{shown}\\")
                shown = ""
            shown += part
        lines.append(shown)
    return "\n".join(lines)


def _cite(variant: VariantFacts, use: str, *further: str) -> str:
    keys = [*(each.key for each in cited(variant) if each.use == use), *further]
    return rf"~\cite{{{','.join(keys)}}}" if keys else ""


def _judged_by(facts: PaperFacts) -> str:
    """Who gave the scores, as the beginning of a clause."""
    source = facts.variant.settings.get("score_source", "released")
    released = f"the scores of the release{_cite(facts.variant, 'scores')}"
    own = _join(
        [rf"{escape_latex(each.model)}~\cite{{judge{place}}}" for place, each in enumerate(facts.judges, 1)]
    )
    if source == "released" or not own:
        return f", by {released}"
    return f", by scores of our own from {own}" + (f", else by {released}" if source != "rescored" else "")


def _bound(variant: VariantFacts, criterion: Criterion) -> str:
    sign = r"\geq" if criterion.is_at_least else r"\leq"
    number = exact(variant.thresholds[criterion.name])
    title = next(stage.title for stage in dataset().scores.stages if stage.name == criterion.stage)
    named = title or criterion.stage.replace("_", " ")
    own = "" if criterion.is_primary else f", {criterion.name.removeprefix(criterion.stage).strip('_')}"
    return f"${sign} {number}$ for {escape_latex(named + own)}"


def _policies(variant: VariantFacts) -> list[str]:
    missing = {
        "reject": "Pairs without a score at a stage are left out.",
        "keep": "Pairs without a score at a stage are let through.",
        "error": "Every pair has a score at every stage that it reaches.",
    }
    imputed = {
        "reject": "So are pairs whose score is proven to hold a value that the judge's code imputed."
        if variant.missing_scores == "reject"
        else "Pairs whose score is proven to hold an imputed value are left out.",
        "keep": "Scores that hold a value imputed by the judge's code are used as they are.",
    }
    return [missing[variant.missing_scores], imputed[variant.imputed_scores]]


def _left_out(facts: PaperFacts) -> list[str]:
    by_step = {"export": 0, "preflight": 0}
    for each in facts.exclusions:
        if each.step in by_step:
            by_step[each.step] += each.samples
    loader = rf"Kiwi-Edit's loader{_cite(facts.variant, 'training')}"
    sentences = []
    if by_step["export"]:
        why = _join([each.reason for each in facts.exclusions if each.step == "export"])
        sentences.append(
            f"Of the pairs that pass, {by_step['export']:,} are not exported ({escape_latex(why)})."
        )
    if by_step["preflight"]:
        sentences.append(
            f"We drop {by_step['preflight']:,} more that {loader} would replace by a random other row, or take although "
            "they are broken."
        )
    elif _cite(facts.variant, "training"):
        sentences.append(f"Each pair was checked against the rules of {loader}; none had to be dropped.")
    return sentences


def _count_splits(variant: VariantFacts) -> list[str]:
    return [
        f"{split.sample_count:,} of {escape_latex(THEME_TITLES[split.theme])}"
        + (" for validation" if split.name.endswith(f"_{VAL}") else "")
        for split in variant.splits
    ]


def _held_out(variant: VariantFacts) -> list[str]:
    share = variant.settings.get("split.val_share", 0)
    if not share:
        return []
    told_by = variant.settings.get("split.grouped_by", "picture")
    return [f"Pairs of one source clip, told by its {told_by}, are all in training or all in validation."]


def _join(parts: Sequence[str]) -> str:
    """An enumeration.

    >>> _join(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = parts or ("none",)
    return f"{', '.join(first)} and {last}" if first else last


# ------------------------------------------------------------------ tables
def write_tables(facts: PaperFacts) -> str:
    """Two tables for the package booktabs: the funnel by theme, and what was left out by reason."""
    variant = facts.variant
    columns = ["known", *(f"{each.name}_kept" for each in CRITERIA), "exported"]
    headers = ["theme", "known"]
    for each in CRITERIA:
        bound = ("≥" if each.is_at_least else "≤") + exact(variant.thresholds[each.name])
        headers.append(f"{each.name.replace('_', ' ')} {bound}")
    rows: list[list[str]] = []
    for theme, *counts in variant.counts.select("theme", *columns).iter_rows():
        if theme == TOTAL:
            rows.append([])
        rows.append([THEME_TITLES.get(theme, "All"), *(f"{count:,}" for count in counts)])
    name = escape_latex(dataset().title)
    funnel = write_table(
        f"Pairs of {name} that pass each stage, and those of the variant.",
        "variant-funnel",
        [*headers, "variant"],
        rows,
    )
    reasons = write_table(
        f"Pairs of {name} that the variant goes without. A pair counts at the first step that leaves it out.",
        "variant-exclusions",
        ["step and reason", "pairs"],
        [
            *(
                [f"{each.step.replace('_', ' ')}: {each.reason}", f"{each.samples:,}"]
                for each in facts.exclusions
            ),
            [],
            ["all", f"{sum(each.samples for each in facts.exclusions):,}"],
        ],
    )
    return f"{funnel}\n{reasons}".replace("≥", r"$\geq$").replace("≤", r"$\leq$")


# ------------------------------------------------------------------ CITATION.cff
def write_citation(facts: PaperFacts) -> str:
    """The variant as a dataset in the Citation File Format 1.2.0, the publications behind it as its references."""
    variant = facts.variant
    licence = _spdx(variant.joint_licence)
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this variant, cite it and the publications behind it.",
        "type": "dataset",
        "title": name_variant(variant),
        "version": variant.version,
        "authors": [_person(name) for name in facts.authors] or [{"name": "The curators of this variant"}],
        **({"commit": variant.code.revision} if variant.code.revision else {}),
        **({"license": licence} if licence else {}),
        "references": [
            {
                "type": "article",
                "title": each.title,
                "authors": [_person(name) for name in each.authors],
                "year": each.year,
                **({"url": f"https://arxiv.org/abs/{each.arxiv}"} if each.arxiv else {}),
            }
            for each in cited(variant)
        ],
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def _spdx(licence: str) -> str | None:
    """A hub's id of a licence as SPDX writes it; None where that has no such licence."""
    try:
        return str(canonicalize_license_expression(licence))
    except InvalidLicenseExpression:
        return None


def _person(name: str) -> dict[str, str]:
    """A name as the format has it; one of a single word is an entity.

    >>> _person("Ada King Lovelace")
    {'given-names': 'Ada King', 'family-names': 'Lovelace'}
    """
    given, _, family = name.strip().rpartition(" ")
    return {"given-names": given, "family-names": family} if given else {"name": family}
