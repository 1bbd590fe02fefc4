"""Verdicts follow from scores and thresholds, and no sample is lost on the way."""

from __future__ import annotations

import itertools

import polars as pl
import polars.selectors as cs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import (
    THRESHOLDS,
    annotation_tables,
    annotations,
    assets,
    csv_row,
    known,
    metadata,
    same_scores,
    score_tables,
    scores,
    table,
    threshold_values,
)

from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.filtering.verdicts import apply_thresholds, list_known, mark_imputed, split
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.ingested import COLUMNS
from sparkle_curation.spec.tables.verdicts import VERDICT_COLUMNS
from sparkle_curation.spec.themes import THEMES

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"

policies = st.sampled_from(["reject", "keep"])


def verdict_of(sample_id: str, verdicts: pl.DataFrame, *columns: str) -> tuple[object, ...]:
    """Some columns of one sample's verdict."""
    return verdicts.filter(pl.col("id") == sample_id).select(columns).row(0)


def with_every_stage(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables with one more scored sample a theme, so that no stage is wholly without scores."""
    more = same_scores({f"Sparkle_{theme}_999999": 5.0 for theme in THEMES})
    return {name: pl.concat([tables[name], more[name]]) for name in tables}


# ------------------------------------------------------------------ known samples
def test_samples_are_known_from_every_table() -> None:
    """An id of any one of the seven tables makes a known sample."""
    ids = [f"Sparkle_season_00000{number}" for number in range(7)]
    others = [
        table(name, [{"id": key, "theme": "season"}])
        for name, key in zip([name for name in COLUMNS if name != "annotations"], ids[1:], strict=True)
    ]
    assert list_known(annotations(csv_row(ids[0])), others)["id"].to_list() == ids


def test_known_samples_stand_in_the_order_of_the_release() -> None:
    """By theme as the card has them, then by the line in the CSV, then those without a line by id."""
    first, second = csv_row("Sparkle_time_000009", 2), csv_row("Sparkle_time_000001", 3)
    table_ = annotations(second, metadata("Sparkle_time_000005"), first, csv_row(A))
    seen = assets(("Sparkle_time_000002", "source_video"), ("Sparkle_time_000002", "edited_video"))
    assert list_known(table_, [seen]).rows() == [
        (A, "location", True),
        ("Sparkle_time_000009", "time", True),
        ("Sparkle_time_000001", "time", True),
        ("Sparkle_time_000002", "time", False),
        ("Sparkle_time_000005", "time", False),
    ]


def test_empty_tables_give_no_known_sample() -> None:
    """Seven tables without rows are a release without samples, not an error."""
    empty = {name: table(name) for name in COLUMNS}
    found = list_known(empty.pop("annotations"), empty.values())
    assert_frame_equal(found, known())


@pytest.mark.parametrize(
    "sample_id",
    [
        "Sparkle_location_7",
        "Sparkle_location_0000007",
        "Sparkle_location_00000x",
        "Sparkle_location_00000\u0663",
        "Sparkle_location_000007\n",
        "Sparkle_ocean_000007",
        "a Sparkle_location_000007",
    ],
)
def test_an_id_outside_the_grammar_stops_the_run(sample_id: str) -> None:
    """Ingest lets no such id through, so one here is a defect, and is not dropped in silence."""
    seen = assets((sample_id, "source_video"))
    with pytest.raises(ConservationError, match="an id that is none"):
        list_known(annotations(csv_row(A)), [seen])


def test_tables_in_any_order_give_the_same_known_samples_and_verdicts() -> None:
    """Ids that stand as in the CSV are not joined, others are; one beside those of the CSV is found either way."""
    ids = [f"Sparkle_{theme}_{number:06}" for theme in THEMES for number in range(100)]
    listed = annotations(*(csv_row(key, line) for line, key in enumerate(ids, 2)))
    lone = f"Sparkle_{THEMES[0]}_000999"
    every = {key: (number * 7919 % 1000) / 100 for number, key in enumerate([*ids, lone])}
    levels = same_scores(every)
    shuffled = {name: scored.sample(fraction=1, shuffle=True, seed=1) for name, scored in levels.items()}
    as_listed = list_known(listed, [scored.filter(pl.col("id") != lone) for scored in levels.values()])
    assert as_listed["id"].to_list() == ids
    for tables in (levels, shuffled):
        found = list_known(listed, [*levels.values(), *tables.values()])
        assert_frame_equal(found.filter("is_released"), as_listed)
        assert found.filter(~pl.col("is_released"))["id"].to_list() == [lone]
        verdicts = apply_thresholds(found, tables, THRESHOLDS, "reject")
        assert dict(verdicts.select("id", "edited_video_score").iter_rows()) == every


# ------------------------------------------------------------------ outcomes and reasons
def test_a_verdict_has_the_columns_that_are_described() -> None:
    """Names, order and types of the verdicts are those of `VERDICT_COLUMNS`, but for words that take a byte in memory."""
    described = pl.DataFrame(pl.from_arrow(arrow_schema(VERDICT_COLUMNS).empty_table())).schema
    for found in (
        apply_thresholds(known(A), same_scores({A: 9.0}), THRESHOLDS, "reject"),
        apply_thresholds(known(), scores(), THRESHOLDS, "reject"),
    ):
        assert found.with_columns(cs.enum().cast(pl.String)).schema == described
        assert [name for name, type_ in found.schema.items() if type_ == pl.Enum] == [
            *(f"{stage}_{word}" for stage in STAGE_NAMES for word in ("score_source", "outcome")),
            "rejected_by",
            "reject_reason",
        ]


def test_a_score_equal_to_the_threshold_is_kept() -> None:
    """Keep is `score >= threshold`: the card drops what is below."""
    verdicts = apply_thresholds(
        known(A), scores(**{stage: {A: THRESHOLDS[stage]} for stage in STAGE_NAMES}), THRESHOLDS, "reject"
    )
    assert verdicts.row(0) == (
        A,
        "location",
        True,
        *(8.0, "released", 8.0, "passed", False),
        *(8.5, "released", 8.5, "passed", False),
        *(8.0, "released", 8.0, "passed", False),
        None,
        None,
        None,
        None,
        None,
        True,
    )


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_a_score_below_the_threshold_rejects_at_its_stage(stage: str) -> None:
    """The sample's first rejecting stage and the reason `below_threshold` are told."""
    table_ = same_scores({A: 9.0}) | {stage: scores(**{stage: {A: THRESHOLDS[stage] - 1e-9}})[stage]}
    verdicts = apply_thresholds(known(A), table_, THRESHOLDS, "reject")
    assert verdict_of(A, verdicts, "rejected_by", "reject_reason", "is_kept") == (
        stage,
        "below_threshold",
        False,
    )


@pytest.mark.parametrize("stage", STAGE_NAMES)
def test_a_missing_score_rejects_at_its_stage(stage: str) -> None:
    """Under the policy `reject` the sample is rejected with the reason `unscored`."""
    table_ = same_scores({A: 9.0, B: 9.0}) | {stage: scores(**{stage: {B: 9.0}})[stage]}
    verdicts = apply_thresholds(known(A, B), table_, THRESHOLDS, "reject")
    assert verdict_of(A, verdicts, "rejected_by", "reject_reason", f"{stage}_outcome") == (
        stage,
        "unscored",
        "unscored",
    )
    assert verdict_of(B, verdicts, "is_kept") == (True,)


def faults(*violations: tuple[str, str, bool]) -> pl.DataFrame:
    """Violations of the score audit: id, stage, and whether it proves an imputed value."""
    schema = {"id": pl.String, "stage": pl.String, "is_imputed": pl.Boolean}
    return pl.DataFrame(violations, schema=schema, orient="row")


@pytest.mark.parametrize("stage", STAGE_NAMES)
@pytest.mark.parametrize("score", [1.0, 9.0])
def test_a_imputed_score_rejects_at_its_stage_where_it_shall(stage: str, score: float) -> None:
    """Above the threshold and below it: an imputed value says nothing of a sample."""
    marked = mark_imputed(known(A, B), faults((A, stage, True), (A, stage, True), (B, stage, False)))
    tables = same_scores({A: 9.0, B: 9.0}) | {stage: scores(**{stage: {A: score, B: 9.0}})[stage]}
    verdicts = apply_thresholds(marked, tables, THRESHOLDS, "reject", "reject")
    columns = ("rejected_by", "reject_reason", f"{stage}_outcome", f"{stage}_is_imputed", f"{stage}_score")
    assert verdict_of(A, verdicts, *columns) == (stage, "imputed", "imputed", True, score)
    assert verdict_of(B, verdicts, *columns) == (None, None, "passed", False, 9.0)


def test_a_imputed_score_is_filtered_as_any_other_by_default() -> None:
    """The verdict tells of it, and only the threshold decides."""
    marked = mark_imputed(known(A, B), faults((A, "edited_video", True), (C, "edited_video", True)))
    assert marked["id"].to_list() == [A, B]
    tables = same_scores({A: 9.0, B: 9.0})
    told = apply_thresholds(marked, tables, THRESHOLDS, "reject")
    plain = apply_thresholds(known(A, B), tables, THRESHOLDS, "reject")
    assert told["edited_video_is_imputed"].to_list() == [True, False]
    assert_frame_equal(told.drop("edited_video_is_imputed"), plain.drop("edited_video_is_imputed"))


def test_a_sample_without_a_score_is_unscored_and_not_imputed() -> None:
    """Whatever an audit of other files says."""
    marked = mark_imputed(known(A, B), faults((A, "edited_video", True)))
    tables = same_scores({A: 9.0, B: 9.0}) | {"edited_video": scores(edited_video={B: 9.0})["edited_video"]}
    verdicts = apply_thresholds(marked, tables, THRESHOLDS, "reject", "reject")
    assert verdict_of(A, verdicts, "reject_reason") == ("unscored",)


def test_the_first_rejecting_stage_is_named() -> None:
    """A sample that fails at several stages is rejected by the first; all outcomes stay in the verdict."""
    verdicts = apply_thresholds(known(A), same_scores({A: 1.0}), THRESHOLDS, "reject")
    outcomes = [f"{stage}_outcome" for stage in STAGE_NAMES]
    assert verdict_of(A, verdicts, "rejected_by", *outcomes) == ("edited_frame0", *["rejected"] * 3)


def test_unscored_samples_pass_when_they_shall() -> None:
    """Under the policy `keep` a sample without any score is kept, with its outcomes told."""
    verdicts = apply_thresholds(known(A), scores(), THRESHOLDS, "keep")
    assert verdict_of(A, verdicts, "edited_video_outcome", "rejected_by", "is_kept") == (
        "unscored",
        None,
        True,
    )


def test_a_low_score_rejects_even_when_unscored_samples_pass() -> None:
    """The policy `keep` is about missing scores alone."""
    verdicts = apply_thresholds(known(A), scores(edited_video={A: 2.0}), THRESHOLDS, "keep")
    assert verdict_of(A, verdicts, "rejected_by", "reject_reason") == ("edited_video", "below_threshold")


@pytest.mark.parametrize("not_a_score", [None, float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_no_score(not_a_score: float | None) -> None:
    """NaN is greater than any threshold for polars; it must not pass."""
    verdicts = apply_thresholds(known(A, B), same_scores({A: not_a_score, B: 9.0}), THRESHOLDS, "reject")
    assert verdict_of(A, verdicts, "edited_frame0_score", "edited_frame0_outcome") == (None, "unscored")


def test_scores_of_unknown_samples_change_nothing() -> None:
    """There is one verdict per known sample, whatever else a table holds."""
    verdicts = apply_thresholds(known(A), same_scores({A: 9.0, C: 9.0}), THRESHOLDS, "reject")
    assert verdicts["id"].to_list() == [A]


# ------------------------------------------------------------------ missing scores
def test_a_stage_without_scores_stops_the_run_and_names_the_file() -> None:
    """The message says which file of which theme is missing, and what to set."""
    table_ = same_scores({A: 9.0, C: 9.0}) | {"edited_video": scores(edited_video={A: 9.0})["edited_video"]}
    with pytest.raises(ReleaseError) as stop:
        apply_thresholds(known(A, C), table_, THRESHOLDS, "reject")
    assert stop.value.where == "intermediate_data/time/edited_video_score.jsonl"
    assert "--params missing_scores=keep" in str(stop.value)


def test_every_missing_file_is_named() -> None:
    """A release of CSVs alone lacks three files a theme, and hears of all at once."""
    with pytest.raises(ReleaseError) as stop:
        apply_thresholds(known(A, C), scores(), THRESHOLDS, "error")
    named = [f"{theme}/{stage.file_name}" in str(stop.value) for theme in THEMES for stage in STAGES]
    assert named == [theme in {"location", "time"} for theme in THEMES for _ in STAGES]


def test_the_policy_error_stops_at_unscored_samples() -> None:
    """The message names the stage, how many samples, and the first ten of them."""
    ids = [f"Sparkle_style_{number:06d}" for number in range(12)]
    table_ = same_scores(dict.fromkeys(ids, 9.0))
    table_["edited_frame0"] = table_["edited_frame0"].tail(1)
    with pytest.raises(ReleaseError) as stop:
        apply_thresholds(known(*ids), table_, THRESHOLDS, "error")
    assert stop.value.where == f"edited_frame0: 11 of 12 samples: {', '.join(ids[:10])}, ..."


def test_the_policy_error_is_content_with_every_score() -> None:
    """With all scores there, `error` filters as `reject` does."""
    table_ = same_scores({A: 9.0, B: 1.0})
    assert_frame_equal(
        apply_thresholds(known(A, B), table_, THRESHOLDS, "error"),
        apply_thresholds(known(A, B), table_, THRESHOLDS, "reject"),
    )


# ------------------------------------------------------------------ conservation
def test_a_score_table_with_an_id_twice_stops_the_run() -> None:
    """A join would multiply the sample; ingest lets no duplicate through."""
    table_ = same_scores({A: 9.0})
    table_["edited_video"] = pl.concat([table_["edited_video"]] * 2)
    with pytest.raises(ConservationError, match="2 verdicts on 1 ids"):
        apply_thresholds(known(A), table_, THRESHOLDS, "reject")


def test_a_verdict_that_is_neither_kept_nor_rejected_stops_the_run() -> None:
    """Kept and rejected must be all verdicts."""
    with pytest.raises(ConservationError, match="do not add up"):
        split(pl.DataFrame({"id": [A, B], "is_kept": [True, None]}))


def test_no_verdicts_split_into_none() -> None:
    """An empty frame gives two empty frames of its schema."""
    none = apply_thresholds(known(), scores(), THRESHOLDS, "reject")
    assert_frame_equal(pl.concat(split(none)).collect(), none)


@given(annotation_tables(), score_tables, threshold_values, policies)
def test_kept_and_rejected_are_all_known_samples(
    table_: pl.DataFrame, scores_: dict[str, pl.DataFrame], thresholds: dict[str, float], policy: str
) -> None:
    """Each id of any table is kept or rejected, once; and the reason is there for exactly the rejected."""
    scores_ = with_every_stage(scores_)
    every_id = set(itertools.chain(table_["id"], *(each["id"] for each in scores_.values())))
    samples = list_known(table_, scores_.values())
    kept, rejected = pl.collect_all(split(apply_thresholds(samples, scores_, thresholds, policy)))
    assert sorted([*kept["id"], *rejected["id"]]) == sorted(every_id)
    assert kept["reject_reason"].null_count() == kept.height
    assert rejected["reject_reason"].null_count() == rejected["rejected_by"].null_count() == 0


@given(annotation_tables(), score_tables, threshold_values, threshold_values, policies)
def test_tighter_thresholds_never_keep_more(
    table_: pl.DataFrame,
    scores_: dict[str, pl.DataFrame],
    thresholds: dict[str, float],
    others: dict[str, float],
    policy: str,
) -> None:
    """What tighter thresholds keep, looser ones keep too."""
    scores_ = with_every_stage(scores_)
    samples = list_known(table_, scores_.values())
    tighter = {stage: max(thresholds[stage], others[stage]) for stage in STAGE_NAMES}
    loose, tight = (
        split(apply_thresholds(samples, scores_, each, policy))[0].collect() for each in (thresholds, tighter)
    )
    assert set(tight["id"]) <= set(loose["id"])


@given(annotation_tables(), score_tables, policies, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    table_: pl.DataFrame, scores_: dict[str, pl.DataFrame], policy: str, random: object
) -> None:
    """Shuffled tables give the same verdicts in the same order; and no input is changed."""

    def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1.0, shuffle=True, seed=random.randrange(1 << 30))  # type: ignore[attr-defined]

    def run(table_: pl.DataFrame, scores_: dict[str, pl.DataFrame]) -> pl.DataFrame:
        samples = list_known(table_, scores_.values())
        return apply_thresholds(samples, scores_, THRESHOLDS, policy)

    scores_ = with_every_stage(scores_)
    before = [frame.clone() for frame in (table_, *scores_.values())]
    expected = run(table_, scores_)
    assert_frame_equal(
        run(shuffled(table_), {name: shuffled(each) for name, each in scores_.items()}), expected
    )
    for frame, old in zip((table_, *scores_.values()), before, strict=True):
        assert_frame_equal(frame, old)


def test_only_the_needed_columns_of_a_scanned_table_are_read() -> None:
    """The score tables are gigabytes: filtering works on `id` and the score alone."""
    lean = {
        stage.name: same_scores({A: 9.0})[stage.name].lazy().select("id", stage.score_column)
        for stage in STAGES
    }
    assert apply_thresholds(known(A).lazy(), lean, THRESHOLDS, "reject")["is_kept"].to_list() == [True]
