"""Which parts of an asset a probe will read, so that they can be fetched from a server before it does."""

from __future__ import annotations

from dataclasses import dataclass, field

from sparkle_curation.engine.io.remote.ranges import Range
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.layout import ASSET_KINDS

_END_BYTES = 5 << 10
"""Of the beginning and of the end, at first: the index of a clip of the release takes 2 KB, the first header of a mask 4."""
_MOST_END_BYTES = 256 << 10
_ROUNDED_BYTES = 1 << 10
_WHOLE_STILL_BYTES = 8 << 20
"""Up to this length a still is read whole: its facts are of each of its chunks, of which there may be hundreds."""
_WHOLE_BYTES = 16 << 20
"""Up to this length a file is read whole whose bytes are all wanted."""


@dataclass
class WantedParts:
    """Tells the parts, and learns from what was missed: where the index of clips is longer, more is fetched of the next.

    Attributes:
        heads: bytes of the beginning that files of a suffix want.
        tails: bytes of the end.
    """

    heads: dict[str, int] = field(default_factory=dict)
    tails: dict[str, int] = field(default_factory=dict)

    def of(self, file: str, kind: str, offset: int, size: int, depth: Depth) -> list[Range]:
        """The parts of an asset, one or two.

        Args:
            file: that holds it.
            kind: asset kind.
            offset: its first byte in the file.
            size: its length in bytes.
            depth: how much is read.
        """
        suffix, end = ASSET_KINDS[kind].suffix, offset + size
        most_whole = (
            _WHOLE_BYTES if depth is not Depth.INDEX else _WHOLE_STILL_BYTES if suffix == "png" else 0
        )
        if size <= most_whole:
            return [Range(file, offset, end)]
        head, tail = self.heads.get(suffix, _END_BYTES), self.tails.get(suffix, _END_BYTES)
        return [Range(file, offset, min(offset + head, end)), Range(file, max(offset, end - tail), end)]

    def learn(self, kind: str, offset: int, size: int, missed: list[Range]) -> None:
        """Take what a probe missed of an asset into account for those that come."""
        suffix = ASSET_KINDS[kind].suffix
        for part in missed:
            from_start, to_end = part.end - offset, offset + size - part.start
            if from_start <= min(to_end, _MOST_END_BYTES):
                self.heads[suffix] = max(self.heads.get(suffix, _END_BYTES), _rounded(from_start))
            elif to_end <= _MOST_END_BYTES:
                self.tails[suffix] = max(self.tails.get(suffix, _END_BYTES), _rounded(to_end))


def _rounded(length: int) -> int:
    return -(-length // _ROUNDED_BYTES) * _ROUNDED_BYTES
