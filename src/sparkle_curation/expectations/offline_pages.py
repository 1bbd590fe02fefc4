"""Pages of Great Expectations made to work from a folder: no network, no scripts, and controls that do what they say.

Its pages load styles and scripts from elsewhere. What comes from elsewhere is taken out, and so are the scripts that
lean on it; a style sheet does their work: "Failed Only" hides what is met, "Show more info..." opens what it points to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: .6rem 0; }
td, th { border: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top; }
.text-danger, .failed { color: #b00020; } .text-success, .met { color: #1b7f3b; } .warning { color: #9a6700; }
"""
"""Of the first page and of all others."""

_PAGE_STYLE = """\
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
.cooltip .top, .cooltip .bottom, .navbar-brand { display: none; }
.ge-breadcrumbs { list-style: none; display: flex; gap: 1.5rem; margin: 0; padding: 0; }
.navbar { height: auto !important; }
.container-fluid > .row:has(> .col-lg-2) { display: grid; grid-template-columns: 17rem 1fr; gap: 2.5rem; }
.sticky { top: 1rem !important; } .sticky ul { list-style: none; padding: 0; } .sticky .card { margin-bottom: 1rem; }
h4 { font-size: 1.3rem; margin: 1rem 0 .3rem; } h5 { font-size: 1.05rem; margin: 0; } h6 { font-size: 1rem; margin: 0; }
label { margin-right: .8rem; cursor: pointer; }
.collapse { display: none; } .collapse:target { display: block; }
:target { background: #fff8e1; }
body:has(#option2:checked) .ge-section:has(.hide-succeeded-validations-column-section-target-child) { display: none; }
body:has(#option2:checked) tr:has(> .hide-succeeded-validation-target-child) { display: none; }
"""

_DROPPED = re.compile(
    r"""<link\b[^>]*href="(?:https?:|[^"]*static/)[^>]*>|<script\b.*?</script>|<img\b[^>]*src="https?:[^>]*>"""
    r"""|<footer>.*?</footer>|\sonclick="[^"]*\"""",
    re.DOTALL,
)
_SECTION = re.compile(r'<div id="(section-[0-9]+)" class="ge-section')
_HEADER = re.compile(r"<h5[^>]*>\s*(.*?)\s*</h5>", re.DOTALL)
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A part of a page: the rules of one column, or those of several.

    Attributes:
        anchor: its id in the page.
        header: the name of its column, or what else stands above it.
        is_met: whether every rule of it is met.
    """

    anchor: str
    header: str
    is_met: bool


def sections_of(page: str) -> list[Section]:
    """The sections of a page, in order."""
    _, *parts = _SECTION.split(page)
    found = []
    for anchor, text in zip(parts[::2], parts[1::2], strict=True):
        header = _HEADER.search(text)
        found.append(Section(anchor, header[1] if header else "", "text-danger" not in text))
    return found


def made_offline(page: str, title: str) -> str:
    """The page under a title of its own, without what it would load or run."""
    page = _TITLE.sub(f"<title>{title}</title>", _DROPPED.sub("", page), count=1)
    # At the end of the head, so that it has the last word.
    return page.replace(
        "</head>", f"<style>\n{STYLE}{_PAGE_STYLE}{_marked(sections_of(page))}</style></head>", 1
    )


def _marked(sections: list[Section]) -> str:
    """The style that marks a section in the table of contents, or hides it there with the section itself."""
    rules = {
        False: '.sticky a[href="#{0}"]::after {{ content: " \\2717"; color: #b00020; }}\n',
        True: 'body:has(#option2:checked) .sticky a[href="#{0}"] {{ display: none; }}\n',
    }
    return "".join(rules[each.is_met].format(each.anchor) for each in sections)
