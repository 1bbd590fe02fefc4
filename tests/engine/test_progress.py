"""Progress is drawn on a terminal and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from sparkle_curation.engine.progress import byte_progress


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
