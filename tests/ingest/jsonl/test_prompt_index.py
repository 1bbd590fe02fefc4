"""Prompts compared with those of the annotations."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sparkle_curation.ingest.jsonl.prompt_index import PromptIndex


def index(**prompts: str) -> PromptIndex:
    """An index of prompts by number: ``index(n7="a")``."""
    numbers = np.array([int(name[1:]) for name in prompts], np.int64)
    return PromptIndex(numbers, pa.array(prompts.values(), pa.string()))


def differing(prompts: PromptIndex, numbers: list[int], texts: list[str]) -> list[int]:
    """The rows that differ."""
    column = pa.chunked_array([pa.array(texts, pa.string())])
    return prompts.differing_rows(np.array(numbers, np.int64), column).tolist()


def test_rows_with_another_prompt_are_named() -> None:
    """A prompt differs by a blank or a case; one that the annotations lack differs from nothing."""
    prompts = index(n7="a", n0="b", n999999="")
    assert differing(prompts, [0, 7, 5, 999_999, 7, 0], ["b", "A", "x", " ", "a", "b "]) == [1, 3, 5]
    assert prompts.prompt_of(0) == "b"


def test_nothing_differs_from_nothing() -> None:
    """Without annotations, or without rows, no row differs."""
    assert differing(index(), [0, 7], ["a", "b"]) == []
    assert differing(index(n7="a"), [], []) == []
