"""What several members have: one clip, one prompt, a clip for validation, a sample of a benchmark."""

from __future__ import annotations

from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.mixing.sharing import (
    leave_out_duplicates,
    leave_out_held_out,
    leave_out_leaks,
    mark_clips,
    mark_leaks,
)
from sparkle_curation.spec.tables.benchmark import BENCH_SAMPLE_COLUMNS
from sparkle_curation.variant.sample_groups import LikenessParams

LIKENESS = LikenessParams()
CLIPS = {"x": 0xFFFF, "y": 0xFFFF0000, "z": 0xFFFF00000000}
TEXTS = ("outcome", "reason", "detail", "benchmark_leak")


def mix_of(*rows: tuple[str, str, str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Samples and clips of ``member/id``, prompt, clip and split; the clip ``-`` was not hashed."""
    samples, clips = [], []
    for key, prompt, clip, split in rows:
        member, _, name = key.partition("/")
        known = {"member": member, "id": name, "key": key, "prompt": prompt, "split": split}
        samples.append({**known, **dict.fromkeys(TEXTS)})
        number = CLIPS.get(clip)
        hashes: dict[str, Any] = {
            "frame_hash": None if number is None else f"{number:016x}",
            "fine_hash": None if number is None else f"{number:064x}",
            "detail": 3.0,
        }
        clips.append({"key": key, "theme": "t", "index_hash": None, **hashes})
    of_clips = dict.fromkeys(("index_hash", "frame_hash", "fine_hash"), pl.String)
    table = pl.DataFrame(clips, schema_overrides=of_clips)
    return mark_clips(
        pl.DataFrame(samples, schema_overrides=dict.fromkeys(TEXTS, pl.String)), table, LIKENESS
    ), table


def lost(samples: pl.DataFrame) -> dict[str, str]:
    """The outcome of those that have one."""
    return dict(samples.filter(pl.col("outcome").is_not_null()).select("key", "outcome").rows())


def test_of_one_clip_and_prompt_the_first_member_keeps_its_own() -> None:
    """However often it has them; another prompt, another clip and the same id are no near duplicates."""
    samples, _ = mix_of(
        ("a/1", "Make it snow", "x", "train"),
        ("a/2", "make it  snow", "x", "train"),
        ("b/1", "MAKE IT SNOW", "x", "train"),
        ("b/2", "Make it rain", "x", "train"),
        ("b/3", "Make it snow", "y", "train"),
        ("b/4", "Make it snow", "-", "train"),
    )
    assert lost(leave_out_duplicates(samples, ["a", "b"], "prompt")) == {"b/1": "near_duplicate"}
    assert lost(leave_out_duplicates(samples, ["b", "a"], "prompt")) == {
        "a/1": "near_duplicate",
        "a/2": "near_duplicate",
    }
    by_clip = leave_out_duplicates(samples, ["a", "b"], "clip")
    assert lost(by_clip) == {"b/1": "near_duplicate", "b/2": "near_duplicate"}
    assert by_clip.filter(key="b/2")["detail"].item() == "the clip of a/1"
    assert lost(leave_out_duplicates(samples, ["a", "b"], "keep")) == {}
    assert (
        lost(leave_out_duplicates(samples, ["b"], "clip")) == {}
    )  # a member that gives nothing keeps nothing


def test_a_clip_that_any_member_validates_on_trains_nowhere() -> None:
    """The sample for validation stays; what was not hashed is told apart from all."""
    samples, _ = mix_of(
        ("a/1", "p", "x", "val"),
        ("b/1", "q", "x", "train"),
        ("b/2", "q", "y", "train"),
        ("b/3", "q", "-", "train"),
    )
    found = leave_out_held_out(samples)
    assert lost(found) == {"b/1": "held_out"}
    assert found.filter(key="b/1")["detail"].item() == "a/1 of the same clip is for validation"


def test_a_sample_of_another_members_benchmark_is_left_out() -> None:
    """By its prompt or its first frame; the id says nothing, and a member's own benchmark was compared before."""
    samples, clips = mix_of(
        ("a/1", "Snow", "x", "train"),
        ("b/1", "snow", "y", "train"),
        ("b/2", "p", "x", "train"),
        ("b/9", "q", "z", "train"),
    )
    own = samples.with_columns(benchmark_leak=pl.when(pl.col("key") == "b/9").then(pl.lit("id of s9")))
    bench = pl.DataFrame(
        [
            {
                "sample_id": "9",
                "theme": "t",
                "edit_prompt": "Snow",
                "frame_hash": f"{CLIPS['x']:016x}",
                "fine_hash": f"{CLIPS['x']:064x}",
                "detail": 3.0,
            }
        ],
        schema={
            name: dtype
            for name, dtype in frame_schema(BENCH_SAMPLE_COLUMNS).items()
            if name
            in {
                "sample_id",
                "theme",
                "edit_prompt",
                "frame_hash",
                "fine_hash",
                "detail",
                "index_hash",
                "content_hash",
            }
        },
    )
    marked = mark_leaks(own, clips, {"a": bench}, LIKENESS)
    assert dict(marked.select("key", "benchmark_leak").rows()) == {
        "a/1": None,
        "b/1": "prompt of 9, benchmark of a",
        "b/2": "near_duplicate of 9, benchmark of a",
        "b/9": "id of s9",
    }
    assert set(lost(leave_out_leaks(marked))) == {"b/1", "b/2", "b/9"}
