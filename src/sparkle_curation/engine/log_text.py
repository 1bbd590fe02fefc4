"""Text of other people on a terminal: what would steer it is shown as an escape."""

from __future__ import annotations

import logging


def terminal_text(text: str) -> str:
    r"""``text`` with all that cannot be seen as escapes, except line ends and tabs.

    >>> terminal_text("a\x1b[31m\u202eb")
    'a\\x1b[31m\\u202eb'
    """
    return "".join(
        each if each.isprintable() or each in "\n\t" else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


class AsShown(logging.Filter):
    """Lets each record through, its message as ``terminal_text`` gives it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True; a message that would steer the terminal is replaced, any other record stays as it is."""
        message = record.getMessage()
        shown = terminal_text(message)
        if shown != message:
            record.msg, record.args = shown, ()
        return True
