"""The parameters of ``bench_build``, as ``conf/base/bench_build/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.bench.samples.building import BuildParams


class BenchBuildParams(BaseModel):
    """The parameters of ``bench_build``.

    Attributes:
        bench_build: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench_build: BuildParams
