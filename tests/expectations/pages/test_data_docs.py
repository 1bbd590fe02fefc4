"""The pages of Data Docs say what the reports say, load and run nothing, and show text from outside as text."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.browser import needs_chromium, show

from sparkle_curation.datasets.reports.validation_datasets import DataDocsDataset
from sparkle_curation.expectations.pages.data_docs import Site, write_data_docs
from sparkle_curation.expectations.pages.reports import Report

HOSTILE = (
    """"'></title></style><img src=x onerror="document.title='ran'">"""
    """<script>document.title='ran'</script><svg onload=alert(1)>{{ 7 * 7 }}&lt;\u202e\x07"""
)
POLICY = (
    """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">"""
)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "section", "div", "h1", "h2", "h3", "p", "a"),
    *("strong", "span", "code", "bdi", "table", "thead", "tbody", "tr", "th", "td", "nav", "main", "dl", "dt", "dd"),
}  # fmt: skip


def result(
    rule: str, kwargs: dict[str, object], severity: str = "critical", **found: object
) -> dict[str, Any]:
    """A result as a report holds it, met where nothing was found."""
    return {
        "success": not found,
        "expectation_config": {
            "kwargs": kwargs,
            "severity": severity,
            "meta": {"rule": rule, "kind": "range", "meaning": f"`{rule}` <holds>."},
        },
        "result": {"element_count": 5000, "unexpected_count": 0, **found},
    }


def report(name: str, *results: dict[str, Any], run_time: str = "2026-01-02T03:04:05+00:00") -> Report:
    """A report of a suite."""
    return {
        "suite": name,
        "result": {
            "results": list(results),
            "meta": {"run_id": {"run_name": "latest", "run_time": run_time}},
        },
    }


def rows(*found: object) -> dict[str, object]:
    """What was found of rows that break a rule."""
    listed = [{"id": f"n<{place}>", "found": value} for place, value in enumerate(found, 1)]
    return {"unexpected_count": len(found), "partial_unexpected_index_list": listed}


BROKEN = result("broken", {"column": "a"}, **rows("odd", None, 1.5))
WARNED = result("warned", {"column_A": "left", "column_B": "right"}, "warning", **rows(["l", "r"]))
OF_A_COLUMN = result(
    "five_themes", {"column": "theme"}, unexpected_count=1, partial_unexpected_list=["x"], partial_missing_list=["y"]
)  # fmt: skip
MET = result("met", {"column": "id"})


def site(folder: Path, *reports: Report, release: str = "data/Sparkle") -> Path:
    """The pages of some reports."""
    folder.mkdir()
    write_data_docs(list(reports), folder, Site(release, "0123456789abcdef"))
    return folder


