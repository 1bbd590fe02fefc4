"""One running explorer and one browser for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.explorer.serving import made_store, made_tables, served
from tests.live_browser import Page, live_page


@pytest.fixture(scope="module")
def explorer(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an explorer of the made tables."""
    store = made_store(sample_release, tmp_path_factory.mktemp("explorer"))
    with served(made_tables(), store) as (address, _):
        yield address


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser with one page; closed behind each module, since the rest of the suite needs the processors."""
    with live_page(tmp_path_factory.mktemp("browser") / "profile") as page:
        page.resize((1280, 800))
        yield page


@pytest.fixture
def page(explorer: str, browser: Page) -> Iterator[Page]:
    """The explorer, opened anew and ready; left behind for an empty page, so that nothing plays on."""
    yield opened(browser, explorer)
    browser.send("Page.navigate", url="about:blank")


def opened(browser: Page, address: str) -> Page:
    """A page of the explorer once all that it starts with is there."""
    browser.open(address)
    browser.until("document.body?.dataset.ready === 'yes'")
    return browser
