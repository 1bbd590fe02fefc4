"""Data Docs: the static site that Great Expectations makes of stored reports, made to work without a network.

Its own index draws its tables by scripts that it loads from elsewhere, so another one is put in its place.
"""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

from sparkle_curation.expectations.checking import quiet_context
from sparkle_curation.expectations.offline_pages import made_offline, sections_of
from sparkle_curation.expectations.reports import Report
from sparkle_curation.expectations.site_index import index_page

SITE = "sparkle"


def write_data_docs(reports: list[Report], folder: Path) -> None:
    """Write the site into an empty folder: an index, and a page for each report and for each suite."""
    _build(reports, folder)
    shutil.rmtree(folder / "static", ignore_errors=True)
    for page in folder.rglob("*.html"):
        kind = page.relative_to(folder).parts[0]
        text = made_offline(page.read_text(encoding="utf-8"), f"{page.stem} ({kind})")
        page.write_text(text, encoding="utf-8")
    pages = {report["suite"]: _page_of(report["suite"], folder) for report in reports}
    index = index_page(
        reports,
        {name: page.relative_to(folder).as_posix() for name, page in pages.items()},
        {name: sections_of(page.read_text(encoding="utf-8")) for name, page in pages.items()},
    )
    (folder / "index.html").write_text(index, encoding="utf-8")


def _build(reports: list[Report], folder: Path) -> None:
    """The site as Great Expectations writes it."""
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


def _page_of(suite: str, folder: Path) -> Path:
    (page,) = (folder / "validations" / suite).rglob("*.html")
    return page


def _store(context: Any, name: str, found: Any) -> None:
    """Put a result into the context as if it had just been made there."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    expectations = [copy.copy(each.expectation_config.to_domain_obj()) for each in found.results]
    context.suites.add(gx.ExpectationSuite(name, expectations=expectations))
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name=name),
        run_id=found.meta["run_id"],
        batch_identifier=name,
    )
    context.validation_results_store.set(key, found)
