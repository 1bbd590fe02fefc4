"""Data Docs: the pages that show stored reports, an index and one for each table.

Great Expectations makes the checks. Its own pages load styles and scripts from elsewhere and do not escape what they
show, so the pages are written here, by Jinja: one file each, readable without a network and without scripts. Every text
is escaped where it is put in; a policy in each page forbids it to load or run anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sparkle_curation.expectations.pages.reports import FOUND, Report, summarise
from sparkle_curation.pages.frame import Header, environment, in_words, link_pages, look_digest

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class ShownRule:
    """A rule as a page shows it; ``summarise`` says what the fields of the same name are.

    Attributes:
        anchor: its id in the page of its table.
        examples: up to ten rows that break it: what names the row, and what was found in it.
        absent: values that should be there and are not.
    """

    table: str
    name: str
    anchor: str
    kind: str
    severity: str
    is_met: bool
    checked_count: int | None
    failed_count: int
    failed_ids: str
    meaning: str
    examples: list[dict[str, object]]
    absent: list[object]

    @property
    def is_warning(self) -> bool:
        """Whether a run goes on without it; sorts what stops a run first."""
        return self.severity != "critical"


@dataclass(frozen=True)
class ShownTable:
    """A table, or what else has a suite, as its page shows it.

    Attributes:
        name: that of the suite.
        checked_at: when, in words.
        rules: in the order of the suite.
    """

    name: str
    checked_at: str
    rules: list[ShownRule]

    @property
    def met_count(self) -> int:
        """How many of its rules are met."""
        return sum(rule.is_met for rule in self.rules)

    @property
    def row_count(self) -> int | None:
        """How many rows were checked; None where no rule looks at rows."""
        return max(
            (rule.checked_count for rule in self.rules if rule.checked_count is not None), default=None
        )

    @property
    def worst(self) -> str:
        """``met``, or the gravest severity of what is not."""
        unmet = {rule.severity for rule in self.rules if not rule.is_met}
        return "met" if not unmet else "critical" if "critical" in unmet else "warning"


@dataclass(frozen=True)
class Site:
    """What the site is of, beside the reports.

    Attributes:
        release: where the release is; what may be secret in a URL is not shown.
        data_version: of the release.
        pages: the paths of the pages that the site links to, by their names; the one called ``Data Docs`` is its own.
    """

    release: str
    data_version: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)


NAME = "Data Docs"
"""Of the site among the pages."""


def write_data_docs(reports: list[Report], folder: Path, about: Site, place: Path | None = None) -> None:
    """Write the site into an empty folder: ``index.html``, and ``tables/<suite>.html`` for each report.

    Args:
        reports: of all suites, in the order in which they are shown.
        folder: the site's.
        about: what its pages say of it.
        place: the folder that the site will lie in, from which links lead; None for ``folder``.
    """
    templates = environment(_TEMPLATES)
    tables = [_shown_table(report) for report in reports]
    checked_at = in_words(max((_run_time(report) for report in reports), default=None))

    def header(page: Path) -> Header:
        links = link_pages(about.pages, (place or folder) / page)
        return Header(NAME, about.release, about.data_version, ("Checked", checked_at), links=links)

    index = templates.get_template("index.html.jinja").render(
        tables=tables, header=header(Path("index.html"))
    )
    (folder / "index.html").write_text(index, encoding="utf-8")
    (folder / "tables").mkdir()
    for table in tables:
        path = Path("tables", f"{table.name}.html")
        page = templates.get_template("table.html.jinja").render(table=table, header=header(path))
        (folder / path).write_text(page, encoding="utf-8")


def site_digest(reports: list[Report], about: Site, code: str) -> str:
    """Changes when what the site shows does, or how: the code that writes it, its templates and its style."""
    facts = [json.dumps(reports), repr(about), code, look_digest(_TEMPLATES)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _shown_table(report: Report) -> ShownTable:
    summary = summarise([report]).drop("rule").rows(named=True)
    rules = [
        ShownRule(
            name=found["expectation_config"]["meta"]["rule"],
            anchor=f"rule-{number}",
            examples=[] if found["success"] else _examples(found),
            absent=found["result"].get("partial_missing_list", []),
            **row,
        )
        for number, (row, found) in enumerate(zip(summary, report["result"]["results"], strict=True), 1)
    ]
    return ShownTable(report["suite"], in_words(_run_time(report)), rules)


def _examples(found: Mapping[str, Any]) -> list[dict[str, object]]:
    """What names each row first, then what was found: for two columns that should agree, each under its name."""
    options, result = found["expectation_config"]["kwargs"], found["result"]
    rows = result.get("partial_unexpected_index_list")
    if rows is None:  # the values of a column as a whole, which are of no row
        rows = [{FOUND: value} for value in result.get("partial_unexpected_list", [])]
    if "column_A" not in options:
        return [{name: row[name] for name in sorted(row, key=lambda name: name == FOUND)} for row in rows]
    pair = (options["column_A"], options["column_B"])
    return [
        {name: value for name, value in row.items() if name != FOUND}
        | dict(zip(pair, row[FOUND], strict=True))
        for row in rows
    ]


def _run_time(report: Report) -> datetime:
    return datetime.fromisoformat(report["result"]["meta"]["run_id"]["run_time"])
