"""The disk of the data root: room for a run, and what killed runs left."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sparkle_curation.doctor.finding import Finding, State, counted, listed
from sparkle_curation.doctor.release import open_release, sizes_now
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.io.atomic import is_leftover
from sparkle_curation.errors import SparkleError
from sparkle_curation.spec.layout import parse_shard_path


def check_disk(setup: Setup) -> Iterator[Finding]:
    """Whether there is room for a run: each file is written beside the one that it replaces."""
    root = setup.data_root
    place = next(each for each in (root, *root.parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        yield Finding("disk", State.PROBLEM, f"{place} cannot be written to", "give another data_root")
        return
    sizes = [size for _, size in _outputs(setup)]
    texts = _text_bytes(setup)
    held, largest = sum(sizes), max(sizes, default=0)
    needed = max(largest, texts or 0)
    free = shutil.disk_usage(place).free
    state = State.PROBLEM if free < needed else State.WARNING if free < needed + held else State.OK
    yield Finding(
        "disk",
        state,
        f"{free:,} bytes free at {place}; the outputs there hold {held:,} bytes in {counted(len(sizes), 'file')}. A run "
        f"needs up to {needed:,} more, since each file is written beside the old one: the largest has {largest:,} bytes, "
        + ("the release's texts are not known here" if texts is None else f"the release's texts {texts:,}"),
        "" if state == State.OK else "free some space, or give another data_root",
    )


def check_leftovers(setup: Setup) -> Iterator[Finding]:
    """What runs that were killed left half-written; what a run that goes on has in hand is none."""
    left = [(path, size) for path, size in _outputs(setup) if is_leftover(path, setup.data_root)]
    if not left:
        yield Finding("leftovers", State.OK, "no temporary file of a killed run")
        return
    names = listed([setup.shown(path) for path, _ in left])
    yield Finding(
        "leftovers",
        State.WARNING,
        f"{counted(len(left), 'temporary file')} of killed runs, {sum(size for _, size in left):,} bytes: {names}",
        "nothing: the next run that writes there removes them; or delete them while nothing runs",
    )


def _outputs(setup: Setup) -> Iterator[tuple[Path, int]]:
    """Each file below the data root, and its size, without those of a release or benchmark there, as in a checkout."""
    read = [setup.roots.get(name) for name in ("release_root", "bench_root")]
    read += (setup.parameters.get("bench_models") or {}).values()
    inputs = {Path(os.path.abspath(setup.project / str(each))) for each in read if each}  # noqa: PTH100 -- links stay
    waiting = [Path(os.path.abspath(setup.data_root))]  # noqa: PTH100
    while waiting:
        folder = waiting.pop()
        if folder in inputs:
            continue
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif stat.S_ISREG((status := entry.stat(follow_symlinks=False)).st_mode):
                        yield Path(entry.path), status.st_size
        except OSError:  # not there, or a run has just replaced it
            continue


def _text_bytes(setup: Setup) -> int | None:
    """How long the release's texts are; None where that cannot be known, which another check tells."""
    try:
        files = open_release(setup)
    except (SparkleError, OSError):
        return None
    if files is None:
        return None
    sizes = sizes_now(files)
    return sum(size for path, size in sizes.items() if not parse_shard_path(path))
