"""The parameters of scoring, as ``conf/base/score/parameters.yml`` declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, create_model

from sparkle_curation.engine.param_types import BatchSize, words
from sparkle_curation.models.params import ModelParams, SamplingParams
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import ScoreSettings
from sparkle_curation.scoring.jobs import PROMPT, Scope, ShowRules, SourceFrame
from sparkle_curation.spec.stages import STAGE_NAMES

_STAGES = "null for all, or stages as a list or separated by spaces: " + ", ".join(STAGE_NAMES)
_TEMPLATE = f"a text with {PROMPT} where the record's prompt belongs"
_YES_OR_NO = "true or false"
_PASSES = "an integer above 0, or adaptive"

ADAPTIVE = "adaptive"
"""The passes of who asks once, and further where that decides nothing."""


def _with_prompt(template: str) -> str:
    if PROMPT not in template:
        raise ValueError(_TEMPLATE)
    return template


def _passes(value: object) -> object:
    if value != ADAPTIVE and (type(value) is not int or value < 1):
        raise ValueError(_PASSES)
    return value


Template = Annotated[str, AfterValidator(_with_prompt), Field(description=_TEMPLATE)]


if TYPE_CHECKING:

    class Templates(BaseModel):
        """The edit prompt that the judge is told, by stage."""
else:
    Templates = create_model(
        "Templates",
        __config__=ConfigDict(frozen=True, extra="forbid"),
        __doc__="The edit prompt that the judge is told, by stage; the record's prompt where it is not set.",
        **dict.fromkeys(STAGE_NAMES, (Template, PROMPT)),
    )


class AdaptiveParams(BaseModel):
    """When one pass is enough, where ``passes`` is ``adaptive``.

    Attributes:
        passes: of a sample that the first leaves open.
        margin: how far from its threshold the score of the first pass decides, in points; None where only that decides which
            no answer of the others could change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    passes: Annotated[int, Field(strict=True, ge=2, description="an integer above 1")] = 4
    margin: Annotated[
        float | None, Field(ge=0, allow_inf_nan=False, description="a number from 0, or null for certainty")
    ] = None


class ScoreGroup(BaseModel):
    """What is scored, by whom and how.

    Attributes:
        stages: that are scored; None for all.
        limit: most samples of a stage; None for all.
        model: the judge's model.
        sampling: how its replies are drawn.
        score_range: highest number of an answer.
        passes: how often each question is asked, each time with the next seed; or ``adaptive``, once where that decides.
        adaptive: how often otherwise, and what decides.
        seed: of the first pass.
        max_tries: how often an answer that is none is asked for, each time with another seed.
        is_constrained: whether replies are held to the form of an answer while they are drawn.
        has_labels: whether each picture is announced as ``<img1>: ``.
        prompt_template: the texts of ``editscore``, our ``own``, or the former where the package is installed.
        templates: the edit prompt by stage.
        video_source_frame: the source frame beside an edited one of a video.
        batch_size: samples between two writes to the journal.
        readers: threads that read the pictures of a batch each, ahead of the model.
        give_up_after: so many samples without one answer that can be read end the run; None for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stages: Annotated[
        list[str] | None, words(lambda word: word in STAGE_NAMES, _STAGES), Field(description=_STAGES)
    ]
    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    model: ModelParams
    sampling: SamplingParams
    score_range: Annotated[int, Field(strict=True, ge=1, description="an integer above 0")]
    passes: Annotated[
        int | str, PlainValidator(_passes, json_schema_input_type=int | str), Field(description=_PASSES)
    ]
    adaptive: AdaptiveParams
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer")]
    max_tries: Annotated[int, Field(strict=True, ge=1, description="an integer above 0")]
    is_constrained: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    has_labels: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    prompt_template: Annotated[
        Literal["auto", "editscore", "own"], Field(description="auto, editscore or own")
    ]
    templates: Templates
    video_source_frame: Annotated[SourceFrame, Field(description="same or first")]
    batch_size: BatchSize
    readers: BatchSize
    give_up_after: Annotated[BatchSize | None, Field(description="an integer above 0, or null for never")]

    @property
    def is_adaptive(self) -> bool:
        """Whether one pass is asked for, and the others where it decides nothing."""
        return self.passes == ADAPTIVE

    @property
    def settings(self) -> ScoreSettings:
        """How pictures are scored."""
        return ScoreSettings(
            ScoreScale(self.score_range, self.adaptive.passes if self.is_adaptive else int(self.passes)),
            self.seed,
            self.max_tries,
            self.is_constrained,
            self.has_labels,
        )

    @property
    def rules(self) -> ShowRules:
        """What the judge is shown."""
        return ShowRules(self.templates.model_dump(), self.video_source_frame)

    @property
    def scope(self) -> Scope:
        """Which samples are scored."""
        return Scope(STAGE_NAMES if self.stages is None else self.stages, self.limit)


class ScoreParams(BaseModel):
    """The parameters of scoring.

    Attributes:
        score: all of them, in a group of their own.
        dry_run: whether a costly pipeline ends after a batch, with what the rest would take.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: ScoreGroup
    dry_run: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
