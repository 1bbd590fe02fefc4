"""Where a removal works: the folder of outputs, the list, decisions by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


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
