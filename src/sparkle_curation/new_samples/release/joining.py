"""Two releases as one: the media of both by hard links, and the lines of the one behind those of the other."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.errors import FileError, ReleaseError
from sparkle_curation.ingest.csv.csv_records import csv_records
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.links import allowed_folders, refusal
from sparkle_curation.new_samples.release.origins import PROVENANCE_NAME
from sparkle_curation.spec.layout import annotation_paths, annotations_csv_path, intermediate_jsonl_path
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS, JSONL_TABLES
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)

CARD = "README.md"
ADDED_CARD = "new_samples/README{}.md"
"""Where the card of the added release goes: the other one's stays, and so do those of releases that were added before."""


@dataclass(frozen=True)
class JoinedRelease:
    """Two releases that are to be one.

    Attributes:
        root: of the one, local; its lines and bytes stay as they are.
        added: of the other.
        copies: whether media are copied where they cannot be linked.
    """

    root: Path
    added: Path
    copies: bool


def text_paths() -> list[str]:
    """The texts of a release that have lines of samples: of every theme and of new samples, there or not."""
    tables = [table.file_name for table in JSONL_TABLES.values() if table.file_name]
    of_themes = [
        path
        for theme in THEMES
        for path in (*annotation_paths(theme), *(intermediate_jsonl_path(theme, name) for name in tables))
    ]
    return [*of_themes, PROVENANCE_NAME]


def plan_join(root: str, added: str) -> JoinedRelease:
    """The two releases, once it is known that they can be joined.

    Raises:
        ReleaseError: one is not there, is behind a URL, holds nothing, is the other, or has a theme that is not described.
        FileError: a file of media, or a sample, stands in both.
    """
    paths = [_local(root, "release_root"), _local(added, "join.added")]
    if paths[0].resolve() == paths[1].resolve():
        raise ReleaseError(
            "A release cannot be joined with itself",
            where="join.added",
            got=added,
            todo="give the folder of the new release: --params join.added=/path/to/new_release",
        )
    _check_themes(paths[1], added)
    texts, twice = set(text_paths()), []
    own = {path for path, _ in _files(paths[0])} - texts
    twice = sorted(own & {path for path, _ in _files(paths[1])} - texts - {CARD})
    if twice:
        raise _in_both(
            twice,
            "files of media",
            "ingest the release into compared_root, and assemble the new one again: its tars then begin behind",
        )
    if ids := sorted(_pair_ids(paths[0]) & _pair_ids(paths[1])):
        raise _in_both(
            ids, "samples", "number the new samples otherwise (clips.first_number), or leave them out"
        )
    return JoinedRelease(paths[0], paths[1], copies=False)


def _check_themes(root: Path, added: str) -> None:
    """Nothing, where each training CSV of the added release is that of a theme: another one would be read by nobody."""
    pattern = re.escape(annotations_csv_path("@theme@")).replace("@theme@", "([^/]+)")
    found = (re.fullmatch(pattern, path) for path, _ in _files(root))
    if unknown := sorted({match[1] for match in found if match} - set(THEMES)):
        raise ReleaseError(
            "The release that is added has a theme that this environment does not describe",
            where=f"join.added={added}",
            got=", ".join(unknown),
            allowed=", ".join(THEMES),
            todo="describe it as for the new samples: cp conf/new/dataset.yml conf/base/dataset.yml, then join and curate",
        )


def write_joined(target: Path, joined: JoinedRelease) -> None:
    """Replace a folder by the two releases as one.

    Raises:
        FileError: media cannot be linked to the folder, and may not be copied.
        DiskError: the disk is full; the folder stays as it was.
    """
    texts = {*text_paths(), CARD}
    both = [dict(_files(joined.root)), dict(_files(joined.added))]
    media = [(path, source) for files in both for path, source in files.items() if path not in texts]
    with atomic_folder(target) as temporary, item_progress("files of both releases", len(media)) as tell:
        for number, (path, source) in enumerate(media, 1):
            _link(source, _made(temporary / path), copies=joined.copies)
            tell(number, 0)
        for path in sorted(texts - {CARD}):
            if sources := [files[path] for files in both if path in files]:
                _concatenate(sources, _made(temporary / path))
        for files, name in zip(both, (CARD, _free_name(both)), strict=True):
            if CARD in files:
                shutil.copyfile(files[CARD], _made(temporary / name))


