"""The page that `dvc plots` fills."""

from __future__ import annotations

import re

import pytest
from dvc_render.html import HTML

from sparkle_curation.reports.plots_page import compose_page

PLACES = ("{plot_divs}", "{scripts}", "{refresh_tag}")


@pytest.fixture(scope="module")
def page() -> str:
    """The page; making it starts a JavaScript engine."""
    return compose_page()


def test_the_page_has_one_place_for_plots_and_loads_nothing(page: str) -> None:
    """DVC would put its scripts, which it loads from the internet, into a place for scripts."""
    assert [page.count(place) for place in PLACES] == [1, 0, 0]
    assert not re.search(r"<(script|link)[^>]*(src|href)=", page)
    assert page.count("<script>") == page.count("</script>") == 1


def test_dvc_fills_the_page(page: str) -> None:
    """The plots stand in the body; nothing else of the page is touched."""
    filled = HTML(page).with_scripts("<script src='https://x'></script>").with_element("<p>plot</p>").embed()
    assert filled == page.replace("{plot_divs}", "<p>plot</p>")
