"""All checks in their order, and what they found as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kedro.io.core import DatasetError
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sparkle_curation.commands import as_typed, note_run
from sparkle_curation.doctor.description import check_description, check_parameters
from sparkle_curation.doctor.finding import Finding, State, counted, of_error
from sparkle_curation.doctor.machine import check_ffmpeg, check_file_system, check_gpu
from sparkle_curation.doctor.packages import check_extras, check_libraries, check_python, check_telemetry
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.errors import SparkleError
from sparkle_curation.escaping import terminal_text
from sparkle_curation.masking import without_secrets
from sparkle_curation.telling import in_words

Check = Callable[[Setup], Iterable[Finding]]

OF_THE_MACHINE: tuple[Check, ...] = (
    check_python,
    check_libraries,
    check_extras,
    check_ffmpeg,
    check_gpu,
    check_telemetry,
)
"""They need no configuration."""


def examine(setup: Setup) -> Iterator[Finding]:
    """What all checks find, in their order; nothing is written.

    The description comes before what asks it, and the parameters before what is read by them: where one of them is not
    right, what follows is not looked at.
    """
    note_run(setup.env, setup.params)
    for check in OF_THE_MACHINE:
        yield from _run(check, setup)
    for check in (check_description, check_parameters):
        found = list(_run(check, setup))
        yield from found
        if any(each.state == State.PROBLEM for each in found):
            yield Finding(
                "the rest", State.WARNING, "release and outputs were not looked at", "mend that first"
            )
            return
    for check in _of_the_data():
        yield from _run(check, setup)


def _of_the_data() -> tuple[Check, ...]:
    """The checks whose modules ask the description as they are imported."""
    from sparkle_curation.doctor import benchmark, disk, journals, outputs, release, versions  # noqa: PLC0415

    return (
        disk.check_disk,
        check_file_system,
        release.check_release,
        benchmark.check_benchmark,
        outputs.check_outputs,
        versions.check_code_digests,
        journals.check_journals,
        disk.check_leftovers,
        versions.check_old_names,
    )


def _run(check: Check, setup: Setup) -> Iterator[Finding]:
    """What a check finds; what it cannot look at is a problem of its own, and ends no other check."""
    subject = check.__name__.removeprefix("check_").replace("_", " ")
    try:
        yield from check(setup)
    except SparkleError as error:
        yield of_error(subject, error)
    except DatasetError as error:
        told = in_words(error)
        if told is None:
            raise
        yield of_error(subject, told)
    except OSError as error:
        yield Finding(subject, State.PROBLEM, f"cannot be looked at: {error}", "look at the permissions")


# ------------------------------------------------------------------ the table
_STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}


def show(findings: Iterable[Finding], console: Console) -> bool:
    """Print what was found, and what to do below it; gives whether there is no problem."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("state", no_wrap=True)
    table.add_column("what", max_width=24)
    table.add_column("found, and what to do", overflow="fold")
    states: list[State] = []
    for subject, state, found, todo in findings:
        states.append(state)
        cell = Text(_printable(found))
        if todo:
            cell.append(f"\n→ {_printable(as_typed(todo))}", "bold" if state != State.OK else "")
        table.add_row(Text(state.value, _STYLES[state]), Text(_printable(subject)), cell)
    console.print(table)
    problems, warnings = (states.count(state) for state in (State.PROBLEM, State.WARNING))
    console.print(f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}", highlight=False)
    return not problems


def _printable(text: str) -> str:
    """Text of files, folders and addresses without what would command the terminal, and without secrets."""
    return terminal_text(without_secrets(text))
