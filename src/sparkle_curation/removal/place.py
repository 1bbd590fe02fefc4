"""Where a removal works: the folder of outputs and the files in it, the list, decisions by hand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

RAW_FOLDER = "01_raw"
_NO_OUTPUTS = frozenset({".gitkeep", ".gitignore"})


@dataclass(frozen=True)
class RemovalPlace:
    """The paths of a removal; none is looked at before it is asked for.

    Attributes:
        outputs: the folder where everything that is made lies.
        exclusions: the list of excluded clips.
        decisions: the files of decisions by hand, which name samples too.
        raw: folders of raw data, which are left as they are.
        packed_in: where an archive of the configuration lies unpacked while a run lasts; what is written there is lost.
    """

    outputs: Path
    exclusions: Path
    decisions: tuple[Path, ...]
    raw: tuple[Path, ...] = ()
    packed_in: Path | None = None

    def is_lost(self, path: Path) -> bool:
        """Whether what is written to the path is gone after the run."""
        return self.packed_in is not None and path.is_relative_to(self.packed_in)

    def folders(self, further: Iterable[str] = ()) -> list[Path]:
        """The folders that are gone through: that of the outputs, and further ones that are there."""
        found = [self.outputs, *(Path(each).expanduser() for each in further)]
        return [each for each in dict.fromkeys(path.absolute() for path in found) if each.is_dir()]


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
