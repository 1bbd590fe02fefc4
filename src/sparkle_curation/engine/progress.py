"""A progress bar on long work, on the terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from sparkle_curation.escaping import terminal_text

ItemsDone = Callable[[int, int], None]
"""Told how many items are done so far, and how many of them failed."""


@contextmanager
def byte_progress(title: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    """A function that is told how many bytes are done so far, and draws rate and time left.

    Nothing is drawn where standard error is not a terminal, so logs stay readable, nor where there is no byte.
    """
    if not total_bytes or not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(terminal_text(title), total=total_bytes)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def item_progress(title: str, total: int, rates: Callable[[], str] | None = None) -> Iterator[ItemsDone]:
    """A function that is told how many items are done and how many failed, and draws rate and time left.

    Nothing is drawn where standard error is not a terminal, nor where there is no item.

    Args:
        title: of the bar.
        total: items.
        rates: tells the rates of the steps of the work, where it has several; drawn beside that of all.
    """
    if not total or not sys.stderr.isatty():
        yield lambda _done, _failed: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        *([_StepsColumn(rates)] if rates else []),
        TimeRemainingColumn(),
        _FailuresColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(terminal_text(title), total=total, failed=0)
        yield lambda done, failed: progress.update(task, completed=done, failed=failed)


class _RateColumn(ProgressColumn):
    """Items a second, of the last half minute or so."""

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.1f}/s", style="progress.data.speed")


class _StepsColumn(ProgressColumn):
    """The rates of the steps, which say what the work waits for."""

    def __init__(self, rates: Callable[[], str]) -> None:
        super().__init__()
        self._rates = rates

    def render(self, task: Task) -> Text:
        return Text(self._rates(), style="dim")


class _FailuresColumn(ProgressColumn):
    """How many failed; nothing while none has."""

    def render(self, task: Task) -> Text:
        failed = task.fields["failed"]
        return Text(f"{failed:,} failed" if failed else "", style="red")
