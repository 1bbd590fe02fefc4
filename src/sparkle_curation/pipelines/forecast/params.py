"""The parameters of the forecast, as ``conf/base/forecast/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.new_samples.forecast import Cost, steps
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.stages import STAGE_NAMES

_GPUS = "numbers of GPUs, each above 0"
_COSTS = f"seconds and their basis of each of {', '.join(name for name, _ in steps())}"
_RATES = f"shares of 0 to 1 by stage ({', '.join(STAGE_NAMES)})"
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
        gpus: numbers of GPUs that it is told for.
        costs: step -> what it takes.
        rates: stage -> share that passes, where the release that is compared with has no scores of it.
        megabytes: asset kind -> size, where the release has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: Annotated[
        BatchSize | None, Field(description="an integer above 0, or null for those of new_samples")
    ]
    gpus: Annotated[list[BatchSize], Field(min_length=1, description=_GPUS)]
    costs: Annotated[dict[str, CostParams], Field(description=_COSTS)]
    rates: Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], Field(description=_RATES)]
    megabytes: Annotated[dict[str, Annotated[float, Field(ge=0)]], Field(description=_SIZES)]

    @field_validator("costs")
    @classmethod
    def _of_each_step(cls, costs: dict[str, CostParams]) -> dict[str, CostParams]:
        if set(costs) != {name for name, _ in steps()}:
            raise ValueError(_COSTS)
        return costs

    @field_validator("rates")
    @classmethod
    def _of_each_stage(cls, rates: dict[str, float]) -> dict[str, float]:
        if set(rates) != set(STAGE_NAMES):
            raise ValueError(_RATES)
        return rates

    @field_validator("megabytes")
    @classmethod
    def _of_kinds(cls, sizes: dict[str, float]) -> dict[str, float]:
        if not set(sizes) <= set(ASSET_KINDS):
            raise ValueError(_SIZES)
        return sizes

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
