"""The parameters of reporting, as ``conf/base/report/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.reports.sheet.sample_choice import PictureKind
from sparkle_curation.spec.sample_ids import parse_sample_id
from sparkle_curation.spec.stages import CRITERION_NAMES

_IDS = "sample ids as a list or separated by blanks, or null"
_STAGE = "null or one of " + ", ".join(CRITERION_NAMES)
_PICTURES = "a list of these, or some of them separated by blanks: " + ", ".join(PictureKind)
_COUNT = "an integer from 0"
_ABOVE_0 = "a number above 0"


def _check_criterion(name: str) -> str:
    if name not in CRITERION_NAMES:
        raise ValueError(_STAGE)
    return name


_Stage = Annotated[str, AfterValidator(_check_criterion)]


class ContactSheetParams(BaseModel):
    """Which samples the contact sheet shows, and which pictures of each.

    Attributes:
        samples_per_theme: how many of each theme, where ``ids`` names none.
        ids: the samples to show, in this order.
        nearest_threshold: a stage: of each theme the samples nearest to its threshold are shown, not any.
        seed: another one draws other samples.
        pictures: what is shown of each sample, from left to right.
        clip_seconds: how much of each pair plays on the page.
        max_page_mb: how large the page may be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples_per_theme: Annotated[int, Field(strict=True, ge=0, description=_COUNT)]
    ids: Annotated[
        list[str] | None,
        words(lambda word: parse_sample_id(word) is not None, _IDS),
        Field(description=_IDS),
    ]
    nearest_threshold: Annotated[_Stage | None, Field(description=_STAGE)]
    seed: Annotated[int, Field(strict=True, description="an integer")]
    pictures: Annotated[
        list[PictureKind],
        words(lambda word: word in set(PictureKind), _PICTURES),
        Field(min_length=1, description=_PICTURES),
    ]
    clip_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False, description=_ABOVE_0)]
    max_page_mb: Annotated[float, Field(gt=0, allow_inf_nan=False, description=_ABOVE_0)]


class ReportParams(BaseModel):
    """The parameters of reporting.

    Attributes:
        contact_sheet: those of the contact sheet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact_sheet: ContactSheetParams
