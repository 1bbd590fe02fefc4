"""The file of decisions by hand: read and checked line by line, and replaced whole.

A person may type it, the explorer writes it, git keeps it. So every fault is told with its line, and a writer who has
not seen what another wrote meanwhile is refused: neither of them loses a decision.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

import polars as pl

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.locks import folder_lock
from sparkle_curation.errors import LockedError, OverridesError, did_you_mean
from sparkle_curation.spec.sample_ids import ID_FORM, SAMPLE_ID

OVERRIDE_COLUMNS: tuple[str, ...] = ("id", "decision", "reason", "annotator", "bound_to")
"""The columns of the file, in order."""

LINE = "line"
"""Column of read decisions: the first line of each in the file, counted from 1."""

_SCHEMA = pl.Schema({**dict.fromkeys(OVERRIDE_COLUMNS, pl.String()), LINE: pl.Int64()})
_MERGE_MARKS = ("<<<<<<<", "=======", "|||||||", ">>>>>>>")
"""What git writes where it cannot merge."""
_HEADER = ",".join(OVERRIDE_COLUMNS)


class Decision(StrEnum):
    """What a person decided about a sample."""

    KEEP = "keep"
    DROP = "drop"


def parse_overrides(content: bytes, *, where: object, words: type[StrEnum] = Decision) -> pl.DataFrame:
    """The decisions in a file's bytes: ``OVERRIDE_COLUMNS`` as texts, and ``line``, sorted by id and annotator.

    No bytes are no decisions. Blank lines are passed over.

    Args:
        content: CSV in UTF-8, with a header.
        where: the file, for errors.
        words: what can be decided.

    Raises:
        OverridesError: a line is none; with the line, what it has, what it may have, and what to do.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise OverridesError(
            "The file of decisions is not UTF-8",
            where=f"{where}, line {line}",
            allowed="a CSV in UTF-8",
            todo="save it as CSV in UTF-8 again",
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[str | int, ...]] = []
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not cells:
                continue
            if not rows and line == 1 and cells == list(OVERRIDE_COLUMNS):
                continue
            if line == 1:
                raise OverridesError(
                    "The file of decisions has another header",
                    where=f"{where}, line 1",
                    got=",".join(cells),
                    allowed=_HEADER,
                    todo=f"make its first line: {_HEADER}",
                )
            rows.append((*_checked(cells, f"{where}, line {line}", words), line))
    except csv.Error as error:
        raise OverridesError(
            "The file of decisions is no CSV",
            where=f"{where}, line {begins}",
            got=str(error),
            allowed=_HEADER,
            todo="mend the quotes of that line",
        ) from None
    found = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    check_unique(found, where=where)
    return found.sort("id", "annotator")


def check_unique(overrides: pl.DataFrame, *, where: object) -> None:
    """Nothing, when each annotator decides about a sample once.

    Raises:
        OverridesError: one does so twice; with the lines, where these are known.
    """
    twice = overrides.filter(pl.struct("id", "annotator").is_duplicated()).sort("id", "annotator")
    if twice.is_empty():
        return
    key, annotator = twice.select("id", "annotator").row(0)
    same = twice.filter((pl.col("id") == key) & (pl.col("annotator") == annotator))
    lines = same[LINE].sort().to_list() if LINE in same.columns else []
    raise OverridesError(
        "Somebody decides about a sample twice",
        where=f"{where}, line {' and '.join(map(str, lines))}" if lines else where,
        got=f"{same.height} decisions of {annotator!r} about {key}: {', '.join(same['decision'])}",
        allowed="one line for each id and annotator",
        todo="keep the line that holds, and remove the other",
    )


def read_overrides(path: Path, words: type[StrEnum] = Decision) -> tuple[pl.DataFrame, str]:
    """The decisions of a file, as ``parse_overrides`` has them, and the file's state, to be given to ``write_overrides``.

    A file that is not there has none.
    """
    content = _content(path)
    return parse_overrides(content, where=path, words=words), _state(content)


def write_overrides(path: Path, overrides: pl.DataFrame, *, state: str) -> str:
    """Replace the file by these decisions, sorted by id and annotator, and give its new state.

    A reader sees the old file or the new one. Where another has written since ``state`` was read, nothing is written.

    Args:
        path: the file; its folder is made where it is missing.
        overrides: with ``OVERRIDE_COLUMNS``; null is an empty cell.
        state: of the file that the decisions were made from, from ``read_overrides`` or the last writing.

    Raises:
        OverridesError: a decision is none, or an annotator decides about a sample twice.
        LockedError: another wrote meanwhile; read again, and decide again where the two differ.
    """
    content = format_overrides(overrides)
    with folder_lock(path.parent):
        _check_state(path, state)
        _replace(path, content)
    return _state(content)


