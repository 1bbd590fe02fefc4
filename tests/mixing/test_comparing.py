"""Two mixes compared: what came, what went and why, and that the sums hold."""

from __future__ import annotations

import polars as pl

from sparkle_curation.mixing.comparing import compare, summarise

COLUMNS = ("member", "id", "theme", "outcome", "reason", "prompt", "src_video", "tgt_video")


def mix_of(*rows: tuple[str, str, str | None, str]) -> pl.DataFrame:
    """Samples of ``member/id``: outcome, reason and prompt."""
    cells = [
        (*key.split("/"), "t", outcome, reason, prompt, "s", "e") for key, outcome, reason, prompt in rows
    ]
    return pl.DataFrame(cells, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def test_what_came_went_and_changed_is_told_with_its_reason() -> None:
    """Of equal ids of two members too; what is in neither mix, or in both alike, is no difference."""
    base = mix_of(
        ("a/1", "train", None, "p"),
        ("a/2", "train", None, "p"),
        ("a/3", "rejected", "score", "p"),
        ("a/4", "budget", None, "p"),
        ("b/1", "train", None, "p"),
        ("b/2", "train", None, "p"),
    )
    other = mix_of(
        ("a/1", "train", None, "p"),
        ("a/2", "near_duplicate", "clip", "p"),
        ("a/3", "train", None, "p"),
        ("a/4", "quota", None, "p"),
        ("b/1", "val", None, "P"),
        ("c/1", "train", None, "p"),
    )
    diff = compare(base, other)
    assert diff.drop("theme").rows() == [
        ("a", "3", "added", "rejected", "train", "score"),
        ("a", "2", "removed", "train", "near_duplicate", "clip"),
        ("b", "2", "removed", "train", "no_member", None),
        ("b", "1", "changed", "train", "val", "split prompt"),
        ("c", "1", "added", "no_member", "train", None),
    ]
    text = summarise(base, other, diff)
    assert "4 -> 4 pairs." in text
    assert "| a | 2 | 1 | 1 | 0 | 2 |" in text
    assert "| a | removed | train | near_duplicate | clip | 1 |" in text
    assert compare(base, base).is_empty()
