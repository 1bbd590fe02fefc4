"""Work spread over threads comes back in the order of its inputs, a few results ahead at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.executors.ordered_map import core_count, ordered_map


@given(
    delays=st.lists(st.sampled_from((0.0, 0.0, 0.001, 0.003)), max_size=12),
    threads=st.none() | st.integers(1, 5),
)
def test_results_come_in_the_order_of_the_inputs(delays: list[float], threads: int | None) -> None:
    """Whichever thread is done first."""

    def work(item: tuple[int, float]) -> int:
        time.sleep(item[1])
        return item[0]

    assert list(ordered_map(work, enumerate(delays), threads=threads)) == list(range(len(delays)))


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_inputs_are_taken_a_few_ahead(threads: int) -> None:
    """However many inputs there are, at most ``threads + 1`` of them are in hand when a result is taken."""
    taken = 0

    def inputs() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    for done, _ in enumerate(ordered_map(str, inputs(), threads=threads), 1):
        assert taken - done <= threads + 1


def test_an_error_of_the_function_comes_where_its_result_would() -> None:
    """The results before it are given, and the threads end."""
    results = ordered_map(lambda number: 1 // (3 - number), range(100), threads=2)
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_inputs_is_passed_on() -> None:
    """A file that cannot be read to its end is an error, not an early end."""

    def inputs() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(ordered_map(str, inputs(), threads=2))


def test_who_stops_early_leaves_no_thread_behind() -> None:
    """Closing the results ends the work."""
    before = threading.active_count()
    results = ordered_map(str, iter(int, 1), threads=3)
    assert next(results) == "0"
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_there_is_at_least_one_core() -> None:
    """The number of threads when none is asked for."""
    assert core_count() >= 1
