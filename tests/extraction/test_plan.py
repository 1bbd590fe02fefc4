"""What is to be done follows from what is wanted, what is there and what was noted."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.errors import FileError
from sparkle_curation.extraction.folder import THERE_SCHEMA
from sparkle_curation.extraction.manifest import SCHEMA, absent_parts
from sparkle_curation.extraction.paths import check_paths
from sparkle_curation.extraction.plan import WANTED, choose, decide, one_of_each, unwanted
from sparkle_curation.extraction.settings import Shard

SIZES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1000)), max_size=40)


def wanted_of(sizes: list[tuple[int, int]]) -> pl.DataFrame:
    """Files of these samples and sizes."""
    rows = [(f"s{sample}", f"p/{place}", size) for place, (sample, size) in enumerate(sizes)]
    return pl.DataFrame(rows, schema={"id": pl.String, "path": pl.String, "size": pl.Int64}, orient="row")


@given(SIZES, st.integers(1, 7))
def test_shards_are_disjoint_and_complete(sizes: list[tuple[int, int]], count: int) -> None:
    """Each file is in one of them, whole samples together, and their bytes differ by two samples at most."""
    wanted = wanted_of(sizes)
    shards = [choose(wanted, Shard(number, count), None).rows for number in range(1, count + 1)]
    assert sorted(path for shard in shards for path in shard["path"]) == sorted(wanted["path"])
    owners = [sample for shard in shards for sample in set(shard["id"])]
    assert len(owners) == len(set(owners))
    largest = wanted.group_by("id").agg(pl.col("size").sum())["size"].max() or 0
    share = wanted["size"].sum() / count
    assert all(abs(shard["size"].sum() - share) <= largest + 1 for shard in shards) or not wanted.height


@given(SIZES, st.integers(1, 4000))
def test_a_budget_takes_whole_samples_in_order(sizes: list[tuple[int, int]], max_bytes: int) -> None:
    """The first ones that fit, none beside it; what is left is counted."""
    wanted = wanted_of(sizes)
    choice = choose(wanted, Shard(1, 1), max_bytes)
    order = list(dict.fromkeys(wanted["id"]))
    taken = list(dict.fromkeys(choice.rows["id"]))
    assert choice.rows["size"].sum() <= max_bytes
    assert taken == order[: len(taken)]
    assert choice.left_samples == len(order) - len(taken)
    assert choice.left_bytes + choice.rows["size"].sum() == wanted["size"].sum()
    more = choose(wanted, Shard(1, 1), max_bytes + 500)
    assert set(choice.rows["path"]) <= set(more.rows["path"])


ROW = {"id": "a", "theme": "t", "kind": "k", "container": "x.tar", "path": "p", "offset": 512, "size": 9}
NOTED = {**ROW, "xxh3_128": "h", "method": "copied", "modified_ns": 5, "extracted_at": "2026"}


@pytest.mark.parametrize(
    ("there", "noted", "action"),
    [
        (None, None, "bring"),
        (None, {}, "bring"),
        ((True, 9, 5), {}, "keep"),
        ((True, 9, 6), {}, "hash"),
        ((True, 8, 5), {}, "bring"),
        ((True, 9, 5), None, "compare"),
        ((True, 9, 5), {"offset": 1024}, "compare"),
        ((True, 9, 5), {"container": None}, "compare"),
        ((True, 9, 6), {"xxh3_128": None, "method": "linked"}, "compare"),
        ((True, 9, 5), {"method": "found"}, "keep"),
    ],
)
def test_what_is_done_for_a_file(
    there: tuple[bool, int, int] | None, noted: dict[str, object] | None, action: str
) -> None:
    """Only what was noted with its length, time and place is left alone."""
    found = pl.DataFrame([("p", *there)] if there else [], schema=THERE_SCHEMA, orient="row")
    manifest = pl.DataFrame([NOTED | noted] if noted is not None else [], schema=SCHEMA)
    decided = decide(pl.DataFrame([ROW]), found, manifest, "here")
    assert decided["action"].to_list() == [action]
    assert decided["is_ours"].to_list() == [noted is not None and noted.get("method") != "found"]


@pytest.mark.parametrize(
    ("there", "noted"),
    [((True, 8, 5), None), ((False, 9, 5), {}), ((True, 8, 5), {"method": "found"})],
    ids=["another length", "a link or a folder", "found, and changed since"],
)
def test_what_others_put_there_is_refused(
    there: tuple[bool, int, int], noted: dict[str, object] | None
) -> None:
    """It is neither replaced nor taken for what is wanted."""
    found = pl.DataFrame([("p", *there)], schema=THERE_SCHEMA, orient="row")
    manifest = pl.DataFrame([NOTED | noted] if noted is not None else [], schema=SCHEMA)
    with pytest.raises(FileError, match=r"(?s)Something else lies.*extract\.folder="):
        decide(pl.DataFrame([ROW]), found, manifest, "here")


def test_a_repeated_file_is_wanted_once() -> None:
    """Of its copies the loose one, and the order stays."""
    rows = [
        {**ROW, "id": "b", "path": "q"},
        ROW,
        {**ROW, "container": None, "offset": 0},
        ROW,
    ]
    once = one_of_each(pl.DataFrame(rows, schema_overrides={"container": pl.String}))
    assert once.columns == list(WANTED)
    assert once.select("path", "container").rows() == [("q", "x.tar"), ("p", None)]


def test_what_is_wanted_no_more() -> None:
    """Of all that is wanted, not of one share."""
    manifest = pl.DataFrame([NOTED, NOTED | {"path": "old"}], schema=SCHEMA)
    assert unwanted(manifest, pl.DataFrame([ROW]))["path"].to_list() == ["old"]


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["a/b", "../x"], r"leads out.*'\.\./x'"),
        (["a/../../x"], "leads out"),
        (["/etc/passwd"], "leads out"),
        (["manifest.parquet/part-1-of-1.parquet"], "ours"),
        ([".Extract/log"], "ours"),
        (["a\nb"], "leads out"),
        (["a/b.mp4", "a/B.mp4"], r"upper and lower case.*'a/B\.mp4' and 'a/b\.mp4'"),
        (["A/b.mp4", "a/c.mp4"], "'A' and 'a'"),
        (["é", "e\N{COMBINING ACUTE ACCENT}"], "upper and lower"),
        (["a", "a/b"], "a file stands where a folder"),
    ],
)
def test_hostile_paths_are_refused(paths: list[str], words: str) -> None:
    """What would leave the folder, meet what is ours, or be two files in one place on some system."""
    with pytest.raises(FileError, match=f"(?s){words}"):
        check_paths(pl.Series(paths), "wanted")


def test_other_paths_are_not_refused() -> None:
    """Dots within names, and folders that many files share."""
    check_paths(pl.Series(["a/..b", "a/b.c", "a/d/e", "b", "manifest.parquet2"]), "wanted")
    check_paths(pl.Series([], dtype=pl.String), "wanted")


def test_parts_that_lack() -> None:
    """Of the set that is nearest to whole: work that was shared out anew leaves parts of before."""
    assert absent_parts([]) == []
    assert absent_parts(["part-1-of-2", "part-2-of-2", "part-1-of-9"]) == []
    assert absent_parts(["part-3-of-3"]) == ["part-1-of-3", "part-2-of-3"]
