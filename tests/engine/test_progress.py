"""Progress is drawn on a terminal and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from sparkle_curation.engine.progress import byte_progress, item_progress


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_nothing_is_drawn_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log stays free of bars."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with byte_progress("reading", 100) as progress:
        progress(50)
        progress(100)
    assert stream.getvalue() == ""


def test_a_terminal_shows_what_is_read_and_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """The title and the bytes done of all bytes."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with byte_progress("edited_video_scores", 2000) as progress:
        progress(1000)
    assert "edited_video_scores" in stream.getvalue()
    assert "2.0 kB" in stream.getvalue()


def test_a_terminal_shows_items_and_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The title, the items done of all items, and how many failed once one has."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with item_progress("inspecting", 2000) as progress:
        progress(1000, 0)
    assert "inspecting" in stream.getvalue()
    assert "1000/2000" in stream.getvalue()
    assert "failed" not in stream.getvalue()
    with item_progress("inspecting", 2000) as progress:
        progress(1500, 3)
    assert "3 failed" in stream.getvalue()


def test_a_title_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither markup nor what would steer the terminal."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with byte_progress("[red]a[/] \x1b]0;b", 2000) as progress:
        progress(1000)
    with item_progress("[red]c[/] \x1b]0;d", 2000) as items:
        items(1000, 0)
    assert r"[red]a[/] \x1b]0;b" in stream.getvalue()
    assert r"[red]c[/] \x1b]0;d" in stream.getvalue()


@pytest.mark.parametrize("total", [0, 100])
def test_items_are_not_drawn_where_there_is_no_terminal_or_none_of_them(
    total: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log stays free of bars, and a terminal of empty ones."""
    stream = io.StringIO() if total else Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with item_progress("inspecting", total) as progress:
        progress(total, 0)
    assert stream.getvalue() == ""
