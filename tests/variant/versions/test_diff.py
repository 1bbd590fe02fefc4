"""Every difference between two versions is found once, adds up, and has its cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import THRESHOLDS, sample_ids, score_values
from tests.made.versions import csvs_of, version

from sparkle_curation.errors import ConservationError, VersionError
from sparkle_curation.spec.codes.diff_reasons import Cause
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.spec.tables.variant import VARIANT_DIFF_COLUMNS
from sparkle_curation.variant.versions.diff import check_conservation, compare, count_by_reason
from sparkle_curation.variant.versions.version import VariantVersion, check_version

A, B = "Sparkle_location_000003", "Sparkle_time_000001"
VIDEO = "edited_video"
TIGHT = {**THRESHOLDS, VIDEO: 8.5}


def found(base: VariantVersion, other: VariantVersion, *columns: str) -> list[tuple[Any, ...]]:
    """The difference: id, change and detail of each row, or other columns."""
    return compare(base, other).select(columns or ("id", "change", "detail")).rows()


def test_a_selection_is_a_cause_of_its_own() -> None:
    """A sample that the selection left out lacks nothing."""
    left_out = version({A: 9.0, B: 9.0}, obstacles={A: "not_selected"})
    assert found(version({A: 9.0, B: 9.0}), left_out) == [(A, "removed", "not_selected")]


def test_a_likeness_to_the_benchmark_is_a_cause_of_its_own() -> None:
    """A sample that the benchmark shares lacks nothing, and what it is alike to is said."""
    left_out = version({A: 9.0, B: 9.0}, obstacles={A: "benchmark_leak"})
    assert left_out.verdicts is not None
    told = pl.when(pl.col("id") == A).then(pl.lit("id of x")).alias("benchmark_leak")
    leaking = replace(left_out, verdicts=left_out.verdicts.with_columns(told))
    expected = [(A, "removed", "benchmark_leak none -> id of x")]
    assert found(version({A: 9.0, B: 9.0}), leaking) == expected


def decided(key: str, word: str, level: float) -> VariantVersion:
    """A version in which a person decided about the sample, whatever its scores."""
    plain = version({key: level, B: 9.0})
    there = version({key: 9.0, B: 9.0})
    is_kept = word == "keep"
    verdicts = plain.verdicts
    assert verdicts is not None
    is_it = pl.col("id") == key
    samples = there.samples if is_kept else there.samples.filter(~is_it)
    return replace(
        plain,
        samples=samples,
        exported_count=samples.height,
        verdicts=verdicts.with_columns(
            pl.when(is_it).then(is_kept).otherwise("is_kept").alias("is_kept"),
            pl.when(is_it).then(pl.lit(word)).alias("override"),
        ),
    )


def test_a_decision_by_hand_is_the_cause() -> None:
    """Dropped though it passes, or kept though it does not: no threshold and no score is blamed, and both ways round."""
    passing, failing = version({A: 9.0, B: 9.0}), version({A: 5.0, B: 9.0})
    dropped, saved = decided(A, "drop", 9.0), decided(A, "keep", 5.0)
    assert found(passing, dropped) == [(A, "removed", "override none -> drop")]
    assert found(dropped, passing) == [(A, "added", "override drop -> none")]
    assert found(failing, saved) == [(A, "added", "override none -> keep")]
    assert found(saved, failing) == [(A, "removed", "override keep -> none")]


# ------------------------------------------------------------------ added and removed, each with its cause
@pytest.mark.parametrize(
    ("keeping", "stopping", "detail"),
    [
        (
            version({A: {VIDEO: 8.2}}),
            version({A: {VIDEO: 8.2}}, thresholds=TIGHT),
            "threshold:edited_video 8.0 -> 8.5",
        ),
        (version({A: {VIDEO: 8.61}}), version({A: {VIDEO: 7.9}}), "score:edited_video 8.61 -> 7.9"),
        # 7.9 is below both thresholds, and 8.6 above both: the threshold made no difference
        (
            version({A: {VIDEO: 8.6}}),
            version({A: {VIDEO: 7.9}}, thresholds=TIGHT),
            "score:edited_video 8.6 -> 7.9",
        ),
        # 8.4 and 8.2 are both between the thresholds: the score made no difference
        (
            version({A: {VIDEO: 8.4}}),
            version({A: {VIDEO: 8.2}}, thresholds=TIGHT),
            "threshold:edited_video 8.0 -> 8.5",
        ),
        # either would have done
        (
            version({A: {VIDEO: 8.2}}),
            version({A: {VIDEO: 7.9}}, thresholds=TIGHT),
            "threshold:edited_video 8.0 -> 8.5; score:edited_video 8.2 -> 7.9",
        ),
        # neither would have done alone
        (
            version({A: {VIDEO: 8.6}}),
            version({A: {VIDEO: 8.2}}, thresholds=TIGHT),
            "threshold:edited_video 8.0 -> 8.5; score:edited_video 8.6 -> 8.2",
        ),
        # two stages stop it; the first one is named, as in the funnel
        (
            version({A: 8.6}, thresholds=dict.fromkeys(STAGE_NAMES, 8.0)),
            version({A: 8.6}, thresholds=dict.fromkeys(STAGE_NAMES, 9.0)),
            "threshold:edited_frame0 8.0 -> 9.0",
        ),
        (
            version({A: {VIDEO: 8.6}}),
            version({A: {VIDEO: None}}),
            "missing_score:edited_video 8.6 -> none",
        ),
        (
            version({A: {VIDEO: None}}, missing_scores="keep"),
            version({A: {VIDEO: None}}),
            "policy:edited_video missing_scores keep -> reject",
        ),
        # the score went, and the policy that would have let it pass went too
        (
            version({A: {VIDEO: 8.6}}, missing_scores="keep"),
            version({A: {VIDEO: None}}),
            "missing_score:edited_video 8.6 -> none; policy:edited_video missing_scores keep -> reject",
        ),
        (
            version({A: {VIDEO: None}}, missing_scores="keep"),
            version({A: {VIDEO: 7.9}}, missing_scores="keep"),
            "missing_score:edited_video none -> 7.9",
        ),
        (
            version({A: {VIDEO: None}}, missing_scores="keep"),
            version({A: {VIDEO: 8.2}}, missing_scores="keep", thresholds=TIGHT),
            "threshold:edited_video 8.0 -> 8.5; missing_score:edited_video none -> 8.2",
        ),
        (
            version({A: 9.0}, imputed={A: VIDEO}),
            version({A: 9.0}, imputed={A: VIDEO}, imputed_scores="reject"),
            "policy:edited_video imputed_scores keep -> reject",
        ),
        (
            version({A: 9.0}, imputed_scores="reject"),
            version({A: 9.0}, imputed={A: VIDEO}, imputed_scores="reject"),
            "imputed:edited_video",
        ),
        (version({A: 9.0}), version({}), "source_removed"),
        (
            version({A: 9.0}),
            version({A: 9.0}, obstacles={A: "no_edited_video"}),
            "not_exported none -> no_edited_video",
        ),
        (
            version({A: 9.0}),
            version({A: 9.0}, unloadable={A: "missing_file corrupt_file"}),
            "unloadable none -> missing_file corrupt_file",
        ),
        (version({A: 9.0}), csvs_of(version({A: 1.0})), "unknown"),
        (csvs_of(version({A: 9.0})), version({A: 1.0}), "unknown"),
        (csvs_of(version({A: 9.0})), version({}), "source_removed"),
    ],
)  # fmt: skip
def test_a_removed_sample_has_its_cause_and_an_added_one_the_same(
    keeping: VariantVersion, stopping: VariantVersion, detail: str
) -> None:
    """What took a sample out brings it in when the two versions change places."""
    assert found(keeping, stopping) == [(A, "removed", detail)]
    ((_, change, back),) = found(stopping, keeping)
    assert change == "added"
    turned = [_turned(cause) for cause in detail.replace("source_removed", "source_added").split("; ")]
    assert back == "; ".join(turned)


def _turned(cause: str) -> str:
    """``score:x 8 -> 9`` as it reads from the other side."""
    what, arrow, new = cause.partition(" -> ")
    head, _, old = what.rpartition(" ")
    return f"{head} {new} -> {old}" if arrow else cause


def test_the_reason_is_the_cause_without_its_values() -> None:
    """So it can be counted; the file of the release is named where the change lies in one."""
    base, other = version({A: {VIDEO: 8.2}}), version({A: {VIDEO: 7.9}}, thresholds=TIGHT)
    source = "intermediate_data/location/edited_video_score.jsonl"
    assert found(base, other, "reason", "source_files") == [
        ("threshold:edited_video + score:edited_video", [source])
    ]
    assert found(version({A: 9.0}), version({}), "source_files") == [(["prompts/location_train.csv"],)]
    assert found(version({A: 8.2}), version({A: 8.2}, thresholds=TIGHT), "source_files") == []


def test_a_sample_that_no_csv_has_names_no_csv() -> None:
    """It came by its scores or its videos; which of them, the cause is unknown."""
    unlisted = version({A: 9.0})
    verdicts = unlisted.verdicts
    assert verdicts is not None
    unlisted = replace(unlisted, verdicts=verdicts.with_columns(pl.lit(value=False).alias("is_released")))
    assert found(version({}), unlisted, "reason", "source_files") == [("source_added", [])]


# ------------------------------------------------------------------ changed
@pytest.mark.parametrize(
    ("values", "columns", "detail", "source"),
    [
        ({"prompt": "other"}, ["prompt"], "prompt", "prompts/location_train.csv"),
        ({"split": "val"}, ["split"], "split train -> val", None),
        ({"src_video": "x.mp4"}, ["src_video"], "path src_video", "prompts/location_train.csv"),
        (
            {"tgt_video": "y.mp4", "src_video": "x.mp4"},
            ["src_video", "tgt_video"],
            "path src_video, tgt_video",
            "prompts/location_train.csv",
        ),
        (
            {"chosen_keyword": "rural: vineyard"},
            ["chosen_keyword"],
            "metadata chosen_keyword",
            "prompts/location_train_metadata.jsonl",
        ),
        ({"original_scene": None}, ["original_scene"], "metadata original_scene", "prompts/location_train_metadata.jsonl"),
    ],
)  # fmt: skip
def test_a_changed_value_is_found(
    values: dict[str, Any], columns: list[str], detail: str, source: str | None
) -> None:
    """Only the sample that differs has a row, with both values."""
    base, other = version({A: 9.0, B: 9.0}), version({A: 9.0, B: 9.0}, values={A: values})
    assert found(base, other, "id", "change", "changed_columns", "detail", "source_files") == [
        (A, "changed", columns, detail, [source] if source else [])
    ]
    row = compare(base, other).row(0, named=True)
    assert [row[f"other_{name}"] for name in values] == list(values.values())
    assert all(row[f"base_{name}"] != row[f"other_{name}"] for name in values)


def test_a_changed_score_of_a_sample_in_both_is_found() -> None:
    """It did not change sides, but it is not the same sample any more; several causes stand side by side."""
    base = version({A: {VIDEO: 8.61}})
    other = version({A: {VIDEO: 8.7}}, values={A: {"prompt": "other"}})
    row = compare(base, other).row(0, named=True)
    assert (row["change"], row["changed_columns"]) == ("changed", ["prompt", "edited_video_score"])
    assert row["reason"] == "prompt + score:edited_video"
    assert row["detail"] == "prompt; score:edited_video 8.61 -> 8.7"
    assert (row["base_edited_video_score"], row["other_edited_video_score"]) == (8.61, 8.7)


def test_another_threshold_alone_changes_no_sample() -> None:
    """Nor does a score of a sample that neither version exports."""
    base = version({A: 9.0, B: {VIDEO: 1.0}})
    assert found(base, version({A: 9.0, B: {VIDEO: 2.0}}, thresholds=TIGHT)) == []


def test_what_a_version_does_not_say_is_not_compared() -> None:
    """CSVs alone have neither metadata nor scores, so these differ in nothing but their prompts."""
    base = version({A: 9.0, B: 9.0})
    other = csvs_of(version({A: 8.9, B: 9.0}, values={B: {"prompt": "other"}}))
    assert found(base, other, "id", "changed_columns") == [(B, ["prompt"])]


def test_verdicts_of_an_older_project_are_compared_by_what_they_have() -> None:
    """Without the columns of imputed values, thresholds and scores still give the cause."""
    base, other = version({A: {VIDEO: 8.2}}), version({A: {VIDEO: 8.2}}, thresholds=TIGHT)
    assert base.verdicts is not None
    older = base.verdicts.select(name for name in base.verdicts.columns if not name.endswith("is_imputed"))
    assert found(replace(base, verdicts=older), other) == [
        (A, "removed", "threshold:edited_video 8.0 -> 8.5")
    ]


# ------------------------------------------------------------------ the table as a whole
def test_empty_versions_have_an_empty_difference() -> None:
    """With the columns that the table has."""
    diff = compare(version({}), version({}))
    expected = pl.DataFrame(pl.from_arrow(arrow_schema(VARIANT_DIFF_COLUMNS).empty_table()))
    assert_frame_equal(diff, expected)
    assert count_by_reason(diff).is_empty()


def test_rows_are_by_theme_change_and_id() -> None:
    """In the order of the card: location before time, added before removed before changed."""
    later = "Sparkle_location_000009"
    base = version({later: 9.0, A: 9.0, B: 9.0})
    other = version({A: 9.0, "Sparkle_time_000000": 9.0}, values={A: {"prompt": "x"}})
    assert found(base, other, "id", "change") == [
        (later, "removed"),
        (A, "changed"),
        ("Sparkle_time_000000", "added"),
        (B, "removed"),
    ]


def test_counts_are_by_theme_change_and_reason() -> None:
    """The most frequent reason of a change first."""
    ids = [f"Sparkle_style_00000{number}" for number in range(4)]
    base = version(dict.fromkeys([*ids, B], 8.6))
    other = version({ids[0]: 1.0, ids[1]: 8.6, ids[2]: {VIDEO: 1.0}, ids[3]: {VIDEO: 1.0}})
    assert count_by_reason(compare(base, other)).rows() == [
        ("time", "removed", "source_removed", 1),
        ("style", "removed", "score:edited_video", 2),
        ("style", "removed", "score:edited_frame0", 1),
    ]


def test_a_lost_row_is_noticed() -> None:
    """The sums are held by theme: one theme's gain does not hide another's loss."""
    base, other = version({A: 9.0}), version({B: 9.0})
    diff = compare(base, other)
    check_conservation(base, other, diff)
    with pytest.raises(ConservationError, match="location"):
        check_conservation(base, other, diff.filter(pl.col("id") != A))


def test_rows_that_a_join_makes_up_are_noticed() -> None:
    """Two verdicts on one sample would double its row."""
    base = version({A: {VIDEO: 8.2}, B: 9.0})
    assert base.verdicts is not None
    twice = replace(base, verdicts=pl.concat([base.verdicts, base.verdicts]))
    with pytest.raises(ConservationError, match="do not add up"):
        compare(twice, version({B: 9.0}))


# ------------------------------------------------------------------ versions whose files do not belong together
def test_a_version_of_one_curation_is_taken() -> None:
    """Kept samples that could not be exported are no fault."""
    good = version({A: 9.0, B: 9.0}, obstacles={B: "no_prompt"})
    assert check_version(good) is good
    assert check_version(csvs_of(good)).samples.height == 1


@pytest.mark.parametrize(
    ("broken", "got"),
    [
        (replace(version({A: 9.0}), verdicts=version({A: 1.0}).verdicts), f"1 exported but not kept, such as {A}"),
        (replace(version({A: 9.0}), verdicts=version({}).verdicts), f"1 exported but not kept, such as {A}"),
        (replace(version({A: 9.0}), exported_count=2), "1 in the CSVs, 2 in the metrics"),
        (replace(version({A: 9.0}), samples=pl.concat([version({A: 9.0}).samples] * 2)), A),
    ],
)  # fmt: skip
def test_a_version_of_two_curations_is_refused(broken: VariantVersion, got: str) -> None:
    """The CSVs of one run beside the verdicts of the next would give wrong reasons."""
    with pytest.raises(VersionError) as caught:
        check_version(broken)
    assert caught.value.got == got


# ------------------------------------------------------------------ properties
thresholds = st.fixed_dictionaries({stage: st.sampled_from([0.0, 8.0, 8.5, 9.0]) for stage in STAGE_NAMES})
worlds = st.dictionaries(
    sample_ids, st.fixed_dictionaries(dict.fromkeys(STAGE_NAMES, score_values)), max_size=12
)
versions = st.builds(
    version,
    worlds,
    thresholds=thresholds,
    missing_scores=st.sampled_from(["reject", "keep"]),
)


@settings(max_examples=40)
@given(versions, versions)
def test_the_difference_is_that_of_the_two_sets(base: VariantVersion, other: VariantVersion) -> None:
    """Added, removed and changed are what sets of ids say, each row has a known cause, and nothing given is touched."""
    assert base.verdicts is not None
    before = [base.samples.clone(), other.samples.clone(), base.verdicts.clone()]
    diff = compare(base, other)
    for frame, copy in zip([base.samples, other.samples, base.verdicts], before, strict=True):
        assert_frame_equal(frame, copy)
    old, new = set(base.samples["id"]), set(other.samples["id"])
    by_change = {change: set(rows["id"]) for (change,), rows in diff.group_by("change")}
    assert by_change.get("added", set()) == new - old
    assert by_change.get("removed", set()) == old - new
    assert by_change.get("changed", set()) <= old & new
    assert diff["id"].n_unique() == diff.height
    assert count_by_reason(diff)["sample_count"].sum() == diff.height
    assert Cause.UNKNOWN.value not in set(diff["reason"])
    assert all(diff["reason"])


@settings(max_examples=40)
@given(versions)
def test_a_version_does_not_differ_from_itself(one: VariantVersion) -> None:
    """Whatever it is, and in whatever order its rows stand."""
    assert one.verdicts is not None
    turned = replace(one, samples=one.samples.reverse(), verdicts=one.verdicts.reverse())
    assert compare(one, turned).is_empty()


@settings(max_examples=40)
@given(worlds, thresholds, thresholds)
def test_with_the_same_scores_only_thresholds_are_causes(
    scores: Any, old: dict[str, float], new: dict[str, float]
) -> None:
    """Nothing is changed, and who leaves or comes does so by one stage's threshold."""
    diff = compare(version(scores, thresholds=old), version(scores, thresholds=new))
    moved = {f"threshold:{stage}" for stage in STAGE_NAMES if old[stage] != new[stage]}
    assert set(diff["reason"]) <= moved
    assert "changed" not in set(diff["change"])


@settings(max_examples=40)
@given(worlds, worlds, thresholds)
def test_with_the_same_thresholds_none_is_a_cause(old: Any, new: Any, both: dict[str, float]) -> None:
    """Scores and the samples of the release alone explain it."""
    diff = compare(version(old, thresholds=both), version(new, thresholds=both))
    kinds = {part.partition(":")[0] for reason in diff["reason"] for part in reason.split(" + ")}
    assert kinds <= {"score", "missing_score", "source_added", "source_removed"}
