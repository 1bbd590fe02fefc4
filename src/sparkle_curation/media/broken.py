"""A media file that is broken, as an error on its way to becoming a row."""

from __future__ import annotations

from sparkle_curation.spec.codes.media_faults import MediaFault


class BrokenMediaError(Exception):
    """A media file cannot be used.

    Args:
        fault: why, as a code.
        detail: what was found and what is allowed.
    """

    def __init__(self, fault: MediaFault, detail: str) -> None:
        self.fault, self.detail = fault, detail
        super().__init__(f"{fault}: {detail}")

    def __reduce__(self) -> tuple[type[BrokenMediaError], tuple[MediaFault, str]]:
        """As its two arguments, so that it crosses from one process to another."""
        return type(self), (self.fault, self.detail)