def change_overrides(
    path: Path,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    state: str | None = None,
    words: type[StrEnum] = Decision,
) -> str:
    """Read, change and write the file under one lock, and give its new state: for changes that hold whatever is there.

    Args:
        path: the file.
        change: from the decisions there to the new ones; such as ``set_decision`` with its arguments.
        state: of the file that the change was made for; None for any.
        words: what can be decided.

    Raises:
        OverridesError: what is there, or what comes out, is no decision.
        LockedError: another state is wanted than the file has.
    """
    with folder_lock(path.parent):
        if state is not None:
            _check_state(path, state)
        before, _ = read_overrides(path, words)
        content = format_overrides(change(before), words)
        _replace(path, content)
    return _state(content)


def set_decision(overrides: pl.DataFrame, **decision: str) -> pl.DataFrame:
    """The decisions with this one instead of the same annotator's earlier one about the sample.

    Args:
        overrides: with ``OVERRIDE_COLUMNS``.
        **decision: a value for each of ``OVERRIDE_COLUMNS``.
    """
    rest = remove_decision(overrides, decision["id"], decision["annotator"])
    row = pl.DataFrame([decision], schema=dict.fromkeys(OVERRIDE_COLUMNS, pl.String))
    return pl.concat([rest.select(OVERRIDE_COLUMNS), row]).sort("id", "annotator")


def replace_decisions(
    overrides: pl.DataFrame, annotator: str, ids: Collection[str], decisions: pl.DataFrame
) -> pl.DataFrame:
    """The decisions with these ones instead of all that the annotator decided about ``ids``; many at once.

    Args:
        overrides: with ``OVERRIDE_COLUMNS``.
        annotator: whose decisions are replaced.
        ids: of samples.
        decisions: with ``OVERRIDE_COLUMNS``; fewer than ``ids`` where some are to have none.
    """
    mine = (pl.col("annotator") == annotator) & pl.col("id").is_in(list(ids))
    return pl.concat([overrides.filter(~mine).select(OVERRIDE_COLUMNS), decisions]).sort("id", "annotator")


def remove_decision(overrides: pl.DataFrame, sample_id: str, annotator: str) -> pl.DataFrame:
    """The decisions without that of the annotator about the sample; as they were where there is none."""
    return overrides.filter(~((pl.col("id") == sample_id) & (pl.col("annotator") == annotator)))


def format_overrides(overrides: pl.DataFrame, words: type[StrEnum] = Decision) -> bytes:
    r"""The file of these decisions: sorted, UTF-8, ``\n``, quotes where they are needed.

    Raises:
        OverridesError: a decision is none, or an annotator decides about a sample twice.
    """
    rows = overrides.select(pl.col(OVERRIDE_COLUMNS).cast(pl.String).fill_null("")).sort("id", "annotator")
    for row in rows.iter_rows():
        _checked(row, "the decisions to be written", words)
    check_unique(rows, where="the decisions to be written")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(OVERRIDE_COLUMNS)
    writer.writerows(rows.iter_rows())
    return text.getvalue().encode()


def _checked(cells: list[str] | tuple[str, ...], where: str, words: type[StrEnum]) -> tuple[str, ...]:
    allowed = tuple(each.value for each in words)
    if cells and cells[0].startswith(_MERGE_MARKS):
        raise OverridesError(
            "Two versions of the decisions were merged, and where they differ nobody has chosen yet",
            where=where,
            got=cells[0],
            allowed=_HEADER,
            todo="keep the lines that shall hold, and delete those that begin with <<<<<<<, =======, ||||||| and >>>>>>>",
        )
    if len(cells) != len(OVERRIDE_COLUMNS):
        raise OverridesError(
            "A line has more or fewer cells than the header",
            where=where,
            got=f"{len(cells)} cells",
            allowed=_HEADER,
            todo="give each cell, empty ones too, and put a text with a comma into quotes",
        )
    found = dict(zip(OVERRIDE_COLUMNS, (cell.strip() for cell in cells), strict=True))
    if not SAMPLE_ID.fullmatch(found["id"]):
        raise OverridesError(
            "A decision is about no sample",
            where=where,
            got=repr(found["id"]),
            allowed=ID_FORM,
            todo="copy the id from `kedro explore`, or from 08_reporting/ and the CSVs of the release",
        )
    if found["decision"] not in allowed:
        raise OverridesError(
            f"The decision about {found['id']} is none",
            where=where,
            got=repr(found["decision"]),
            allowed=" or ".join(allowed),
            todo=did_you_mean(found["decision"].lower(), allowed) or "write one of the two",
        )
    return tuple(found.values())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _state(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_state(path: Path, state: str) -> None:
    if _state(_content(path)) != state:
        raise LockedError(
            "Somebody else has written the decisions meanwhile, so these were not written",
            where=path,
            got="another file than the one that was read",
            todo="read the file again, and decide again: nothing that stands there was lost",
        )


def _replace(path: Path, content: bytes) -> None:
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)
