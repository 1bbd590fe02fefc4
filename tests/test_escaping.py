"""Text of others as a part of Markdown: what a renderer that allows everything makes of it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.markdown import rendered

from sparkle_curation.errors import ReleaseError
from sparkle_curation.escaping import markdown_code, markdown_prose, markdown_text, terminal_text, visible

PARTS = (
    *("<img src=x onerror=f()>", "<script>", "<!--", "</td>", "<javascript:f>", "&lt;", "&#60;", "`", "``", "[a](", "["),
    *("](javascript:f)", "]: javascript:f", "![", "**", "_", "__", "~~", "|", "\\", "\\|", "\n", "\n\n", "\r", "\x1b[31m"),
    *("\u202e", "\ud83d", "\xa0", "# ", "- ", "a", "b_c", "1", " ", "é", "https://x", ")", "(", "=", "!", ";", "&", "<"),
    *(">", "]"),
)  # fmt: skip
hostile = st.lists(st.sampled_from(PARTS)).map("".join)


def seen(text: str) -> str:
    """A text as a page shows it: white space made one, what cannot be seen as an escape."""
    return visible(" ".join(text.split()))


@given(hostile)
def test_a_text_is_shown_whole_and_makes_nothing(text: str) -> None:
    """In a paragraph and in a cell of a table: no element, no cell, no link, and every character is there."""
    shown = markdown_text(text)
    assert rendered(f"a {shown} b") == f"<p>{html.escape(f'a {seen(text)} b')}</p>\n"
    assert f"<td>{html.escape(seen(text))}</td>" in rendered(f"| x | y |\n| - | - |\n| {shown} | 1 |")


@given(hostile)
def test_code_is_shown_whole_and_makes_nothing_else(text: str) -> None:
    """Where it cannot be code, it is text."""
    shown = rendered(f"| x | y |\n| - | - |\n| {markdown_code(text)} | 1 |")
    (cell,) = re.findall(r"<td>(.*?)</td>\n<td>1</td>", shown)
    assert " ".join(re.sub(r"^<code>(.*)</code>$", r"\1", cell).split()) == html.escape(seen(text))


@given(hostile)
def test_markdown_of_others_has_no_html_and_leads_to_the_web_alone(text: str) -> None:
    """Wherever it comes from: an element that Markdown makes has no attribute but an address."""
    for element in re.findall(r"<[a-zA-Z!][^>]*>", rendered(markdown_prose(text))):
        assert re.fullmatch(
            r'<[a-z0-9]+>|<(br|hr) />|<a href="https?://[^"]*">|<(ol start|code class)="[^"]*">', element
        )


def test_plain_text_has_no_escapes() -> None:
    """What people read in a terminal too: names, comparisons, arrows."""
    plain = "threshold:edited_frame0 8.0 -> 8.5, a < b & c (d), 10%!"
    assert markdown_text(plain) == plain
    assert markdown_prose("[CC BY](https://x) `a` **b**") == "[CC BY](https://x) `a` **b**"


@pytest.mark.parametrize("text", ["\x1b]0;t\x07", "\x9b2J", "\r", "\u202e", "\u2066", "\ud83d", "\x00"])
def test_nothing_steers_a_terminal(text: str) -> None:
    """Lines and tabs stay."""
    assert terminal_text(f"a\n\t{text}").isprintable() is False
    assert terminal_text(text).isprintable()
    assert terminal_text(f"a\n\t{text}").startswith("a\n\t\\")


def test_an_error_does_not_steer_the_terminal() -> None:
    """What it was told of stays true, what the command line prints is text."""
    error = ReleaseError("A name is odd", where="a\x1b[2J\u202e", todo="look")
    assert error.where == "a\x1b[2J\u202e"
    assert r"where:   a\x1b[2J\u202e" in error.format_message()
