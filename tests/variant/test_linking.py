"""Two variants over the same source clips: what is linked, what is not and why, and that nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.datasets.variant.other_variant_dataset import OtherVariants
from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.errors import ConservationError, EmptyOutputError, ParameterError, VersionError
from sparkle_curation.spec.tables.linking import LINK_COLUMNS
from sparkle_curation.spec.training_csv import parse_training_csv
from sparkle_curation.variant.linking import (
    LinkedVariant,
    LinkRule,
    check_linked,
    compose_link,
    count_links,
    link,
)
from sparkle_curation.variant.sample_groups import LikenessParams

RULE = LinkRule(LikenessParams())
CLIPS = {"a": 0xFFFF, "b": 0xFFFF0000, "c": 0xFFFF00000000}
"""Hashes that differ in more than 8 bits."""


def variant(
    clips: Mapping[str, tuple[str, int | None]],
    *,
    val: tuple[str, ...] = (),
    flat: tuple[str, ...] = (),
) -> LinkedVariant:
    """A variant of samples by id, with theme and hash of the first frame; None for one that was not hashed."""
    rows = [
        {
            "id": name,
            "theme": theme,
            "frame_hash": None if number is None else f"{number:016x}",
            "fine_hash": None if number is None else f"{number:064x}",
            "detail": 0.0 if name in flat else 3.0,
        }
        for name, (theme, number) in clips.items()
    ]
    schema = dict.fromkeys(("id", "theme", "frame_hash", "fine_hash"), pl.String) | {"detail": pl.Float64}
    samples = [
        {
            "id": name,
            "prompt": f"Make {name} snow, ü",
            "src_video": f"{theme}/{name}.mp4",
            "tgt_video": f"{theme}/edited/{name}.mp4",
            "split": "val" if name in val else "train",
            "file": f"{theme}_{'val' if name in val else 'train'}.csv",
        }
        for name, (theme, _) in clips.items()
    ]
    columns = ("id", "prompt", "src_video", "tgt_video", "split", "file")
    return LinkedVariant(
        "made", "0" * 32, pl.DataFrame(samples, dict.fromkeys(columns, pl.String)), pl.DataFrame(rows, schema)
    )


def outcomes(linked: pl.DataFrame, side: str) -> dict[str, str]:
    """Outcome by id."""
    return dict(linked.filter(pl.col("side") == side).select("id", "outcome").iter_rows())


def test_samples_of_one_clip_are_linked_whatever_their_ids() -> None:
    """The same id may be of another clip there; the distance is in bits, and the nearest is named."""
    this = variant({"x1": ("time", CLIPS["a"]), "x2": ("time", CLIPS["b"])})
    other = variant({"x2": ("indoor", CLIPS["a"] ^ 0b101), "y": ("indoor", CLIPS["c"])})
    linked = link(this, other, RULE)
    assert linked.columns == [field.name for field in LINK_COLUMNS]
    assert linked.rows() == [
        ("this", "x1", "time", "linked", "x1", "x2", 2, 2),
        ("this", "x2", "time", "no_match", None, None, None, None),
        ("other", "x2", "indoor", "linked", "x1", "x1", 2, 2),
        ("other", "y", "indoor", "no_match", None, None, None, None),
    ]


def test_bounds_of_likeness_hold() -> None:
    """Four bits are one clip by the rule of `near_duplicates`, five are not."""
    this = variant({"x": ("time", CLIPS["a"])})
    found = [
        outcomes(link(this, variant({"y": ("indoor", CLIPS["a"] ^ bits)}), RULE), "this")["x"]
        for bits in (0b1111, 0b11111)
    ]
    assert found == ["linked", "no_match"]


def test_each_reason_is_told() -> None:
    """Not hashed, flat, of another theme, held out on either side, and more samples of a clip than the other has."""
    this = variant(
        {
            "a1": ("time", CLIPS["a"]),
            "a2": ("time", CLIPS["a"]),
            "b1": ("time", CLIPS["b"]),
            "dark": ("time", 0),
            "gone": ("time", None),
            "away": ("style", CLIPS["a"]),
        },
        flat=("dark",),
    )
    other = variant({"p": ("indoor", CLIPS["a"]), "q": ("indoor", CLIPS["b"])}, val=("q",))
    linked = link(this, other, LinkRule(LikenessParams(), theme="time"))
    assert outcomes(linked, "this") == {
        "a1": "linked",
        "a2": "more_than_other",
        "b1": "held_out",
        "dark": "flat",
        "gone": "not_hashed",
        "away": "theme",
    }
    assert outcomes(linked, "other") == {"p": "linked", "q": "held_out"}
    counts = count_links(linked)
    assert counts["count"].sum() == 8
    assert counts.row(0) == ("this", "style", "theme", 1)
    unequal = link(this, other, LinkRule(LikenessParams(), theme="time", equal_counts=False))
    assert outcomes(unequal, "this")["a2"] == "linked"


def test_the_csvs_have_the_rows_of_their_variants() -> None:
    """Files by the names of their variants, rows as they stood, and a record of what was linked."""
    this = variant({"a1": ("time", CLIPS["a"]), "b1": ("style", CLIPS["b"])})
    other = variant({"p": ("indoor", CLIPS["a"])})
    texts = compose_link(link(this, other, RULE), this, other, RULE)
    assert sorted(texts) == ["link.json", "other/indoor_train.csv", "this/time_train.csv"]
    rows = parse_training_csv(texts["this/time_train.csv"].encode())
    assert rows.rows() == [("a1", "Make a1 snow, ü", "time/a1.mp4", "time/edited/a1.mp4")]
    record = json.loads(texts["link.json"])
    assert (record["format_version"], record["source_count"], record["this"]["sample_count"]) == (1, 1, 1)


@pytest.mark.parametrize("other", [{}, {"p": ("indoor", CLIPS["c"])}, {"p": ("indoor", None)}])
def test_nothing_in_common_stops(other: dict[str, tuple[str, int | None]]) -> None:
    """An empty variant, other clips, and one of which nothing was hashed; the counts are told."""
    linked = link(variant({"a1": ("time", CLIPS["a"])}), variant(other), RULE)
    with pytest.raises(EmptyOutputError, match="this: 1 no_match"):
        check_linked(linked)


def test_a_sample_with_two_hashes_stops() -> None:
    """It would be counted twice."""
    this = variant({"a1": ("time", CLIPS["a"])})
    twice = LinkedVariant(None, None, this.samples, pl.concat([this.hashes, this.hashes]))
    with pytest.raises(ConservationError, match="2 rows of 1 samples"):
        link(twice, this, RULE)


SIDES = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["time", "style"]), st.sampled_from([*CLIPS.values(), None])),
    max_size=8,
)


@given(SIDES, SIDES)
def test_no_sample_is_lost_and_both_sides_have_the_same_clips(
    here: dict[str, tuple[str, int | None]], there: dict[str, tuple[str, int | None]]
) -> None:
    """Each sample once; the linked ones of each side are of the same clips, equally many of each."""
    linked = link(variant(here), variant(there), RULE)
    assert [sorted(outcomes(linked, side)) for side in ("this", "other")] == [sorted(here), sorted(there)]
    both = linked.filter(pl.col("outcome") == "linked")
    per_clip = [
        sorted(both.filter(pl.col("side") == side)["source"].value_counts().rows())
        for side in ("this", "other")
    ]
    assert per_clip[0] == per_clip[1]
    shared = {clip for _, clip in here.values()} & {clip for _, clip in there.values()} - {None}
    assert both["source"].n_unique() == len(shared)


def write_root(root: Path, *, csv: str = "prompt,src_video,tgt_video,task\nSnow,a.mp4,b.mp4,x\n") -> Path:
    """A data root with a variant of one sample and its hash, as another dataset's run leaves it."""
    prompts = root / "05_model_input" / "kiwi_edit" / "lists"
    prompts.mkdir(parents=True)
    (prompts / "carnival_train.csv").write_text(csv, "utf-8")
    (root / "02_intermediate").mkdir()
    variant({"x": ("carnival", CLIPS["a"])}).hashes.write_parquet(
        root / "02_intermediate/frame_hashes.parquet"
    )
    return root


