"""What a benchmark shares with a release is found by id, prompt, file and first frame, whatever the theme."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tests.made.tables import csv_row, table
from tests.pipelines.made_release import brighter, scene

from sparkle_curation.bench.samples.leakage import KnownSamples, find_leakage, gather_known, no_leakage
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.benchmark import BENCH_COMPARISON_COLUMNS, BENCH_LEAKAGE_COLUMNS
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS
from sparkle_curation.variant.near_hashes import Hashes, near_between
from sparkle_curation.variant.sample_groups import LikenessParams

BENCH = "Sparkle_location_000001"
OTHER = "Sparkle_season_000002"
PAIR, ASIDE = "Sparkle_style_000003", "Sparkle_openve3m_000004"


def hashes(picture: Any) -> dict[str, Any]:
    """The hashes of a first frame."""
    found = hash_picture(picture)
    return {"frame_hash": found.text, "fine_hash": found.fine_text, "detail": found.detail}


def bench(*rows: dict[str, Any]) -> pl.DataFrame:
    """Samples of a benchmark that share nothing, unless a row says so."""
    nothing = {
        "index_hash": None,
        "content_hash": None,
        "frame_hash": None,
        "fine_hash": None,
        "detail": None,
    }
    samples = [
        {"sample_id": BENCH, "theme": "location", "edit_prompt": f"prompt {number}", **nothing, **row}
        for number, row in enumerate(rows)
    ]
    texts = dict.fromkeys(("index_hash", "content_hash", "frame_hash", "fine_hash"), pl.String)
    return pl.DataFrame(samples, schema_overrides={**texts, "detail": pl.Float64})


def release(
    prompts: dict[str, str], files: dict[str, str] | None = None, pictures: dict[str, Any] | None = None
) -> KnownSamples:
    """A release of which the first sample has a row in the CSV, and the others are known by a score alone."""
    first, *others = prompts
    media = [
        {"id": key, "kind": "source_video", "path": f"{key}.mp4", "index_hash": value}
        for key, value in (files or {}).items()
    ]
    frames = [{"id": key, **hashes(picture)} for key, picture in (pictures or {}).items()]
    return gather_known(
        table("annotations", [csv_row(first, 2, prompt=prompts[first])]),
        frame(MEDIA_COLUMNS, media),
        frame(FRAME_HASH_COLUMNS, frames),
        table("assets", [{"id": key, "kind": "mask"} for key in prompts]),
        [table("edited_frame0_scores", [{"id": key, "prompt": prompts[key]} for key in others])],
    )


def frame(columns: Any, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of described columns; what a row does not say is null."""
    schema = pl.DataFrame(pl.from_arrow(arrow_schema(columns).empty_table())).schema
    return pl.DataFrame(rows, schema=schema)


def pairs(samples: pl.DataFrame, known: KnownSamples) -> list[tuple[str, str, str]]:
    """Sample, sample of the release and likeness of each row."""
    found, _ = find_leakage(samples, known, LikenessParams(), "made")
    assert found.columns == [field.name for field in BENCH_LEAKAGE_COLUMNS]
    return found.select("sample_id", "release_id", "likeness").rows()


def test_one_id_and_one_prompt_leak() -> None:
    """A prompt whatever its case and blanks, of another theme too, and of a sample that no CSV has."""
    known = release({BENCH: "a pier", PAIR: "Make  it SNOW", ASIDE: "make it snow"})
    samples = bench({"edit_prompt": "make it snow "}, {"sample_id": OTHER, "theme": "season"})
    assert pairs(samples, known) == [
        (BENCH, BENCH, "id"),
        (BENCH, ASIDE, "prompt"),
        (BENCH, PAIR, "prompt"),
    ]
    found, _ = find_leakage(samples, known, LikenessParams(), "made")
    assert found.select("release_theme", "is_pair").rows() == [
        ("location", True),
        ("openve3m", False),
        ("style", False),
    ]


def test_one_file_and_one_picture_leak_across_themes() -> None:
    """The same file by its index, and the same clip brightened; another clip and a flat frame are alike to nothing."""
    black = np.zeros((180, 320, 3), np.uint8)
    known = release(
        {PAIR: "x", ASIDE: "y", "Sparkle_time_000005": "z"},
        {PAIR: "file"},
        {PAIR: brighter(scene(1), 10), ASIDE: scene(2), "Sparkle_time_000005": black},
    )
    samples = bench(
        {"index_hash": "file", **hashes(scene(1))},
        {"sample_id": OTHER, "theme": "season", "index_hash": "no file", **hashes(black)},
    )
    assert pairs(samples, known) == [(BENCH, PAIR, "content"), (BENCH, PAIR, "near_duplicate")]
    found, compared = find_leakage(samples, known, LikenessParams(), "made")
    assert found["distance"].to_list()[0] is None
    assert found["distance"].to_list()[1] <= 4
    assert compared.columns == [field.name for field in BENCH_COMPARISON_COLUMNS]
    counts = compared.select(
        "likeness", "bench_compared_count", "release_compared_count", "pair_count", "release_leaking_count"
    )
    assert counts.rows() == [
        ("id", 2, 3, 0, 0),
        ("prompt", 2, 3, 0, 0),
        ("content", 2, 1, 1, 1),
        ("near_duplicate", 1, 2, 1, 1),
    ]
    assert compared.select("bench_count", "release_count", "benchmark").unique().rows() == [(2, 3, "made")]


def test_where_nothing_was_ingested_nothing_is_compared() -> None:
    """Tables that were never made say nothing, and that is counted."""
    known = gather_known(*(pl.LazyFrame() for _ in range(4)), [pl.LazyFrame()])
    found, compared = find_leakage(bench({"index_hash": "file"}), known, LikenessParams(), "made")
    assert found.is_empty()
    assert compared["release_count"].to_list() == [0, 0, 0, 0]
    assert [each.height for each in no_leakage()] == [0, 0]


def test_all_near_pairs_are_found() -> None:
    """Each of the few with each of the many that is near by both hashes; as comparing one by one says."""
    rng = np.random.default_rng(3)
    few, many = rng.integers(0, 64, (1, 7), np.uint64), rng.integers(0, 64, (1, 200), np.uint64)
    other_few, other_many = rng.integers(0, 16, (4, 7), np.uint64), rng.integers(0, 16, (4, 200), np.uint64)
    lefts, rights = near_between(
        (Hashes(few, 1), Hashes(other_few, 5)), (Hashes(many, 1), Hashes(other_many, 5))
    )
    expected = [
        (left, right)
        for left in range(7)
        for right in range(200)
        if np.bitwise_count(few[:, left] ^ many[:, right]).sum() <= 1
        and np.bitwise_count(other_few[:, left] ^ other_many[:, right]).sum() <= 5
    ]
    assert list(zip(lefts.tolist(), rights.tolist(), strict=True)) == expected
    assert len(expected) > 3
