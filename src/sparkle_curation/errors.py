"""The errors of this project: what happened, where, what was found, what is allowed, what to do.

A fault of one sample is data (a row of the quarantine). The errors here are faults of the run: they
stop it before anything is exported.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import click

from sparkle_curation.commands import as_typed
from sparkle_curation.escaping import terminal_text
from sparkle_curation.masking import without_secrets


class SparkleError(click.ClickException):
    """A fault that stops the run, told in one shape; the command line prints it without a traceback.

    Args:
        what: what went wrong, as a sentence without its full stop.
        where: the file, parameter, table or sample it went wrong in.
        got: what was found there.
        allowed: what may stand there.
        todo: what the person at the keyboard does next.
    """

    def __init__(
        self,
        what: str,
        *,
        where: object = None,
        got: object = None,
        allowed: object = None,
        todo: str | None = None,
    ) -> None:
        # Whatever address stands in it, and whoever writes it down: a log, a table, a page.
        self.what, self.todo = without_secrets(what), todo and without_secrets(todo)
        self.where, self.got, self.allowed = map(_without_secrets, (where, got, allowed))
        labelled = {"where": self.where, "got": self.got, "allowed": self.allowed, "do": self.todo}
        lines = [f"  {label + ':':<9}{text}" for label, text in labelled.items() if text is not None]
        super().__init__("\n".join([f"{self.what}.", *lines]))

    def format_message(self) -> str:
        """The message as the command line prints it: its commands can be typed, and no text in it commands the terminal."""
        told = super().format_message()
        if self.todo:
            told = f"{told.removesuffix(self.todo)}{as_typed(self.todo)}"
        return terminal_text(told)


def _without_secrets(value: object) -> object:
    text = str(value)
    shown = without_secrets(text)
    return value if shown == text else shown


class ParameterError(SparkleError):
    """A parameter is unknown, misspelt or outside its range."""


class DescriptionError(SparkleError):
    """The description of the dataset (``dataset.yml``) is absent or says something that cannot be."""


class OverridesError(SparkleError):
    """The file of decisions by hand says something that is no decision."""


class SelectionError(SparkleError):
    """A selection by budget and balance cannot be made as it was asked for."""


class ReleaseError(SparkleError):
    """The release is not where it was said to be, or lacks what the run needs."""


class ServerError(ReleaseError):
    """A server that has the release, or a version of a variant, is not reached, or does not give it."""


class EmptyOutputError(SparkleError):
    """A run would leave nothing where there was something, or no variant at all, and was not told that it may."""


class MissingTableError(SparkleError):
    """A table that a step reads was never written, or is not whole."""


class StaleTableError(SparkleError):
    """A table lacks what another one has come to hold since it was written."""


class UndescribedError(StaleTableError):
    """A table has rows of themes or kinds that the description of the dataset does not have, as before it was changed."""

    def __init__(self, names: Iterable[str], known: Iterable[str], *, where: object) -> None:
        known = list(known)
        super().__init__(
            "There are rows of what the description of the dataset does not have",
            where=where,
            got=", ".join(sorted(set(names) - set(known))),
            allowed=", ".join(known),
            todo="describe it in dataset.yml; or, if it shall go, make the tables again: kedro run --pipelines curate",
        )


class ValidationError(SparkleError):
    """A table breaks a rule that is critical."""


class VersionError(SparkleError):
    """A version of a variant cannot be read, or its files do not belong together."""


class AssetError(SparkleError):
    """An asset is not in the release, or is not any more what it was when the assets were listed."""


class MediaError(SparkleError):
    """The content of one media file cannot be used: a row with this code, where many are gone through.

    Args:
        what: what went wrong, as a sentence without its full stop.
        code: the fault as a code, one of ``spec.codes.media_faults`` where it has one.
        **told: where, got, allowed and todo, as for every error.
    """

    def __init__(self, what: str, *, code: str = "", **told: Any) -> None:
        self.code = code
        super().__init__(what, **told)


class LockedError(SparkleError):
    """Another run has what this one needs for itself."""


class FileError(SparkleError):
    """A file or folder cannot be read or written: no right to, a link that leads nowhere, a disk with a fault."""


class DiskError(SparkleError):
    """There is no space left to write to."""


class ModelError(SparkleError):
    """A model cannot be had or cannot answer: no weights, no GPU, no server."""


class ConservationError(SparkleError):
    """A sum that must hold does not: a row was lost or made up. Always a defect of this project."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to ``name``, as a question; None when nothing is near.

    >>> did_you_mean("treshold", ["threshold", "release_root"])
    "did you mean 'threshold'?"
    >>> did_you_mean("zzz", ["threshold"])
    """
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else None
