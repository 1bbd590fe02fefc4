"""The parameters of taking new clips, as ``conf/base/clips/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from sparkle_curation.engine.param_types import BatchSize, Processes, split_words, words
from sparkle_curation.new_samples.clips.deciding import ClipLimits
from sparkle_curation.new_samples.clips.trimming import Trimming, four_n_plus_one
from sparkle_curation.spec.sample_ids import ID_DIGITS
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.sample_groups import LikenessParams

_FRAMES = "a number of 4n+1 frames, such as 81"
_SIDE = "a number of pixels that 16 divides, up to 4096"
_THEME = f"a theme of the dataset ({', '.join(THEMES)}), or null"
_LICENCES = "licences with blanks between, such as cc-by-4.0, or null for any"
_AGAINST = "release, benchmark, both with a blank between, or an empty list"
_SHARE = "a share of 0 to 1"
_NUMBER = f"an integer from 0 to {10**ID_DIGITS - 1}"


def _is_four_n_plus_one(count: int) -> int:
    if four_n_plus_one(count) != count:
        raise ValueError(_FRAMES)
    return count


def _is_side(side: int) -> int:
    if side % 16:
        raise ValueError(_SIDE)
    return side


def _is_theme(theme: str | None) -> str | None:
    if theme is not None and theme not in THEMES:
        raise ValueError(_THEME)
    return theme


_Frames = Annotated[
    int, Field(strict=True, ge=1, le=100_001, description=_FRAMES), AfterValidator(_is_four_n_plus_one)
]
_Side = Annotated[int, Field(strict=True, ge=16, le=4096, description=_SIDE), AfterValidator(_is_side)]
_Text = Annotated[str, Field(min_length=1, description="a folder or file of this machine, or null")]
_AGAINST_WORDS = frozenset({"release", "benchmark"})


class ClipsGroup(BaseModel):
    """Which clips are taken, and what of them.

    Attributes:
        folder: with the clips, or tars of them.
        provenance: the file that says where each is from; None for the one in the folder, if there is one.
        theme: of clips whose provenance names none.
        limit: most samples; None for all.
        fps: frames a second of a sample.
        frames: most frames of a sample.
        min_frames: fewest.
        width_px: of its frames.
        height_px: of its frames.
        fit: whether a picture of another shape is cut or put before black.
        window: whether the first frames are taken, or those around the middle.
        crf: of H.264.
        min_side_px: of the shorter side of a clip's picture.
        max_lost_share: of the picture that is cut off, or of the frame that stays empty.
        licences: those that are taken; None for any.
        camera: whether clips whose camera is not fixed are refused, by the rule and limits of ``camera``.
        against: what first frames are compared with, beside each other.
        likeness: when two are taken for one clip's.
        first_number: least number of a new sample.
        processes: how many; None for one a core.
        batch_size: clips between two writes to the journal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: _Text | None
    provenance: _Text | None
    theme: Annotated[str | None, Field(description=_THEME), AfterValidator(_is_theme)]
    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    fps: Annotated[int, Field(strict=True, ge=1, le=120, description="an integer from 1 to 120")]
    frames: _Frames
    min_frames: _Frames
    width_px: _Side
    height_px: _Side
    fit: Annotated[Literal["crop", "pad"], Field(description="crop or pad")]
    window: Annotated[Literal["start", "middle"], Field(description="start or middle")]
    crf: Annotated[int, Field(strict=True, ge=0, le=51, description="an integer from 0 to 51")]
    min_side_px: Annotated[int, Field(strict=True, ge=1, description="an integer above 0")]
    max_lost_share: Annotated[float, Field(ge=0, le=1, description=_SHARE)]
    licences: Annotated[list[str] | None, Field(description=_LICENCES), words(bool, _LICENCES)]
    camera: Annotated[Literal["check", "skip"], Field(description="check or skip")]
    against: Annotated[
        list[str],
        Field(description=_AGAINST),
        BeforeValidator(split_words),
        words(_AGAINST_WORDS.__contains__, _AGAINST),
    ]
    likeness: LikenessParams
    first_number: Annotated[int, Field(strict=True, ge=0, le=10**ID_DIGITS - 1, description=_NUMBER)]
    processes: Processes
    batch_size: BatchSize

    @field_validator("min_frames")
    @classmethod
    def _not_above_frames(cls, count: int, info: ValidationInfo) -> int:
        if count > info.data.get("frames", count):
            raise ValueError(f"{_FRAMES}, not above clips.frames")
        return count

    @property
    def trimming(self) -> Trimming:
        """What a sample is."""
        return Trimming(
            self.fps,
            self.frames,
            self.min_frames,
            self.width_px,
            self.height_px,
            self.fit,
            self.window,
            self.crf,
        )

    @property
    def limits(self) -> ClipLimits:
        """What a clip must be."""
        return ClipLimits(
            self.trimming, self.min_side_px, self.max_lost_share, self.licences, self.likeness, self.limit
        )


class ClipsParams(BaseModel):
    """The parameters of taking new clips.

    Attributes:
        clips: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: ClipsGroup
