"""Nothing in a log record steers the terminal."""

from __future__ import annotations

import logging

from sparkle_curation.engine.log_text import AsShown


def test_hostile_text_is_shown_as_it_is() -> None:
    """Escapes and marks that turn text round come out as plain text."""
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s", ("a\x1b[31m\u202e[red]b[/]",), None)
    assert AsShown().filter(record)
    assert record.getMessage() == r"a\x1b[31m\u202e[red]b[/]"
