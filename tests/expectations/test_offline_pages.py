"""Pages work from a folder: nothing is loaded or run, and the controls do what they say."""

from __future__ import annotations

from sparkle_curation.expectations.offline_pages import Section, made_offline, sections_of
from sparkle_curation.expectations.reports import Report
from sparkle_curation.expectations.site_index import index_page

PAGE = """<html><head><title>Made
elsewhere</title><link rel="stylesheet" href="https://elsewhere/a.css"/>
<link rel="shortcut icon" href="../static/images/favicon.ico"/>
<script src="https://elsewhere/a.js"></script></head><body><script>
function hide() { $("a").hide() }</script>
<label onclick="hide()"><input type="radio" id="option2"> Failed Only</label>
<a href="../index.html">Home</a><img src="https://elsewhere/logo.png">
<div id="section-1" class="ge-section c"><h5 class="m-0" >
 overall
</h5><i class="text-danger"></i></div>
<div id="section-2" class="ge-section c"><h5>id</h5><i class="text-success"></i></div>
<footer><a href="https://elsewhere/">news</a></footer></body></html>"""


def result(
    rule: str, kwargs: dict[str, object], severity: str, names: tuple[str, ...] = ()
) -> dict[str, object]:
    """A result as a report holds it, met where it names no rows."""
    rows = [{"id": name, "found": "x"} for name in names]
    return {
        "success": not names,
        "expectation_config": {
            "kwargs": kwargs,
            "severity": severity,
            "meta": {"rule": rule, "kind": "range", "meaning": f"{rule} <holds>."},
        },
        "result": {
            "element_count": 5000,
            "unexpected_count": len(names),
            "partial_unexpected_index_list": rows,
        },
    }


def test_nothing_is_loaded_or_run() -> None:
    """What comes from elsewhere is gone, with the scripts and what calls them; links within the site stay."""
    page = made_offline(PAGE, "made")
    for part in ("https:", "<script", "onclick", "static/", "<footer"):
        assert part not in page
    assert "<title>made</title>" in page
    assert '<a href="../index.html">Home</a>' in page
    assert 'id="option2"' in page


def test_what_failed_is_marked_and_what_did_not_is_hidden_by_the_filter() -> None:
    """In the table of contents, section by section."""
    page = made_offline(PAGE, "made")
    assert sections_of(page) == [Section("section-1", "overall", False), Section("section-2", "id", True)]
    assert '.sticky a[href="#section-1"]::after' in page
    assert 'body:has(#option2:checked) .sticky a[href="#section-2"] { display: none; }' in page


def test_the_index_leads_to_what_is_not_met_the_critical_first() -> None:
    """To the section of its column, or of the rules on several; texts are escaped."""
    results = [
        result("warned", {"column_A": "a", "column_B": "b"}, "warning", ("n<1>",)),
        result("broken", {"column": "overall"}, "critical", ("n2", "n3")),
        result("met", {"column": "id"}, "critical"),
    ]
    report: Report = {"suite": "made", "result": {"results": results}}
    sections = [
        Section("section-2", "Table-Level Expectations", True),
        Section("section-3", "overall", False),
    ]
    page = index_page([report], {"made": "made.html"}, {"made": sections})
    assert page.index("made.html#section-3") < page.index("made.html#section-2")
    assert "n&lt;1&gt;" in page
    assert "1 of 3" in page
    assert "5,000" in page
    met = index_page(
        [{"suite": "made", "result": {"results": results[2:]}}], {"made": "made.html"}, {"made": []}
    )
    assert "Every rule is met." in met
