"""What a work that trains on a variant cites: publications, the variant itself, and judges of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.parts import Reference
from sparkle_curation.variant.facts import VariantFacts

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
}


def escape_latex(text: str) -> str:
    r"""The text as LaTeX shows it, in one line and without control characters.

    >>> escape_latex("50% of a_b")
    '50\\% of a\\_b'
    """
    return "".join(
        _SPECIAL.get(character, character) for character in " ".join(text.split()) if character.isprintable()
    )


class Judge(NamedTuple):
    """A model that scores of a variant are from, where they are not the release's.

    Attributes:
        model: its name.
        revision: its commit, or the digest of its files.
        adapter: name of its adapter; None for none.
    """

    model: str
    revision: str
    adapter: str | None


def list_judges(tables: Iterable[pl.DataFrame]) -> list[Judge]:
    """The models that gave the scores of these tables (``RESCORED_TABLES``), each once, in order of name."""
    columns = list(Judge._fields)
    rows = [row for table in tables for row in table.select(columns).unique().rows()]
    return sorted({Judge(*row) for row in rows}, key=lambda judge: tuple(map(str, judge)))


def cited(facts: VariantFacts) -> list[Reference]:
    """The publications that stand behind a variant: those for all themes, and those for the themes that it has."""
    themes = {split.theme for split in facts.splits}
    return [each for each in dataset().references if not each.themes or themes & set(each.themes)]


def variant_key(facts: VariantFacts) -> str:
    """The BibTeX key of a variant.

    >>> from types import SimpleNamespace
    >>> variant_key(SimpleNamespace(version="0123456789abcdef"))[-13:]
    'variant012345'
    """
    return f"{dataset().name}variant{facts.version[:6]}"


def write_bibtex(facts: VariantFacts, judges: Sequence[Judge] = ()) -> str:
    """The bibliography: publications, then the variant, then judges of one's own."""
    entries = [
        _entry(
            each.key,
            title=f"{{{escape_latex(each.title)}}}",
            author=" and ".join(escape_latex(name) for name in each.authors),
            year=str(each.year),
            **({"eprint": each.arxiv, "archiveprefix": "arXiv"} if each.arxiv else {}),
        )
        for each in cited(facts)
    ]
    made = (
        f"sparkle-curation, git revision {facts.code.revision}" if facts.code.revision else "sparkle-curation"
    )
    entries.append(
        _entry(
            variant_key(facts),
            title=f"{{{escape_latex(name_variant(facts))}}}",
            howpublished=f"Curated with {made}",
            note=f"Version {facts.version}, {facts.sample_count:,} pairs",
        )
    )
    entries += [
        _entry(
            f"judge{place}",
            title=f"{{{escape_latex(judge.model)}}}",
            howpublished="Model weights",
            note=escape_latex(
                f"Revision {judge.revision}" + (f", adapter {judge.adapter}" if judge.adapter else "")
            ),
        )
        for place, judge in enumerate(judges, 1)
    ]
    return "\n".join(entries)


def name_variant(facts: VariantFacts) -> str:
    """What a variant is called in a list of publications."""
    return f"A variant of {dataset().title}, {facts.sample_count:,} pairs, version {facts.version[:12]}"


def _entry(key: str, **members: str) -> str:
    lines = [f"  {name:<13} = {{{value}}}" for name, value in members.items()]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"