class Page(HTMLParser):
    """A page as a parser sees it: its elements, their attributes, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text, self.is_style = "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the element is and has; a cell stands apart from the one before."""
        self.tags.add(tag)
        self.is_style = tag == "style"
        self.text += " " if tag in {"th", "td", "dt", "dd"} else ""
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Keep the text; the style sheet is none."""
        self.text += "" if self.is_style else data

    def handle_endtag(self, tag: str) -> None:
        """Note where the style sheet ends."""
        self.is_style = self.is_style and tag != "style"

    @property
    def words(self) -> str:
        """The text, its white space made one."""
        return " ".join(self.text.split())


def test_the_first_page_says_the_verdict_and_leads_to_what_is_not_met(tmp_path: Path) -> None:
    """What stops a run comes before warnings, each with its count, its rows and a way to it."""
    folder = site(tmp_path / "site", report("made", WARNED, BROKEN, MET), report("good", MET))
    page = Page(folder / "index.html")
    assert (
        "Sparkle: Data Docs ✗ 2 of 4 rules not met, 1 critical "
        "Release data/Sparkle · version 0123456789ab Checked 2026-01-02 03:04 UTC" in page.words
    )
    assert page.words.index("made · broken critical 3 rows of 5,000") < page.words.index("made · warned")
    assert "broken <holds>. For example n<1>; n<2>; n<3>" in page.words
    assert "✗ made 1 of 3 5,000" in page.words
    assert "✓ good 1 of 1 5,000" in page.words
    links = [value for name, value in page.attributes if name == "href"]
    assert links == [
        "#content",
        "tables/made.html#rule-2",
        "tables/made.html#rule-1",
        "tables/made.html",
        "tables/good.html",
    ]


def test_a_page_of_a_table_shows_failed_rules_first_with_what_was_found(tmp_path: Path) -> None:
    """Rows by name; of two columns both values under their names; of a column as a whole what is absent."""
    folder = site(tmp_path / "site", report("made", MET, WARNED, BROKEN, OF_A_COLUMN))
    page = Page(folder / "tables" / "made.html")
    assert "id found n<1> odd n<2> null n<3> 1.5" in page.words
    assert "id left right n<1> l r" in page.words
    assert "Absent: y found x" in page.words
    assert page.words.index("broken critical") < page.words.index("warned warning") < page.words.index("Met")
    anchors = {value for name, value in page.attributes if name == "id"}
    assert anchors == {*(f"rule-{n}" for n in range(1, 5)), "content", "met"}


def test_a_site_without_faults_or_reports_says_so(tmp_path: Path) -> None:
    """Nothing is listed as not met."""
    good = Page(site(tmp_path / "good", report("made", MET)) / "index.html").words
    assert "✓ Every rule is met" in good
    assert "Not met" not in good
    assert "never" in Page(site(tmp_path / "none") / "index.html").words


def test_the_newest_check_is_the_date_of_the_site(tmp_path: Path) -> None:
    """A table that did not change was checked before."""
    old, new = report("old", MET), report("new", MET, run_time="2026-05-06T07:08:09+02:00")
    index = Page(site(tmp_path / "site", new, old) / "index.html").words
    assert "Checked 2026-05-06 05:08 UTC" in index
    assert "2026-01-02 03:04 UTC" in index


def test_a_long_value_is_cut_and_an_invisible_character_shown(tmp_path: Path) -> None:
    """A prompt may be long; a mark that turns the direction of writing turns nothing; half a character is no error."""
    found = rows("p" * 100_000, "a\u202eb", "\ud83d")
    page = Page(site(tmp_path / "site", report("made", result("r", {}, **found))) / "tables" / "made.html")
    assert "p" * 300 + "… (100,000 characters)" in page.words
    assert r"a\u202eb n<3> \ud83d" in page.words
    assert "p" * 301 not in page.words


def test_a_secret_of_the_releases_address_is_not_shown(tmp_path: Path) -> None:
    """Neither a password nor a token of a query, in any part of a chained address."""
    address = "simplecache::https://me:secret@host/Sparkle?token=secret::s3://key:secret@bucket"
    folder = site(tmp_path / "site", report("made", MET), release=address)
    for path in folder.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "secret" not in text
        assert "simplecache::https://***@host/Sparkle?***::s3://***@bucket" in text


def poisoned(value: Any, name: str = "") -> Any:
    """A value with hostile text behind each text in it, keys that become headers too."""
    if isinstance(value, str):
        return value if name in {"run_time", "suite", "severity"} else value + HOSTILE
    if isinstance(value, list):
        return [poisoned(each, name) for each in value]
    if isinstance(value, dict):
        is_row = name == "partial_unexpected_index_list"
        return {
            key + HOSTILE if is_row and key != "found" else key: poisoned(each, key)
            for key, each in value.items()
        }
    return value


@pytest.fixture
def poisoned_site(tmp_path: Path) -> Path:
    """The pages of a report in which each text is hostile, of a release that is called so."""
    reports = poisoned([report("made", MET, WARNED, BROKEN, OF_A_COLUMN)])
    return site(tmp_path / "site", *reports, release="data/" + HOSTILE)


def test_hostile_text_stays_text(poisoned_site: Path) -> None:
    """In whatever field it stands, it makes no element and no attribute; it is shown as it is, less what is invisible."""
    for path in poisoned_site.rglob("*.html"):
        page = Page(path)
        assert page.tags <= TAGS
        assert not any(name.startswith("on") for name, _ in page.attributes)
        assert "49" not in page.words
        assert (
            r"""<script>document.title='ran'</script><svg onload=alert(1)>{{ 7 * 7 }}&lt;\u202e\x07"""
            in page.words
        )


def test_a_page_may_load_and_run_nothing(poisoned_site: Path) -> None:
    """It forbids that to itself; no address leads out of the site."""
    for path in poisoned_site.rglob("*.html"):
        assert POLICY in path.read_text(encoding="utf-8")
        links = [value for name, value in Page(path).attributes if name in {"href", "src"}]
        assert links
        assert all((path.parent / (link.partition("#")[0] or path.name)).is_file() for link in links)


@needs_chromium
def test_hostile_text_does_not_run_in_a_browser(poisoned_site: Path, tmp_path: Path) -> None:
    """Even where the page would let it."""
    for path in poisoned_site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(page.replace(POLICY, ""), encoding="utf-8")
        dom = show(path.as_uri(), tmp_path / "page.png", patience_ms=2_000)
        assert "<title>ran" not in dom
        assert "<img" not in dom
        assert "&lt;img src=x" in dom


def test_a_site_is_written_anew_only_where_it_would_show_something_else(tmp_path: Path) -> None:
    """Another report and another release change it; no page of an earlier site stays."""
    path = tmp_path / "site"
    saved = DataDocsDataset(filepath=str(path), release="a")
    saved.save(([report("made", MET)], "one"))
    first = (path / "index.html").stat()
    saved.save(([report("made", MET)], "one"))
    assert (path / "index.html").stat() == first
    DataDocsDataset(filepath=str(path), release="b").save(([report("made", MET)], "one"))
    second = (path / "index.html").stat()
    assert second != first
    DataDocsDataset(filepath=str(path), release="b").save(([report("made", MET)], "two"))
    assert (path / "index.html").stat() != second
    saved.save(([report("other", MET)], "one"))
    assert [each.name for each in (path / "tables").iterdir()] == ["other.html"]
