"""What making new samples takes, on paper; the page says what the parameters come to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.pace import Pace
from sparkle_curation.new_samples.forecast import (
    Cost,
    describe,
    forecast,
    pass_rates,
    pools,
    steps,
    ways_to_measure,
    with_paces,
    with_pools,
)
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES

FIRST = STAGES[0]


def test_page_shows_what_the_parameters_come_to(checkout: Path) -> None:
    """The table of 10,000 samples in docs/new_samples.md is the forecast's own, by the configuration."""
    params = yaml.safe_load((checkout / "conf/base/forecast/parameters.yml").read_text(encoding="utf-8"))[
        "forecast"
    ]
    costs = {name: Cost(each["gpu_s"], each["basis"]) for name, each in params["costs"].items()}
    sizes = {kind: size * 1e6 for kind, size in params["megabytes"].items()}
    table = with_pools(forecast(10_000, costs, params["rates"], sizes), params["gpus"])
    assert describe(table, params["gpus"]) in (checkout / "docs/new_samples.md").read_text(encoding="utf-8")


def test_samples_that_fail_are_not_paid_for_later() -> None:
    """Half of 100 pass the first score: 50 reach the next step, each with an hour; what is made takes room."""
    costs = {name: Cost(3600.0, "assumed") for name, _ in steps()}
    rates = {stage.name: 0.5 if stage is FIRST else 1.0 for stage in STAGES}
    table = forecast(100, costs, rates, {KIND.edited_frame0: 1e9})
    found = {row["step"]: row for row in table.iter_rows(named=True)}
    assert [
        found[name]["entering"]
        for name in ("edit_frame0", f"score_{FIRST.name}", "remove_foreground", "passed")
    ] == [
        100,
        100,
        50,
        50,
    ]
    assert (found["edit_frame0"]["disk_gb"], found["remove_foreground"]["gpu_hours"]) == (100.0, 50.0)


def test_shares_that_pass_are_the_releases() -> None:
    """At the threshold is kept; null is not; a stage without rows has no share."""
    column, bound = FIRST.score_column, FIRST.published_threshold
    scores = pl.DataFrame({column: [bound, bound - 0.1, None, 10.0]})
    thresholds = {each.name: each.published_threshold for stage in STAGES for each in stage.criteria}
    assert pass_rates({FIRST.name: scores, STAGES[1].name: pl.DataFrame()}, thresholds) == {FIRST.name: 0.5}


@given(
    work=st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1e4), min_size=1),
    gpus=st.integers(1, 70),
)
def test_each_gpu_is_in_one_pool_and_all_work_is_done(work: dict[str, float], gpus: int) -> None:
    """Whatever the work: as many GPUs as there are, and no pool without one."""
    dealt = pools(work, gpus)
    assert sum(count for count, _ in dealt.values()) == gpus
    assert all(count >= 1 for count, _ in dealt.values())
    assert sum(count * hours for count, hours in dealt.values()) == pytest.approx(sum(work.values()))


def test_what_was_measured_stands_for_what_was_assumed() -> None:
    """A step by its pace, one of two rounds by both together; one round alone is no measure of it."""
    costs = {name: Cost(9.0, "assumed") for name, _ in steps()}
    paces = {
        "track": Pace(2.5, 4, "GPU", "sam"),
        "ground_round1": Pace(1.0, 8, "GPU", "judge"),
        "ground_round2": Pace(3.0, 6, "GPU", "judge"),
    }
    found = with_paces(costs, paces)
    assert found["track"] == Cost(2.5, "measured", "GPU", 4)
    assert found["ground"] == Cost(4.0, "measured", "GPU", 6)
    assert found["ground"].told == "measured on GPU, 6 samples"
    assert found["synthesize"] == costs["synthesize"]
    assert with_paces(costs, {"ground_round1": paces["ground_round1"]}) == costs
    assert "score.stages" not in "".join(ways_to_measure({name: Cost(1, "measured") for name in costs}, 3))
    ways = ways_to_measure(found, 3)
    assert ways[1] == "kedro run --pipelines ingest,inspect,edit_frame0 --params edit_frame0.limit=3"
    assert ways[2] == f"kedro run --pipelines score --params score.stages={FIRST.name},score.limit=3"
    assert not [way for way in ways if "pipelines ground" in way or "pipelines track" in way]
