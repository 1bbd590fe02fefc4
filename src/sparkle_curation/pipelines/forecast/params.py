"""The parameters of the forecast, as ``conf/base/forecast/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.errors import ParameterError
from sparkle_curation.new_samples.forecast import Cost, steps
from sparkle_curation.spec.stages import STAGE_NAMES

_GPUS = "numbers of GPUs, each above 0"
_COSTS = "seconds and their basis by step"
_RATES = "shares of 0 to 1 by stage"
_SIZES = "megabytes by asset kind"


class CostParams(BaseModel):
    """What a step takes.

    Attributes:
        gpu_s: seconds of a GPU a sample.
        basis: whether that was measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gpu_s: Annotated[float, Field(ge=0, allow_inf_nan=False, description="seconds, 0 for no GPU")]
    basis: Annotated[Literal["measured", "assumed"], Field(description="measured or assumed")]


class ForecastGroup(BaseModel):
    """What the forecast is made of.

    Attributes:
        samples: that begin; None for those of ``new_samples``.
        seconds: whether what runs here have measured stands in the place of ``costs``.
        measure: samples of the batch by which the log says how to measure what is assumed.
        gpus: numbers of GPUs that it is told for.
        costs: step -> what it takes.
        rates: stage -> share that passes, where the release that is compared with has no scores of it.
        megabytes: asset kind -> size, where the release has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: Annotated[
        BatchSize | None, Field(description="an integer above 0, or null for those of new_samples")
    ]
    seconds: Annotated[Literal["measured", "assumed"], Field(description="measured or assumed")]
    measure: BatchSize
    gpus: Annotated[list[BatchSize], Field(min_length=1, description=_GPUS)]
    costs: Annotated[dict[str, CostParams], Field(description=_COSTS)]
    rates: Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], Field(description=_RATES)]
    megabytes: Annotated[dict[str, Annotated[float, Field(ge=0)]], Field(description=_SIZES)]

    def check_complete(self) -> None:
        """Nothing, where each step has its cost and each stage its rate.

        Only the forecast asks: a dataset with other stages does without one, and all its other runs go on.

        Raises:
            ParameterError: one has none.
        """
        for name, given, wanted in (
            ("costs", set(self.costs), {step for step, _ in steps()}),
            ("rates", set(self.rates), set(STAGE_NAMES)),
        ):
            if lacking := sorted(wanted - given):
                raise ParameterError(
                    f"The parameter 'forecast.{name}' lacks some of this dataset's",
                    got=f"nothing of {', '.join(lacking)}",
                    allowed=f"{_COSTS if name == 'costs' else _RATES}, of each of {', '.join(sorted(wanted))}",
                    todo=f"add them to forecast.{name} in conf/base/forecast/parameters.yml",
                )

    @property
    def step_costs(self) -> dict[str, Cost]:
        """Step -> what it takes."""
        return {name: Cost(each.gpu_s, each.basis) for name, each in self.costs.items()}


class ForecastParams(BaseModel):
    """The parameters of the forecast.

    Attributes:
        forecast: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    forecast: ForecastGroup
