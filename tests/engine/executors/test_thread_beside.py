"""What a thread beside its caller does, is done in order, and what it raises is heard."""

from __future__ import annotations

import threading

import pytest

from sparkle_curation.engine.executors.thread_beside import ThreadBeside


def _refuse() -> None:
    raise ValueError("full")


def test_the_caller_is_one_action_ahead_at_most() -> None:
    """It does not wait for the action that it has just given, but for the one before."""
    gate, third_given = threading.Event(), threading.Event()
    with ThreadBeside() as thread:
        thread.do(gate.wait)

        def give() -> None:
            thread.do(lambda: None)
            third_given.set()

        giver = threading.Thread(target=give)
        giver.start()
        assert not third_given.wait(0.05)
        gate.set()
        assert third_given.wait(10)
        giver.join()


def test_what_an_action_raises_is_raised_by_the_next() -> None:
    """And the actions given before that are done all the same."""
    done: list[int] = []
    with ThreadBeside() as thread:
        thread.do(_refuse)
        with pytest.raises(ValueError, match="full"):
            thread.do(done.append, 1)
    assert done == [1]


def test_what_the_last_action_raises_is_raised_at_the_end() -> None:
    """No error is lost because nothing comes after it."""
    with pytest.raises(ValueError, match="full"), ThreadBeside() as thread:
        thread.do(_refuse)


def test_an_error_of_the_caller_stays_its_own() -> None:
    """All is done before it leaves the block, and what the thread raises does not take its place."""
    done: list[int] = []

    def fail() -> None:
        with ThreadBeside() as thread:
            thread.do(done.append, 1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert done == [1]