def _free_name(both: Sequence[Mapping[str, Path]]) -> str:
    """A name for the card of the added release that no file of either has: one there is linked, and not to be written."""
    names = (ADDED_CARD.format(f"_{number}" if number > 1 else "") for number in itertools.count(1))
    return next(name for name in names if not any(name in files for files in both))


def _concatenate(sources: Sequence[Path], target: Path) -> None:
    """The lines of both, each as it stands; of a CSV the header once."""
    with target.open("wb") as file:
        ends_well = True
        for number, source in enumerate(sources):
            if not ends_well:
                file.write(b"\n")
            with source.open("rb") as lines:
                if number and target.suffix == ".csv":
                    _skip_header(lines, source)
                shutil.copyfileobj(lines, file, 1 << 20)
            with source.open("rb") as lines:
                size = lines.seek(0, os.SEEK_END)
                lines.seek(max(size - 1, 0))
                ends_well = lines.read(1) in {b"\n", b""}


def _skip_header(lines: object, source: Path) -> None:
    header = lines.readline()  # type: ignore[attr-defined]
    if header.strip().lstrip(b"\xef\xbb\xbf").decode("utf-8", "replace").split(",") != [*CSV_COLUMNS]:
        raise ReleaseError(
            "A training CSV of the new release begins otherwise than those of the release",
            where=source,
            got=header[:200],
            allowed=",".join(CSV_COLUMNS),
            todo="assemble it again: kedro run --env new --pipelines assemble",
        )


def _pair_ids(root: Path) -> set[str]:
    """The ids of a release that its texts have: of CSVs and of each record."""
    found: set[str] = set()
    task = CSV_COLUMNS.index("task")
    decoder = msgspec.json.Decoder(Mapping[str, msgspec.Raw])
    for path in text_paths():
        source = root / path
        if not source.is_file():
            continue
        if source.suffix == ".csv":
            records = csv_records(source.read_bytes())
            found.update(
                each.cells[task] for each in records if not isinstance(each, Fault) and len(each.cells) > task
            )
            continue
        with source.open("rb") as lines:
            for line in lines:
                try:
                    found.add(msgspec.json.decode(decoder.decode(line)["id"], type=str))
                except (msgspec.DecodeError, KeyError):
                    continue  # a line that `ingest` will put into the quarantine
    return found - {"task"}


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """The files of a release: path from its root, and where it is behind links.

    Hidden ones are passed over, and links that `ingest` does not follow, which are told.
    """
    allowed, seen = allowed_folders(str(root)), set()
    for folder, folders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a loop of links
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith("."):
                continue
            if why := refusal(str(path), allowed):
                logger.warning("join: %s is left out: it %s", path.relative_to(root), why)
            elif path.is_file():
                yield path.relative_to(root).as_posix(), path.resolve()


def _local(root: str, where: str) -> Path:
    path = Path(root).expanduser()
    if "://" in root or "::" in root or not path.is_dir():
        raise ReleaseError(
            "A release that is joined must be a folder of this machine",
            where=f"{where}={root}",
            got="a URL" if "://" in root else "no such folder",
            allowed="a local folder in the published layout",
            todo="bring it first (kedro run --pipelines download), or give the folder: --params "
            + (
                "release_root=/path/to/Sparkle"
                if where == "release_root"
                else "join.added=/path/to/new_release"
            ),
        )
    if next(_files(path), None) is None:
        raise ReleaseError(
            "A release that is joined holds no file", where=f"{where}={root}", todo="give another folder"
        )
    return path


def _link(source: Path, target: Path, *, copies: bool) -> None:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if not copies:
            is_other = error.errno == errno.EXDEV
            raise FileError(
                "Media cannot be linked into the joined release",
                where=target.name,
                got="the release lies on another file system" if is_other else error.strerror,
                allowed="a data root on the file system of the release, which takes hard links",
                todo="give such a data root: --params data_root=/path; or let them be copied, which takes as much room "
                "again: --params join.links=copy",
            ) from error
        shutil.copyfile(source, target)


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _in_both(names: Sequence[str], what: str, todo: str) -> FileError:
    return FileError(
        f"There are {what} that both releases have",
        where="join.added",
        got=f"{len(names):,}, such as {', '.join(names[:3])}",
        allowed="none",
        todo=todo,
    )
