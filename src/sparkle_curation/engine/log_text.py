"""Text of other people in the log: what would steer a terminal is shown as an escape."""

from __future__ import annotations

import logging

from sparkle_curation.escaping import terminal_text


class AsShown(logging.Filter):
    """Lets each record through, its message as ``terminal_text`` gives it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True; a message that would steer the terminal is replaced, any other record stays as it is."""
        message = record.getMessage()
        shown = terminal_text(message)
        if shown != message:
            record.msg, record.args = shown, ()
        return True
