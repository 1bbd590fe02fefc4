"""Judging that is killed with SIGKILL, over and over, comes to the same tables, and asks for no answer again that came."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import xxhash
from polars.testing import assert_frame_equal
from tests.bench.judging.loopback_judge import Asked, LoopbackJudge, Said, sensible, serving
from tests.bench.judging.made import make_journal
from tests.made.killed import child_process

from sparkle_curation.engine.journal.pieces import pieces_path, read_pieces

pytestmark = pytest.mark.slow

SAMPLES, UNDER_WAY = 24, 4


@dataclass
class Sparing:
    """Answers so many requests, and lets the others wait.

    Attributes:
        most: how many.
        given: what was asked by the requests that were answered, in order.
        is_freed: set in the end, so that no request waits for ever.
    """

    most: int
    given: list[str] = field(default_factory=list)
    is_freed: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Said:
        """Sensible, with a mark of both videos in it, so that the journal tells which answers it has."""
        with self.lock:
            is_answered = len(self.given) < self.most
            if is_answered:
                self.given.append(key_of(asked))
        if not is_answered:
            self.is_freed.wait(60)
        return Said(f"{sensible(asked).text}\n{key_of(asked)}")


def key_of(asked: Asked) -> str:
    """Which sample a request is about."""
    return xxhash.xxh3_128_hexdigest(b"\0".join(asked.videos))


def known_in(folder: Path) -> set[str]:
    """The samples whose answers are kept, in the journal or beside it."""
    journal = make_journal(folder)
    noted = [row["answers"][-1]["text"] for row in journal.read().to_pylist()]
    kept = [piece.value["text"] for piece in read_pieces(journal.path)]
    return {text.splitlines()[-1] for text in [*noted, *kept]}


def test_kills_lose_what_is_under_way_and_repeat_nothing(tmp_path: Path) -> None:
    """Published: scores are written at the end of a theme, and one exception loses it."""
    torn, whole = tmp_path / "torn", tmp_path / "whole"
    given: list[str] = []
    with child_process("tests.bench.judging.judging_child") as child:
        for more in (1, 5, 5):
            # A judge of its own for each run, so that what a killed one has sent is answered to nobody.
            sparing = Sparing(more)
            with serving(LoopbackJudge(answer=sparing)) as loopback:
                wanted = len(given) + more
                assert child.kill_when(lambda: len(known_in(torn)) == wanted, torn, loopback.openai_url)  # noqa: B023
                assert len(loopback.asked) <= more + UNDER_WAY
                sparing.is_freed.set()
            given += sparing.given
            assert known_in(torn) == set(given), "an answer that came is lost"
        for folder, count in ((torn, SAMPLES - len(given)), (whole, SAMPLES)):
            with serving(LoopbackJudge(answer=Sparing(count))) as loopback:
                child.run(folder, loopback.openai_url)
                assert len(loopback.asked) == count, "not exactly what had no answer is asked for"
        assert not pieces_path(make_journal(torn).path).exists()
    for name in ("judgments", "scores"):
        assert_frame_equal(*(pl.read_parquet(folder / f"{name}.parquet") for folder in (torn, whole)))
