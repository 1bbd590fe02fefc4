"""A split never parts a group, keeps the share, and depends on nothing but names and seed."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from tests.made.media import file, media
from tests.made.tables import theme_of

from sparkle_curation.errors import ConservationError, MissingTableError, StaleTableError
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.split import (
    SplitParams,
    check_grouped,
    choose_groups,
    group_by_file,
    split_samples,
)

NO_GROUPS = pl.DataFrame(schema={"id": pl.String, "group": pl.String})
A, B, C = "Sparkle_time_000001", "Sparkle_style_000002", "Sparkle_time_000003"


def samples(*ids: str) -> pl.DataFrame:
    """Exported samples."""
    return pl.DataFrame(
        {"id": ids, "theme": [theme_of(key) for key in ids]}, schema=dict.fromkeys(("id", "theme"), pl.String)
    )


def many(per_theme: int) -> pl.DataFrame:
    """Samples of all themes."""
    return samples(*(f"Sparkle_{theme}_{number:06d}" for theme in THEMES for number in range(per_theme)))


def splits(found: pl.DataFrame) -> dict[str, str]:
    """The split of each sample."""
    return dict(found.select("id", "split").rows())


# ------------------------------------------------------------------ groups
def test_copies_of_a_source_are_a_group_across_themes() -> None:
    """By the hash of the source alone; edited videos do not count."""
    files = media(
        file(A, "source_video", index_hash="one"),
        file(A, "edited_video", index_hash="three"),
        file(B, "source_video", index_hash="one"),
        file(C, "source_video", index_hash="two"),
    )
    assert group_by_file(files).collect().rows() == [(A, "one"), (B, "one"), (C, "two")]


def test_a_broken_source_has_no_group() -> None:
    """Nothing is known of what it shows, so it stands alone; nor is there one without media."""
    assert group_by_file(file(A, "source_video", index_hash=None)).collect().is_empty()
    assert group_by_file(media()).collect().is_empty()


def test_a_sample_in_several_places_has_one_group() -> None:
    """The loose copy's, else that of the first tar."""
    tars = [file(A, "source_video", container=name, index_hash=name) for name in ("b.tar", "a.tar")]
    assert group_by_file(media(*tars)).collect().rows() == [(A, "a.tar")]
    loose = file(A, "source_video", index_hash="loose")
    assert group_by_file(media(*tars, loose)).collect().rows() == [(A, "loose")]


BY_PICTURE, BY_FILE = (SplitParams(val_share=0.5, grouped_by=rule) for rule in ("picture", "file"))
NOT_THERE = pl.LazyFrame()


def test_groups_are_what_near_duplicates_found() -> None:
    """By picture as a rule; by file on demand, and then nobody need have looked at pictures."""
    files = media(file(A, "source_video", index_hash="one"), file(B, "source_video", index_hash="two"))
    near_duplicates = pl.DataFrame({"id": [A, B], "group": [A, A], "group_size": [2, 2]})
    assert choose_groups(files, near_duplicates, BY_PICTURE).collect().rows() == [(A, A), (B, A)]
    assert choose_groups(files, NOT_THERE, BY_FILE).collect().rows() == [(A, "one"), (B, "two")]


def test_no_split_needs_no_groups() -> None:
    """A variant without validation is made without a look at any picture."""
    assert choose_groups(media(), NOT_THERE, SplitParams()).collect().is_empty()
    check_grouped(samples(A), NO_GROUPS, SplitParams())


def test_a_split_without_a_look_is_refused() -> None:
    """It might part near duplicates; the error says which pipeline looks."""
    with pytest.raises(MissingTableError, match="--pipelines near_duplicates"):
        choose_groups(media(), NOT_THERE, BY_PICTURE)


def test_a_sample_that_came_after_the_look_is_refused() -> None:
    """It may be a near duplicate of one that is there; by file, one without a file is alone."""
    groups = pl.DataFrame({"id": [A], "group": [A]})
    with pytest.raises(StaleTableError, match=f"1 samples without a group, {B}"):
        check_grouped(samples(A, B), groups, BY_PICTURE)
    check_grouped(samples(A), groups, BY_PICTURE)
    check_grouped(samples(A, B), groups, BY_FILE)


