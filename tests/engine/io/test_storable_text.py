"""Text from outside can be stored, and told again as it was."""

from __future__ import annotations

import os

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.io.storable_text import is_storable, original, storable

HALVES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
TRICKY = st.sampled_from(["�", "{d83d}", "{fffd}", "{", "}", "\\ud83d", "\x00", "😀", "a"])
TEXTS = st.lists(st.one_of(HALVES, TRICKY, st.text(max_size=2))).map("".join)


@given(TEXTS)
def test_any_text_can_be_stored_and_comes_back(text: str) -> None:
    """Arrow and polars take it, and the way back gives the very text."""
    stored = storable(text)
    assert pa.array([stored], pa.string()).to_pylist() == [stored] == pl.Series([stored]).to_list()
    assert original(stored) == text
    assert is_storable(stored)


@given(st.text())
def test_text_with_a_utf8_stays_as_it_is(text: str) -> None:
    """But where it holds the form of an escape."""
    assert is_storable(text)
    if "�{" not in text:
        assert storable(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("bad \ud83d", "bad �{d83d}"),
        ("\ud83d\ude00", "�{d83d}�{de00}"),
        (os.fsdecode(b"caf\xe9.tar"), "caf�{dce9}.tar"),
        ("\\ud83d", "\\ud83d"),
        ("�", "�"),
        ("�{d83d}", "�{fffd}{d83d}"),
        ("�{fffd}\udfff", "�{fffd}{fffd}�{dfff}"),
        ("�{D83D}", "�{D83D}"),
    ],
)
def test_what_is_escaped_is_escaped_so(text: str, stored: str) -> None:
    """Halves of pairs, and what looks like their escape."""
    assert storable(text) == stored


def test_is_storable_asks_for_a_utf8_alone() -> None:
    """A text that has one may still be escaped."""
    assert not is_storable("a\udcff")
    assert is_storable("�{d83d}")
