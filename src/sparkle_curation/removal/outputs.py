"""The files of a folder of outputs that a removal looks at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

RAW_FOLDER = "01_raw"
_NO_OUTPUTS = frozenset({".gitkeep", ".gitignore"})


def outputs_below(root: Path, raw: Iterable[Path] = ()) -> Iterator[Path]:
    """The files below a folder, hidden ones, links and what lies behind linked folders too; without raw data and files."""
    seen = {os.path.realpath(each) for each in (root / RAW_FOLDER, *raw)}
    left_out = {os.path.basename(each) for each in seen}  # noqa: PTH119 -- each is a text
    for folder, names, files in os.walk(root, followlinks=True):
        real = {name: os.path.realpath(Path(folder, name)) for name in sorted(names) if name != ".locks"}
        names[:] = [name for name, path in real.items() if path not in seen]
        seen.update(real.values())
        for name in sorted(files):
            is_raw = name in left_out and os.path.realpath(Path(folder, name)) in seen
            if not is_raw and name not in _NO_OUTPUTS:
                yield Path(folder, name)
