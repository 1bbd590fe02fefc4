"""The first page of the site: what is not met, with a way to it, then every table with its numbers."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sparkle_curation.expectations.offline_pages import STYLE, Section
from sparkle_curation.expectations.reports import Report, summarise

Links = Mapping[str, str]
"""Suite -> path of its page, from the site's root."""

_ANY_COLUMN = "Table-Level Expectations"
"""The header of the rules that look at more than one column."""


def index_page(reports: list[Report], links: Links, sections: Mapping[str, list[Section]]) -> str:
    """The page as HTML.

    Args:
        reports: of all suites, in the order in which they are shown.
        links: where the page of each suite lies.
        sections: the sections of each of those pages.
    """
    summary = summarise(reports)
    targets = {
        (report["suite"], result["expectation_config"]["meta"]["rule"]): links[report["suite"]]
        + _anchor(result, sections[report["suite"]])
        for report in reports
        for result in report["result"]["results"]
    }
    lines = [
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Validation</title>",
        f"<style>\n{STYLE}</style></head><body><h1>Validation</h1>",
        *_unmet(summary, targets),
        *_tables(summary, links),
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"


def _anchor(result: Mapping[str, Any], sections: list[Section]) -> str:
    """Where on its page a rule stands."""
    column = result["expectation_config"]["kwargs"].get("column", _ANY_COLUMN)
    anchors = {section.header: section.anchor for section in sections}
    return f"#{anchors[column]}" if column in anchors else ""


def _unmet(summary: pl.DataFrame, targets: Mapping[tuple[str, str], str]) -> Iterator[str]:
    unmet = summary.filter(~pl.col("is_met")).sort(pl.col("severity") != "critical", maintain_order=True)
    if unmet.is_empty():
        yield "<p class=met>Every rule is met.</p>"
        return
    yield "<h2>Not met</h2><table><tr><th>table<th>rule<th>severity<th>rows<th>for example<th>what must hold</tr>"
    for row in unmet.rows(named=True):
        shown = {key: html.escape(str(value)) for key, value in row.items()}
        tone = "failed" if row["severity"] == "critical" else "warning"
        yield (
            f"<tr><td>{shown['table']}<td><a href='{targets[row['table'], row['rule']]}'>{shown['rule']}</a>"
            f"<td class={tone}>{shown['severity']}<td>{row['failed_count']:,}"
            f"<td>{shown['failed_ids']}<td>{shown['meaning']}</tr>"
        )
    yield "</table>"


def _tables(summary: pl.DataFrame, links: Links) -> Iterator[str]:
    yield "<h2>All tables</h2><table><tr><th>table<th>rules met<th>rows checked</tr>"
    for name, link in links.items():
        rules = summary.filter(table=name)
        met = rules["is_met"].sum()
        tone, sign = ("met", "&#x2713;") if met == rules.height else ("failed", "&#x2717;")
        rows = rules["checked_count"].max()
        yield (
            f"<tr><td><a href='{link}'>{name}</a><td class={tone}>{sign} {met} of {rules.height}"
            f"<td>{f'{rows:,}' if isinstance(rows, int) else ''}</tr>"
        )
    yield "</table>"
