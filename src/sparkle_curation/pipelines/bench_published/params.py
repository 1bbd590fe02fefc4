"""The parameters of ``bench_published``, as ``conf/base/bench_published/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class BenchPublishedGroup(BaseModel):
    """Which scores are read.

    Attributes:
        rubric: name of the rubric that they are of, which says what their files are called; None for the benchmark's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Field(
            description="a file of conf/base/prompts/rubrics, without .yml; or null for the benchmark's own"
        ),
    ]


class BenchPublishedParams(BaseModel):
    """The parameters of ``bench_published``.

    Attributes:
        bench_published: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench_published: BenchPublishedGroup
