"""Messages as the log shows them: what would steer a terminal as an escape, commands as they are to be typed."""

from __future__ import annotations

import logging

from sparkle_curation.advice import completed
from sparkle_curation.escaping import terminal_text


class AsShown(logging.Filter):
    """Lets each record through, its message as ``terminal_text`` gives it, with commands completed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """True; a message that would steer the terminal or names a command is replaced, any other stays as it is."""
        message = record.getMessage()
        shown = terminal_text(completed(message))
        if shown != message:
            record.msg, record.args = shown, ()
        return True
