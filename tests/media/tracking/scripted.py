"""A tracker whose masks are known: an object is the rectangle of its box, moved by a step each frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from sparkle_curation.models.trackers.tracker import Box, Frames, Mask, OutOfMemoryError


@dataclass
class ScriptedTracker:
    """A ``Tracker``.

    Attributes:
        grow: by so many pixels a pass makes each box wider, by the frame that it begins on.
        fails_at: frames from which a pass does not fit into memory.
        asked: the passes that were made.
        opened: the clips that were opened, by their number of frames.
        killed_after: after so many passes the process ends as if it was killed; None for never.
        loses_at: a frame that no pass gets across, as none does across a scene cut; None for none.
    """

    grow: Mapping[int, int] = field(default_factory=dict)
    fails_at: frozenset[int] = frozenset()
    asked: list[tuple[int, int]] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    killed_after: int | None = None
    loses_at: int | None = None
    name: str = "scripted"

    @property
    def provenance(self) -> Mapping[str, str]:
        """As of a real one."""
        return {"backend": "transformers", "model": self.name, "revision": "0" * 40, "mask_threshold": "0.0"}

    def name_device(self) -> str:
        """It computes on nothing."""
        return "script"

    def load(self) -> None:
        """Nothing to load."""

    @contextmanager
    def open(self, frames: Frames) -> Iterator[_Clip]:
        """The clip, of which the shape alone counts."""
        self.opened.append(len(frames))
        yield _Clip(self, frames.shape[:3])


class Killed(BaseException):
    """What a kill looks like from inside: no handler of the project sees it."""


@dataclass
class _Clip:
    tracker: ScriptedTracker
    shape: tuple[int, ...]

    def track(self, frame_index: int, boxes: Sequence[Box]) -> Mask:
        if self.tracker.killed_after is not None and len(self.tracker.asked) >= self.tracker.killed_after:
            raise Killed
        if frame_index in self.tracker.fails_at:
            raise OutOfMemoryError("a clip too many")
        self.tracker.asked.append((frame_index, len(boxes)))
        mask = np.zeros(self.shape, np.bool_)
        wider = self.tracker.grow.get(frame_index, 0)
        for x1, y1, x2, y2 in boxes:
            mask[:, y1 : y2 + 1, x1 : x2 + 1 + wider] = True
        cut = self.tracker.loses_at
        if cut is not None:
            mask[cut:] &= frame_index >= cut
            mask[:cut] &= frame_index < cut
        return mask
