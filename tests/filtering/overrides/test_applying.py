"""Decisions go over thresholds, unless they are stale or outvoted, and the sums hold."""

from __future__ import annotations

from collections.abc import Callable, Collection

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.overrides import decision, frame
from tests.made.tables import THRESHOLDS, annotations, assets, csv_row, known, same_scores, sample_ids

from sparkle_curation.errors import OverridesError
from sparkle_curation.filtering.overrides.applying import Overridden, apply_overrides
from sparkle_curation.filtering.overrides.binding import bind
from sparkle_curation.filtering.overrides.resolving import OverrideRule, agreement, resolve
from sparkle_curation.filtering.verdicts import apply_thresholds

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"
NOW = "content of today"


def bound(ids: Collection[str]) -> pl.DataFrame:
    """All samples are `NOW`."""
    return pl.DataFrame(
        {"id": list(ids), "bound_to": [NOW] * len(ids)}, schema={"id": pl.String, "bound_to": pl.String}
    )


def verdicts() -> pl.DataFrame:
    """A and C pass, B does not."""
    levels = {A: 9.0, B: 5.0, C: 9.0}
    return apply_thresholds(known(*levels), same_scores(levels), THRESHOLDS, "reject")


def applied(*decisions: dict[str, str], rule: OverrideRule = "any_drop") -> Overridden:
    """The verdicts of the three with these decisions over them."""
    return apply_overrides(verdicts(), frame(*decisions), rule, bound)


def test_decisions_go_over_thresholds() -> None:
    """One that passes is dropped, one that does not is kept; scores and outcomes stay."""
    done = applied(decision(A, "ann", "drop", "halo"), decision(B, "ann", "keep", bound_to=NOW))
    assert done.verdicts.select("id", "is_kept", "override", "override_reason").rows() == [
        (A, False, "drop", "ann: halo"),
        (B, True, "keep", "ann"),
        (C, True, None, None),
    ]
    same = pl.exclude("is_kept", "override", "override_reason")
    assert done.verdicts.select(same).equals(verdicts().select(same))
    assert done.listed.select("id", "state", "effect").rows() == [
        (A, "unbound", "dropped"),
        (B, "applied", "kept"),
    ]
    assert done.summary["unbound"] == 1


def test_nothing_decided_changes_nothing_and_reads_nothing() -> None:
    """Without decisions the verdicts come as they are, and nobody asks what they would be bound to."""

    def never(_: Collection[str]) -> pl.DataFrame:
        raise AssertionError

    done = apply_overrides(verdicts(), frame(), "any_drop", never)
    assert done.verdicts.equals(verdicts())
    assert done.summary == {}


def test_a_stale_decision_is_listed_and_not_applied() -> None:
    """Bound to other content, or to a sample that is gone: the thresholds decide."""
    gone = "Sparkle_time_000099"
    done = applied(decision(A, "ann", bound_to="old"), decision(gone, "ann", bound_to="old"))
    assert done.verdicts["is_kept"].to_list() == [True, False, True]
    assert done.listed.select("state", "effect").rows() == [("stale", "none")] * 2
    assert "no table knows" in done.listed["detail"][1]


def test_an_unknown_sample_stops() -> None:
    """An unbound decision about no known sample is a slip of the pen, and told."""
    with pytest.raises(OverridesError, match="no table knows") as told:
        applied(decision("Sparkle_location_000008", "ann"))
    assert "did you mean" in str(told.value.todo)


@pytest.mark.parametrize(
    ("rule", "tie", "two_to_one"),
    [
        ("any_drop", "drop", "drop"),
        ("any_keep", "keep", "keep"),
        ("majority", None, "keep"),
        ("unanimous", None, None),
    ],
)
def test_the_rule_says_who_prevails(rule: OverrideRule, tie: str | None, two_to_one: str | None) -> None:
    """At a tie, and at two who keep against one who drops."""
    decisions = frame(
        decision(A, "ann", "keep"),
        decision(A, "bob", "drop"),
        *(decision(B, name, word) for name, word in (("ann", "keep"), ("bob", "drop"), ("eve", "keep"))),
    )
    assert resolve(decisions, rule)["override"].to_list() == [tie, two_to_one]


