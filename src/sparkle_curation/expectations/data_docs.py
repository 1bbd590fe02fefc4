"""Data Docs: the static site that Great Expectations makes of stored reports, made to work without a network.

Its pages load styles and scripts from elsewhere, and its index draws its tables by them: without a network the
index is blank. So what comes from elsewhere is taken out, a small style sheet put in, and the index written here.
"""

from __future__ import annotations

import copy
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sparkle_curation.expectations.checking import quiet_context
from sparkle_curation.expectations.reports import Report, summarise

SITE = "sparkle"
_FROM_ELSEWHERE = re.compile(
    r"""<link\b[^>]*href="https?:[^>]*>|<script\b[^>]*src="https?:[^>]*>\s*</script>|<img\b[^>]*src="https?:[^>]*>"""
)
_STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .6rem 0; }
td, th { border: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top; }
.text-danger, .failed { color: #b00020; } .text-success, .met { color: #1b7f3b; }
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
.warning { color: #9a6700; } .cooltip .top, .cooltip .bottom, footer { display: none; }
"""


def write_data_docs(reports: list[Report], folder: Path) -> None:
    """Write the site into an empty folder: an index, and a page for each report and for each suite."""
    from great_expectations.core import ExpectationSuiteValidationResultSchema  # noqa: PLC0415

    import sparkle_curation.expectations.custom  # noqa: F401, PLC0415 -- registers the expectations to render

    context = quiet_context()
    context.add_data_docs_site(
        SITE,
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder.resolve()),
            },
        },
    )
    for report in reports:
        found = ExpectationSuiteValidationResultSchema().load(report["result"])
        _store(context, report["suite"], found)
    context.build_data_docs()
    shutil.rmtree(folder / "static", ignore_errors=True)
    for page in folder.rglob("*.html"):
        text = _FROM_ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
        # At the end of the head, so that it has the last word.
        text = text.replace("</head>", f"<style>{_STYLE}</style></head>", 1)
        page.write_text(text, encoding="utf-8")
    (folder / "index.html").write_text("\n".join(_index(reports, folder)) + "\n", encoding="utf-8")


def _index(reports: list[Report], folder: Path) -> Iterator[str]:
    """The first page: what is not met, then every suite with its numbers."""
    summary = summarise(reports)
    links = {report["suite"]: _page_of(report["suite"], folder) for report in reports}
    yield f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Validation</title><style>{_STYLE}</style></head>"
    failed = summary.filter("is_met").height < summary.height
    yield "<body><h1>Validation</h1>"
    if failed:
        yield "<h2>Not met</h2><table><tr><th>table<th>rule<th>severity<th>rows<th>for example<th>what must hold</tr>"
        for row in summary.rows(named=True):
            if not row["is_met"]:
                shown = {key: html.escape(str(value)) for key, value in row.items()}
                tone = "failed" if row["severity"] == "critical" else "warning"
                yield (
                    f"<tr><td><a href='{links[row['table']]}'>{shown['table']}</a><td>{shown['rule']}"
                    f"<td class={tone}>{shown['severity']}<td>{shown['failed_count']}"
                    f"<td>{shown['failed_ids']}<td>{shown['meaning']}</tr>"
                )
        yield "</table>"
    yield "<h2>All tables</h2><table><tr><th>table<th>rules<th>met<th>rows checked</tr>"
    for name, link in links.items():
        rules = summary.filter(table=name)
        met = rules["is_met"].sum()
        tone = "met" if met == rules.height else "failed"
        rows = rules["checked_count"].max()
        yield (
            f"<tr><td><a href='{link}'>{name}</a><td>{rules.height}<td class={tone}>{met}"
            f"<td>{f'{rows:,}' if isinstance(rows, int) else ''}</tr>"
        )
    yield "</table></body></html>"


def _page_of(suite: str, folder: Path) -> str:
    (page,) = (folder / "validations" / suite).rglob("*.html")
    return page.relative_to(folder).as_posix()


def _store(context: Any, name: str, found: Any) -> None:
    """Put a result into the context as if it had just been made there."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    expectations = [copy.copy(each.expectation_config.to_domain_obj()) for each in found.results]
    context.suites.add(gx.ExpectationSuite(name, expectations=expectations))
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name=name),
        run_id=RunIdentifier(run_name="latest"),
        batch_identifier=name,
    )
    context.validation_results_store.set(key, found)
