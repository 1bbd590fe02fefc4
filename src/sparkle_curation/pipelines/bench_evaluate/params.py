"""The parameters of ``bench_evaluate``, as ``conf/base/bench_evaluate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from sparkle_curation.bench.judging.asking import How
from sparkle_curation.bench.judging.budget import Price, Rates
from sparkle_curation.bench.judging.jobs import JudgeScope
from sparkle_curation.bench.judging.judge import JudgeSettings, Shown
from sparkle_curation.engine.param_types import BatchSize, words
from sparkle_curation.models.params import VideoModelParams
from sparkle_curation.models.questions import Sampling

_COUNT = "an integer above 0"
_MODELS = "null for all, or names of bench_models as a list or separated by spaces"
_RATE = "frames a second, above 0 and up to 24; null for what the judge does of itself"
_DOLLARS = "US dollars from 0, or null"
_PRICE = "US dollars for a million tokens, from 0"
_PRICES = "a list of {model: NAME, input: DOLLARS, output: DOLLARS}, for a million tokens each, from 0"
_YES_OR_NO = "true or false"
_PATTERNS = "names of models, * for any text, as a list or separated by spaces"
_Count = Annotated[int, Field(strict=True, ge=1, description=_COUNT)]
_Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False, description=_PRICE)]


class PriceParams(BaseModel):
    """What a judge costs.

    Attributes:
        model: its name; ``*`` stands for any text.
        input: a million tokens of questions.
        output: a million tokens of answers, with their thoughts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(min_length=1, description="a name, * for any text")]
    input: _Dollars
    output: _Dollars


def _as_a_whole(value: object, check: ValidatorFunctionWrapHandler) -> Any:
    """The list, of which a fault is told as one of the list: no member of it can be given on the command line."""
    try:
        return check(value)
    except ValidationError:
        raise ValueError(_PRICES) from None


class BenchEvaluateGroup(BaseModel):
    """What is judged, by whom and how.

    Attributes:
        rubric: name of the rubric; None for the benchmark's own.
        rubric_checkout: a checkout that has it in the published words; None for ours.
        models: that are judged; None for all.
        limit: most samples of a model; None for all.
        repeats: how often a sample is judged.
        repeated_samples: how many are judged more than once; None for all.
        judge: the judge's model.
        frame_rate: frames a second that it looks at; None for what it does of itself.
        temperature: of its answers.
        seed: of the first request.
        max_new_tokens: of an answer, thoughts among them.
        has_schema: whether the answer is held to a JSON schema.
        max_tries: requests until an answer can be read.
        batch_size: of a model in this process, samples between two writes to the journal.
        give_up_after: so many samples without one answer that can be read end the run; None for none.
        max_cost: what it may cost; None for not said.
        is_free: whether a server costs nothing.
        prices: of judges.
        tokens_per_frame: assumed.
        output_tokens: assumed.
        ignoring_sampling: judges that do not go by temperature and seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(
            description="a file of conf/base/prompts/rubrics, without .yml; or null for the benchmark's own"
        ),
    ]
    rubric_checkout: Annotated[
        Annotated[str, Field(min_length=1)] | None, Field(description="a folder, or null")
    ]
    models: Annotated[list[str] | None, words(bool, _MODELS), Field(description=_MODELS)]
    limit: Annotated[_Count | None, Field(description=f"{_COUNT}, or null for all")]
    repeats: _Count
    repeated_samples: Annotated[_Count | None, Field(description=f"{_COUNT}, or null for all")]
    judge: VideoModelParams
    frame_rate: Annotated[
        Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)] | None, Field(description=_RATE)
    ]
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False, description="a number from 0 to 2")]
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer from 0")]
    max_new_tokens: _Count
    has_schema: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    max_tries: _Count
    batch_size: BatchSize
    give_up_after: Annotated[_Count | None, Field(description=f"{_COUNT}, or null for never")]
    max_cost: Annotated[
        Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, Field(description=_DOLLARS)
    ]
    is_free: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    prices: Annotated[list[PriceParams], WrapValidator(_as_a_whole), Field(description=_PRICES)]
    tokens_per_frame: _Count
    output_tokens: _Count
    ignoring_sampling: Annotated[list[str], words(bool, _PATTERNS), Field(description=_PATTERNS)]

    @property
    def is_of_frames(self) -> bool:
        """Whether the judge is shown frames, and not files."""
        return self.judge.backend == "transformers" or (
            self.judge.backend == "server" and self.judge.video_part == "frames"
        )

    @property
    def is_paid(self) -> bool:
        """Whether asking the judge costs money."""
        return self.judge.backend != "transformers" and not self.is_free

    @property
    def sampling(self) -> Sampling:
        """How answers are drawn."""
        return Sampling(
            temperature=self.temperature,
            top_p=1.0,
            top_k=None,
            presence_penalty=0.0,
            max_new_tokens=self.max_new_tokens,
        )

    @property
    def settings(self) -> JudgeSettings:
        """How the judge is asked."""
        shown: Shown = "frames" if self.is_of_frames else "video"
        return JudgeSettings(shown, self.frame_rate, self.seed, self.max_tries, self.has_schema)

    @property
    def scope(self) -> JudgeScope:
        """Which samples are judged."""
        return JudgeScope(self.models, self.limit, self.repeats, self.repeated_samples)

    def how(self, price: Price | None, *, dry_run: bool) -> How:
        """How the judge is asked, at what price."""
        return How(
            price=price,
            max_cost=self.max_cost,
            rates=self.rates,
            threads=None if self.judge.backend == "transformers" else self.judge.concurrency,
            batch_size=self.batch_size,
            give_up_after=self.give_up_after,
            is_dry=dry_run,
            is_paid=self.is_paid,
        )

    @property
    def rates(self) -> Rates:
        """What is assumed of the judge."""
        return Rates(self.tokens_per_frame, self.output_tokens)

    @property
    def price_list(self) -> list[Price]:
        """What judges cost."""
        return [Price(price.model, price.input, price.output) for price in self.prices]


class BenchEvaluateParams(BaseModel):
    """The parameters of ``bench_evaluate``.

    Attributes:
        bench_evaluate: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench_evaluate: BenchEvaluateGroup
