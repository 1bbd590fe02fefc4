"""What a removal does in a folder of outputs: which rows go, which files, and which folders as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import NamedTuple

import xxhash

from sparkle_curation.engine.io.atomic import is_leftover
from sparkle_curation.engine.journal.purging import JournalPurge, is_note, purge_journal
from sparkle_curation.errors import DiskError
from sparkle_curation.ingest.assets.walk_notes import WALK_SUFFIX
from sparkle_curation.removal.contents import (
    JOURNAL_START,
    UnreadableError,
    embedded_pictures,
    pieces,
    start_of,
)
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.new_samples import LAST
from sparkle_curation.removal.place import outputs_below
from sparkle_curation.removal.rewriting import rewriter_of, tells
from sparkle_curation.spec.sample_ids import SAMPLE_ID

SETS: dict[str, str] = {
    "05_model_input/kiwi_edit": "curate",
    "05_model_input/variants/*": "variants",
    "05_model_input/benchmark": "bench_build",
    "05_model_input/mix": "mix",
    "05_model_input/training_kit": "training_kit",
    "08_reporting/data_docs": "validate",
}
"""Folders whose files change as a set: one that tells of the clip goes whole, and the pipeline makes it again."""

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".bmp", ".tif", ".tiff")
_VIDEOS = (".mp4", ".webm", ".mov", ".mkv")
_PAGES = (".html", ".htm", ".svg", ".md", ".json", ".ipynb")


class Action(StrEnum):
    """What is done with a file or folder."""

    ROWS = "rows"
    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True)
class Step:
    """A file or folder, and what is done with it.

    Attributes:
        path: where it is.
        action: what is done.
        reason: why, without naming anybody.
        rows: that go; 0 where the whole goes.
        size_bytes: of the files that go; of a file that loses rows its length.
        unknown: rows of a journal of which nobody knows whose they are, which go too.
        made_by: the pipeline that makes it again; empty for one that any may have made.
    """

    path: Path
    action: Action
    reason: str
    rows: int = 0
    size_bytes: int = 0
    unknown: int = 0
    made_by: str = ""


def make_plan(root: Path, needles: Needles, *, raw: Iterable[Path] = ()) -> list[Step]:
    """The steps of a removal in a folder, in the order in which they are done: journals, then files, then tables.

    Raw releases are not looked at. A file that cannot be read to its end goes, since nobody can tell what stands in it.

    Args:
        root: the folder.
        needles: of the clip.
        raw: folders of raw data below it.
    """
    found: dict[Path, Step] = {}
    for path in outputs_below(root, raw):
        if any(each in found for each in path.parents):
            continue
        step = _step_of(path, root, needles)
        if step is None:
            continue
        whole = _set_of(path, root)
        if whole:
            folder, pipeline = whole
            size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
            found[folder] = Step(folder, Action.FOLDER, "a set that tells of it", 0, size, 0, pipeline)
        else:
            found[path] = step
    return sorted(found.values(), key=_turn)


def _turn(step: Step) -> tuple[bool, bool, bool, Path]:
    is_rows = step.action is Action.ROWS
    return not _is_journal(step.path), is_rows, step.path.name in LAST, step.path


class Failed(NamedTuple):
    """A step that could not be done, and why."""

    step: Step
    fault: str


def carry_out_all(steps: Iterable[Step], root: Path, needles: Needles) -> list[Failed]:
    """Do the steps, and give those that could not be done: a file that cannot be written keeps no other one.

    Then the tables of new samples stay too, from which another try knows what to look for.
    """
    failed: list[Failed] = []
    for step in steps:
        if failed and step.path.name in LAST:
            failed.append(Failed(step, "left for the next try"))
            continue
        try:
            carry_out(step, root, needles)
        except (OSError, DiskError) as error:
            what = getattr(error, "strerror", None) or getattr(error, "got", None) or error
            failed.append(Failed(step, str(what)))
    return failed


def carry_out(step: Step, root: Path, needles: Needles) -> None:
    """Do one step; one that is done already does nothing."""
    if step.action is Action.FOLDER:
        _remove_folder(step.path)
    elif step.action is Action.FILE:
        step.path.unlink(missing_ok=True)
        _remove_empty(step.path.parent, root)
    elif step.path.exists() and _is_journal(step.path):
        _purge(step.path, needles, is_dry=False)
    elif step.path.exists() and (rewrite := rewriter_of(step.path, start_of(step.path))):
        rewrite(step.path, needles, is_dry=False)


def _step_of(path: Path, root: Path, needles: Needles) -> Step | None:
    """What is done with a file; None for nothing."""
    relative = path.relative_to(root).as_posix()
    size = path.lstat().st_size
    whole = partial(Step, path, Action.FILE, size_bytes=size)
    if needles.are_in(relative.encode("utf-8", "surrogateescape")) or path.stem in needles.names:
        return whole("a file of it")
    # A link that leads nowhere, a note that goes with its journal, and what is empty tell nothing.
    if not path.is_file() or is_note(path) or not path.stat().st_size:
        return None
    if is_leftover(path, root) or path.suffix == WALK_SUFFIX:  # headers of shards, packed
        return whole("what a killed run left")
    start = start_of(path)
    if start.startswith(JOURNAL_START):
        purge = _purge(path, needles, is_dry=True)
        goes = purge.dropped or purge.noted
        return Step(path, Action.ROWS, "rows of it", purge.dropped, size, purge.unknown) if goes else None
    is_copy = size in needles.sizes and xxhash.xxh3_128_hexdigest(path.read_bytes()) in needles.file_hashes
    if is_copy and not SAMPLE_ID.search(path.name):  # of another sample: as an empty mask, which many have
        return whole("a copy of a file of it")
    is_picture = path.suffix.lower() in (*_PICTURES, *_VIDEOS)
    return _picture(path, whole) if is_picture else _text(path, start, needles, whole)


def _picture(path: Path, whole: Callable[[str], Step]) -> Step | None:
    is_others = SAMPLE_ID.search(path.name)
    return None if is_others else whole("pictures of several samples, which may show it")


def _text(path: Path, start: bytes, needles: Needles, whole: Callable[[str], Step]) -> Step | None:
    is_page = path.suffix.lower() in _PAGES
    pictures, is_told = 0, False
    try:
        for piece in pieces(path):
            is_told = is_told or needles.are_in(piece)
            pictures += embedded_pictures(piece) if is_page else 0
    except UnreadableError as error:
        return whole(f"a file in which nobody can look for it ({error})")
    if pictures:
        return whole("pictures of several samples, which may show it")
    if not is_told:
        return None
    rewrite = rewriter_of(path, start)
    rows = rewrite(path, needles, is_dry=True) if rewrite else 0
    return (
        Step(path, Action.ROWS, "rows of it", rows, path.stat().st_size)
        if rows
        else whole("it is told of there")
    )


def _set_of(path: Path, root: Path) -> tuple[Path, str] | None:
    parts = path.relative_to(root).parts
    for pattern, pipeline in SETS.items():
        depth = pattern.count("/") + 1
        if len(parts) > depth and fnmatch("/".join(parts[:depth]), pattern):
            return root.joinpath(*parts[:depth]), pipeline
    return None


def _is_journal(path: Path) -> bool:
    return path.is_file() and start_of(path).startswith(JOURNAL_START)


def _purge(path: Path, needles: Needles, *, is_dry: bool) -> JournalPurge:
    return purge_journal(path, needles.ids | needles.names, partial(tells, needles=needles), is_dry=is_dry)


def _remove_folder(folder: Path) -> None:
    """Under another name first, so that a run that is killed leaves no half of a set."""
    import shutil  # noqa: PLC0415

    if folder.exists():
        aside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        folder.rename(aside)
        shutil.rmtree(aside)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