# ------------------------------------------------------------------ splits
def test_no_share_is_no_split() -> None:
    """All train, and the groups are not even read."""
    broken = pl.LazyFrame({"nothing": [1]})
    assert splits(split_samples(samples(A, B), broken, SplitParams())) == {A: "train", B: "train"}


def test_the_split_of_a_name_is_fixed() -> None:
    """On any machine and with any version: what was exported once can be exported again."""
    found = split_samples(many(4), NO_GROUPS, SplitParams(val_share=0.2, seed=0))
    chosen = found.filter(pl.col("split") == "val")["id"].to_list()
    assert chosen == ["Sparkle_season_000001", "Sparkle_season_000002", "Sparkle_openve3m_000000"]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_share_is_kept_in_each_theme(share: float, seed: int) -> None:
    """Within four standard deviations of a fair draw; with groups of three, of as many draws as groups."""
    per_theme = 6000
    everyone = many(per_theme)
    of_three = everyone.select(
        "id", pl.col("theme").add((pl.int_range(pl.len()) // 3).cast(pl.String)).alias("group")
    )
    for groups, draws in ((NO_GROUPS, per_theme), (of_three, per_theme // 3)):
        found = split_samples(everyone, groups, SplitParams(val_share=share, seed=seed))
        shares = found.group_by("theme").agg((pl.col("split") == "val").mean())["split"]
        assert max(abs(each - share) for each in shares) < 4 * math.sqrt(share * (1 - share) / draws)


def test_another_seed_gives_another_split() -> None:
    """About as many samples, but others."""
    first, second = (
        split_samples(many(100), NO_GROUPS, SplitParams(val_share=0.5, seed=seed)) for seed in (0, 1)
    )
    assert splits(first) != splits(second)


ids = st.lists(
    st.builds("Sparkle_{}_{:06d}".format, st.sampled_from(THEMES), st.integers(0, 40)),
    unique=True,
    max_size=30,
)


@given(ids, st.data(), st.floats(0, 0.999), st.integers())
def test_no_group_is_parted(keys: list[str], data: st.DataObject, share: float, seed: int) -> None:
    """Whatever the groups, the share and the seed; the samples stay as they are, in their order."""
    names = [data.draw(st.sampled_from(["a", "b", "c", key])) for key in keys]
    groups = pl.DataFrame({"id": keys, "group": names}, schema=NO_GROUPS.schema)
    everyone = samples(*keys)
    found = split_samples(everyone, groups, SplitParams(val_share=share, seed=seed))
    assert_frame_equal(found.drop("split"), everyone)
    assert found.join(groups, on="id").group_by("group").agg(pl.col("split").n_unique())["split"].max() in {
        None,
        1,
    }


@given(ids, st.data(), st.integers(0, 3))
def test_other_samples_do_not_move_a_group(keys: list[str], data: st.DataObject, seed: int) -> None:
    """What is added or dropped later, and in which order all stand, changes no one's side."""
    params = SplitParams(val_share=0.5, seed=seed)
    whole = splits(split_samples(samples(*keys), NO_GROUPS, params))
    some = data.draw(st.permutations(keys))[: len(keys) // 2]
    assert splits(split_samples(samples(*some), NO_GROUPS, params)) == {key: whole[key] for key in some}


def test_a_larger_share_only_adds_to_validation() -> None:
    """Nobody changes over to training."""
    parts = [
        set(split_samples(many(50), NO_GROUPS, SplitParams(val_share=share)).filter(split="val")["id"])
        for share in (0.1, 0.3, 0.9)
    ]
    assert parts[0] < parts[1] < parts[2]


def test_a_sample_of_two_groups_stops_the_run() -> None:
    """One of them would be separated."""
    groups = pl.DataFrame({"id": [A, A], "group": ["one", "two"]})
    with pytest.raises(ConservationError, match="several groups"):
        split_samples(samples(A), groups, SplitParams(val_share=0.5))


@pytest.mark.parametrize(
    "params", [{"val_share": 1}, {"val_share": -0.1}, {"val_share": float("nan")}, {"seed": 0.5}]
)
def test_a_share_is_below_one(params: dict[str, float]) -> None:
    """All of it would leave nothing to train on."""
    with pytest.raises(ValidationError):
        SplitParams.model_validate(params)