def test_who_is_outvoted_is_listed() -> None:
    """The one who does not prevail is told so, and the reason names those who do."""
    done = applied(decision(A, "ann", "keep"), decision(A, "bob", "drop", "blur"))
    assert done.listed.select("annotator", "state", "effect").rows() == [
        ("ann", "outvoted", "none"),
        ("bob", "unbound", "dropped"),
    ]
    assert done.verdicts["override_reason"][0] == "bob: blur"


def test_agreement_is_krippendorffs() -> None:
    """Of the published example's kind: worked by hand, full agreement is 1, and a word alone has none."""
    pairs = [("keep", "keep"), ("drop", "drop"), ("keep", "drop"), ("keep", "keep")]
    rows = [
        decision(f"Sparkle_time_{number:06}", name, word)
        for number, words in enumerate(pairs)
        for name, word in zip(("ann", "bob"), words, strict=True)
    ]
    # 8 values, 5 keep, 3 drop: 1 - 7 * 2 / (2 * 5 * 3)
    assert agreement(frame(*rows)) == pytest.approx(1 - 7 * 2 / 30)
    assert agreement(frame(*rows[:4])) == 1
    assert agreement(frame(*rows[:2])) is None
    assert agreement(frame(rows[0])) is None


decisions_ = st.lists(
    st.builds(
        decision,
        sample_ids,
        st.sampled_from(["ann", "bob", "eve"]),
        st.sampled_from(["keep", "drop"]),
        st.just(""),
        st.sampled_from(["", NOW, "old"]),
    ),
    unique_by=lambda each: (each["id"], each["annotator"]),
    max_size=8,
)


@given(decisions_, st.sampled_from(["any_drop", "any_keep", "majority", "unanimous"]), st.booleans())
def test_the_sums_hold(decisions: list[dict[str, str]], rule: OverrideRule, passes: bool) -> None:
    """Each decision is listed once, and what has an effect is what differs from the thresholds."""
    levels = {each["id"]: 9.0 if passes else 1.0 for each in decisions} | {A: 9.0, C: 9.0}
    before = apply_thresholds(known(*levels), same_scores(levels), THRESHOLDS, "keep")
    done = apply_overrides(before, frame(*decisions), rule, bound)
    changed = set(before.filter(pl.col("is_kept") != done.verdicts["is_kept"])["id"])
    assert done.listed.height == len(decisions)
    assert set(done.listed.filter(pl.col("effect") != "none")["id"]) == changed


# ------------------------------------------------------------------ what a decision is bound to
def digest(change: Callable[[dict[str, pl.DataFrame]], None] = lambda _: None) -> str:
    """What a decision about A is bound to, once something was changed."""
    found = assets((A, "source_video"), (A, "edited_video"), (B, "source_video")).with_columns(
        pl.lit(10, pl.Int64).alias("size")
    )
    media = found.select("id", "kind", "container", "path", pl.lit("h1").alias("index_hash"))
    tables = {
        "annotations": annotations(csv_row(A), csv_row(B)),
        "assets": found,
        "media": media,
        **same_scores({A: 9.0, B: 8.0}),
    }
    change(tables)
    scores = {name: tables[name] for name in same_scores({})}
    return bind([A], tables["annotations"], scores, tables["assets"], tables["media"])["bound_to"][0]


def _where(key: str, **values: object) -> list[pl.Expr]:
    return [
        pl.when(pl.col("id") == key).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("annotations", {"prompt": "another"}),
        ("assets", {"size": 11}),
        ("media", {"index_hash": "h2"}),
    ],
)
def test_other_content_is_another_digest(table: str, values: dict[str, object]) -> None:
    """The sample's own prompt, size or header makes another digest; another sample's, or another tar, none."""

    def change(key: str) -> Callable[[dict[str, pl.DataFrame]], None]:
        return lambda tables: tables.update({table: tables[table].with_columns(_where(key, **values))})

    assert digest(change(A)) != digest()
    assert digest(change(B)) == digest()


def test_another_score_is_another_digest_and_another_tar_is_none() -> None:
    """A score of any stage counts; where the tar lies that holds the asset does not."""

    def rescore(tables: dict[str, pl.DataFrame]) -> None:
        name = next(iter(same_scores({})))
        tables[name] = same_scores({A: 9.1, B: 8.0})[name]

    def move(tables: dict[str, pl.DataFrame]) -> None:
        for name in ("assets", "media"):
            tables[name] = tables[name].with_columns(pl.lit("other.tar").alias("container"))

    assert digest(rescore) != digest()
    assert digest(move) == digest()
