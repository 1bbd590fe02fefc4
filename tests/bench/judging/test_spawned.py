"""A process that is spawned, and so has nothing of its parent's memory, judges as any other.

The published evaluator keeps the name of its judge in a global of the main module, which such a process does not have.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from polars.testing import assert_frame_equal
from tests.bench.judging.loopback_judge import NAME, LoopbackJudge, sensible, serving
from tests.bench.judging.made import judge_all, made_tables, make_judge


def test_a_spawned_process_judges_as_this_one(tmp_path) -> None:
    """The judge is handed over, with all that it was asked to be."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    tables = made_tables(4)
    with (
        serving(LoopbackJudge(answer=sensible)) as loopback,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as spawned,
    ):
        judge = make_judge(loopback.openai_url, NAME)
        there = spawned.submit(judge_all, judge, tmp_path / "there", tables).result()
        here = judge_all(judge, tmp_path / "here", tables)
    for ours, theirs in zip(here, there, strict=True):
        assert_frame_equal(ours, theirs)
    judgments, scores = there
    assert (judgments.height, scores.height) == (4, 4 * 6)  # six dimensions
    assert set(judgments["state"]) == {"judged"}
