"""Messages as the log shows them: what would steer a terminal as an escape, commands as they are to be typed."""

from __future__ import annotations

import logging

from sparkle_curation.commands import as_typed
from sparkle_curation.escaping import terminal_text


class AsShown(logging.Filter):
    """Lets each record through, its message as ``terminal_text`` gives it, with commands as they are typed here."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True; a message that would steer the terminal or names a command is replaced, others stay as they are."""
        message = record.getMessage()
        shown = terminal_text(as_typed(message))
        if shown != message:
            record.msg, record.args = shown, ()
        return True
