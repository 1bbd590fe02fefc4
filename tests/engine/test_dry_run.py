"""A dry run tells what is to do and how long that takes, and ends the process well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sparkle_curation.engine.dry_run import Plan, describe, end_dry_run

HOUR = Plan(done=8, to_do=7_200, broken=1, seconds=3600.0)
"""A plan of 7,200 items in an hour."""


def test_the_time_of_a_server_is_that_of_all_its_gpus() -> None:
    """How many these are, this side does not know."""
    assert (
        describe(replace(HOUR, is_remote=True), "samples")
        .splitlines()[-1]
        .endswith("1.0 for each GPU of the server")
    )


def test_a_short_run_is_reported_in_minutes() -> None:
    """And no GPU hour is made of it."""
    *_, clock, gpu_hours = describe(replace(HOUR, to_do=10, seconds=100.0), "samples").splitlines()
    assert clock == "  time             about 2 min at 10.00 s a sample, as measured on one batch"
    assert gpu_hours == "  GPU hours        less than 0.1"


def test_nothing_to_do_takes_no_time() -> None:
    """And no rate is made up."""
    told = describe(replace(HOUR, to_do=0, seconds=None), "samples")
    assert told.endswith("none: nothing is to do")
    assert "GPU" not in told


def test_the_process_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """With the plan on standard output, where a shell can take it."""
    with pytest.raises(SystemExit) as ended:
        end_dry_run(HOUR, "samples")
    assert ended.value.code == 0
    assert capsys.readouterr().out == describe(HOUR, "samples") + "\n"