def opener(data_root: Path) -> OtherVariants:
    """What opens other data roots."""
    return OtherVariants(
        data_root=str(data_root),
        variant="05_model_input/kiwi_edit",
        frame_hashes="02_intermediate/frame_hashes.parquet",
    )


def test_another_data_root_is_read_without_its_description(tmp_path: Path) -> None:
    """A theme and a folder that this description does not know; a theme with `val` in its name is for training."""
    found = opener(tmp_path).open(str(write_root(tmp_path / "there")))
    assert found.samples.select("id", "split", "file").rows() == [("x", "train", "carnival_train.csv")]


def test_what_is_no_other_variant_is_told(tmp_path: Path) -> None:
    """Each with what is wrong: no folder, the same one, no variant, no hashes, a broken CSV, a sample twice, newer."""
    open_root = opener(tmp_path / "here").open
    (tmp_path / "here").mkdir()
    with pytest.raises(ParameterError, match="not there"):
        open_root(str(tmp_path / "nowhere"))
    with pytest.raises(ParameterError, match="linked to itself"):
        open_root(str(tmp_path / "here" / ".." / "here"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(VersionError, match="has no variant"):
        open_root(str(tmp_path / "empty"))
    bare = write_root(tmp_path / "bare")
    (bare / "02_intermediate" / "frame_hashes.parquet").unlink()
    with pytest.raises(VersionError, match="no hashes"):
        open_root(str(bare))
    with pytest.raises(VersionError, match="cannot be read"):
        open_root(str(write_root(tmp_path / "odd", csv="a,b\n1,2\n")))
    line = "Snow,a.mp4,b.mp4,x\n"
    with pytest.raises(VersionError, match="stands twice"):
        open_root(str(write_root(tmp_path / "twice", csv=f"prompt,src_video,tgt_video,task\n{line}{line}")))
    newer = write_root(tmp_path / "newer")
    (newer / "05_model_input/kiwi_edit/variant.json").write_text('{"format_version": 99}')
    with pytest.raises(FormatVersionError):
        open_root(str(newer))
