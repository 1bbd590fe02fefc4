"""What an export profile is: the form of a trainer's file, and what its loader makes of a pair's frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sparkle_curation.loader.kiwi_edit import LoaderSettings

Form = Literal["csv", "json", "jsonl"]
"""A CSV with a header, one JSON array, or a JSON object a line."""

SOURCE, EDITED, CONTROL, PROMPT = "source", "edited", "control", "prompt"
"""Columns of a pair that a profile names: paths from the media's folder, and the text."""


class Preset(NamedTuple):
    """A size that a trainer is told."""

    height_px: int
    width_px: int
    num_frames: int

    @property
    def settings(self) -> LoaderSettings:
        """As the options of a loader."""
        return LoaderSettings(num_frames=self.num_frames, height=self.height_px, width=self.width_px)


PRESETS: Mapping[str, Preset] = {
    "720p81": Preset(720, 1280, 81),
    "480p81": Preset(480, 832, 81),
}
"""By name. Both sides are multiples of 16, and the frames are ``4n + 1``, as Wan's VAE takes them."""


@dataclass(frozen=True)
class FrameRule:
    """What a loader makes of a video.

    Attributes:
        shortens: a video with fewer frames than the preset is cut to ``4n + 1``, and of a longer one the first are taken;
            else every frame is taken.
        resizes: every video is scaled and cropped to the preset's size; else it keeps its own.
        cuts_control: of a control video that has more frames than the edited one the trainer takes the first; else both
            must have the same.
    """

    shortens: bool
    resizes: bool
    cuts_control: bool = False


@dataclass(frozen=True)
class ExportProfile:
    """The file of one trainer.

    Attributes:
        name: of the profile, and of its files.
        title: of the trainer, for people.
        form: of the file.
        columns: names in the file -> columns of a pair; the order is the file's.
        frames: its loader's rule; None where there is no loader to go by.
        how: the option that takes the file, and what else the trainer must be told; ``{file}``, ``{media}`` and the members
            of a preset are filled in.
        facts: further columns of a pair, under their own names.
    """

    name: str
    title: str
    form: Form
    columns: Mapping[str, str]
    frames: FrameRule | None
    how: str
    facts: Sequence[str] = field(default=())

    @property
    def uses_control(self) -> bool:
        """Whether its rows name a control video."""
        return CONTROL in self.columns.values()

    @property
    def compared(self) -> tuple[str, str]:
        """The two videos of a row that must fit each other."""
        return (CONTROL if self.uses_control else SOURCE), EDITED
