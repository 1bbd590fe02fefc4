"""What making new samples takes, on paper; the page says what the parameters come to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.new_samples.forecast import (
    Cost,
    describe,
    forecast,
    pass_rates,
    pools,
    steps,
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
