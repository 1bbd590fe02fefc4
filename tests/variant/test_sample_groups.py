"""Samples that share a source clip are a group; what only looks like nothing is not."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS, SAMPLE_GROUP_COLUMNS
from sparkle_curation.variant.near_duplicates import count_near_duplicates, find_duplicates
from sparkle_curation.variant.sample_groups import LikenessParams, group_samples

LIKENESS = LikenessParams(max_distance=4, min_detail=0.2)
A, B, C, D = "Sparkle_location_000003", "Sparkle_season_000001", "Sparkle_style_000002", "Sparkle_time_000009"


def hashes(*rows: tuple[str, int | None, float | None]) -> pl.DataFrame:
    """``frame_hashes`` of id, bits and detail; the fine hash is the bits, four times."""
    return pl.DataFrame(
        [
            {
                "id": name,
                "theme": name.split("_")[1],
                "read_from": None if bits is None else "source_video",
                "frame_hash": None if bits is None else f"{bits:016x}",
                "fine_hash": None if bits is None else f"{bits:016x}" * 4,
                "detail": detail,
                "error": "truncated" if bits is None else None,
            }
            for name, bits, detail in rows
        ],
        schema=pl.DataFrame(pl.from_arrow(arrow_schema(FRAME_HASH_COLUMNS).empty_table())).schema,
    )


def files(**names: str | None) -> pl.DataFrame:
    """Hash of the source video by sample id."""
    return pl.DataFrame(list(names.items()), schema={"id": pl.String, "index_hash": pl.String}, orient="row")


def groups(*rows: tuple[str, str, int, str | None]) -> pl.DataFrame:
    """``sample_groups`` of id, group, size and what it is joined by."""
    return pl.DataFrame(
        [(name, name.split("_")[1], *rest) for name, *rest in rows],
        schema=pl.DataFrame(pl.from_arrow(arrow_schema(SAMPLE_GROUP_COLUMNS).empty_table())).schema,
        orient="row",
    )


def test_copies_of_a_file_are_a_group_across_themes() -> None:
    """The same file in two themes, whatever its picture; the group is called after the smallest id."""
    found = group_samples(
        hashes((C, 0xFF00, 1.0), (A, 0x00FF << 32, 1.0), (B, 1 << 60, 1.0)),
        files(**{C: "x", A: "x", B: "y"}),
        LIKENESS,
    )
    assert_frame_equal(found, groups((C, A, 2, "file"), (A, A, 2, "file"), (B, B, 1, None)))


def test_near_pictures_are_a_group() -> None:
    """Four bits join, five do not."""
    found = group_samples(hashes((A, 0b0, 1.0), (B, 0b1111, 1.0), (C, 0b11111 << 20, 1.0)), files(), LIKENESS)
    assert_frame_equal(found, groups((A, A, 2, "picture"), (B, A, 2, "picture"), (C, C, 1, None)))


def test_file_and_picture_join_in_a_chain() -> None:
    """One shares its file with the next, which shares its picture with the third: all are one group."""
    found = group_samples(
        hashes((A, 0xF0F0 << 40, 1.0), (B, 0xFF, 1.0), (C, 0xFE, 1.0)), files(**{A: "x", B: "x"}), LIKENESS
    )
    assert_frame_equal(found, groups((A, A, 3, "file"), (B, A, 3, "both"), (C, A, 3, "picture")))


def test_black_frames_join_nobody() -> None:
    """Pictures of nothing have one hash and are not one clip; a sample that could not be read is alone too."""
    found = group_samples(
        hashes((A, 0, 0.0), (B, 0, 0.0), (C, 0, 1.0), (D, None, None)), files(**{A: None, B: None}), LIKENESS
    )
    assert_frame_equal(found, groups(*((name, name, 1, None) for name in (A, B, C, D))))


def test_distance_and_detail_are_parameters() -> None:
    """A distance of 0 joins equal hashes alone, and without a bound on the detail black joins black."""
    rows = hashes((A, 0, 0.0), (B, 0, 0.0), (C, 1, 1.0))
    found = group_samples(rows, files(), LikenessParams(max_distance=0, min_detail=0))
    assert found["group"].to_list() == [A, A, C]


def test_no_samples_are_no_groups() -> None:
    """Nothing in, nothing out, with the columns that are described."""
    assert_frame_equal(group_samples(hashes(), files(), LIKENESS), groups())


def test_a_sample_with_two_files_stops() -> None:
    """It would be in its group twice."""
    twice = pl.concat([files(**{A: "x"}), files(**{A: "y"})])
    with pytest.raises(ConservationError, match="several rows"):
        group_samples(hashes((A, 0, 1.0)), twice, LIKENESS)


@given(st.permutations(range(6)), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_groups_do_not_depend_on_the_order(order: list[int], clips: list[int]) -> None:
    """Groups are a partition, named after their smallest id, whatever the order of the rows."""
    rows = [(f"Sparkle_time_{number:06d}", 0xFFFF << (16 * clip), 1.0) for number, clip in enumerate(clips)]
    found = group_samples(hashes(*(rows[place] for place in order)), files(), LIKENESS)
    assert found["id"].to_list() == [rows[place][0] for place in order]
    assert found.height == found.unique("group")["group_size"].sum()
    assert_frame_equal(found.sort("id"), group_samples(hashes(*rows), files(), LIKENESS))
    smallest = found.group_by("group").agg(pl.col("id").min())
    assert smallest["group"].to_list() == smallest["id"].to_list()


def test_duplicates_have_prompt_and_clip_in_common() -> None:
    """Case and blanks make no other prompt; another clip or another prompt makes no duplicate."""
    table = groups((A, A, 3, "file"), (B, A, 3, "file"), (C, A, 3, "file"), (D, D, 1, None))
    prompts = pl.DataFrame(
        [(A, "Make it  snow"), (B, "make it snow "), (C, "Make it rain"), (D, "Make it snow")],
        schema=["id", "prompt"],
        orient="row",
    )
    found = find_duplicates(prompts, table)
    assert found.rows() == [
        (A, "location", A, 2, A, "Make it  snow"),
        (B, "season", A, 2, A, "make it snow "),
    ]


def test_near_duplicates_are_counted_by_theme_and_in_all() -> None:
    """A group that spans themes counts in each of them, and once in the total."""
    other = "Sparkle_location_000004"
    table = hashes((A, 1, 1.0), (other, 1, 1.0), (B, 1, 1.0), (C, 0, 0.1), (D, None, None))
    grouped = group_samples(table, files(), LIKENESS)
    duplicates = pl.DataFrame({"id": [A, other]})
    counts = count_near_duplicates(grouped, table, duplicates, 0.2)
    assert counts.drop("largest_group_size").rows() == [
        ("location", 2, 1, 2, 2, 2, 0, 0),
        ("season", 1, 1, 1, 1, 0, 0, 0),
        ("time", 1, 1, 0, 0, 0, 0, 1),
        ("style", 1, 1, 0, 0, 0, 1, 0),
        ("total", 5, 3, 3, 3, 2, 1, 1),
    ]
    assert counts["largest_group_size"].to_list() == [3, 3, 1, 1, 3]


def test_nothing_is_counted_as_zero() -> None:
    """Without samples there is a total of zeros."""
    counts = count_near_duplicates(
        groups(), hashes(), pl.DataFrame({"id": []}, schema={"id": pl.String}), 0.2
    )
    assert counts.rows() == [("total", 0, 0, 0, 0, 0, 0, 0, 0)]


def test_the_fine_hash_decides() -> None:
    """Sixteen bits of it join, seventeen do not, however near the other hash is; equal ones lie between."""
    table = hashes((A, 0, 1.0), (B, 0, 1.0), (C, 0, 1.0), (D, 0, 1.0)).with_columns(
        pl.Series("fine_hash", ["0" * 64, "0" * 60 + "ffff", "f" * 4 + "0" * 59 + "1", "0" * 60 + "ffff"])
    )
    assert group_samples(table, files(), LIKENESS)["group"].to_list() == [A, A, C, A]


def test_thousands_of_copies_are_one_group() -> None:
    """Equal pictures are joined one after another, not each with each."""
    rows = [(f"Sparkle_time_{number:06d}", 0xFF, 1.0) for number in range(20_000)]
    found = group_samples(hashes(*rows), files(), LIKENESS)
    assert set(found["group_size"]) == {20_000}


def test_crowds_with_one_coarse_hash_take_seconds(record_property: pytest.RecordProperty) -> None:
    """20,000 pictures that the coarse hash does not tell apart: the fine one does; compared each with each, 191 s."""
    rows = [(f"Sparkle_time_{number:06d}", 0xFF, 1.0) for number in range(20_000)]
    content = np.random.default_rng(0).bytes(32 * (len(rows) - 1)).hex()
    fine = [content[start : start + 64] for start in range(0, len(content), 64)]
    # The last one is like the one before: one bit apart.
    fine.append(f"{int(fine[-1], 16) ^ 1:064x}")
    table = hashes(*rows).with_columns(pl.Series("fine_hash", fine))
    start = time.perf_counter()
    found = group_samples(table, files(), LIKENESS)
    seconds = time.perf_counter() - start
    record_property("seconds", round(seconds, 2))
    assert found.filter(pl.col("group_size") > 1)["id"].to_list() == [rows[-2][0], rows[-1][0]]
    assert seconds < 20
