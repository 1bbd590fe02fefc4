"""The counts of a curation add up, and are those of its verdicts."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.tables import (
    THRESHOLDS,
    annotation_tables,
    annotations,
    csv_row,
    known,
    same_scores,
    score_tables,
    scores,
    threshold_values,
)

from sparkle_curation.errors import ConservationError
from sparkle_curation.filtering import funnel
from sparkle_curation.filtering.funnel import build_metrics, list_stages, tabulate_funnel
from sparkle_curation.filtering.verdicts import ImputedScores, apply_thresholds, list_known, mark_imputed
from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.spec.themes import THEMES

NO_ROWS = pl.DataFrame(schema={"id": pl.String, "theme": pl.String})

GOOD, LOW, UNSCORED, EXTRA, LOST = (f"Sparkle_time_00000{number}" for number in range(5))


def example(missing_scores: str = "reject") -> pl.DataFrame:
    """Verdicts on five samples of one theme: the first three released, the last two not."""
    samples = pl.concat([known(GOOD, LOW, UNSCORED), known(EXTRA, LOST, released=False)])
    passing = {GOOD: 9.0, EXTRA: 9.0, LOST: 9.0, UNSCORED: 9.0}
    tables = scores(
        edited_frame0=passing | {LOW: 9.0},
        foreground_removed={**passing, LOW: 1.0, UNSCORED: None},
        edited_video=passing,
    )
    return apply_thresholds(samples, tables, THRESHOLDS, missing_scores)  # type: ignore[arg-type]


def rows(sample_id: str) -> pl.DataFrame:
    """A report with one row."""
    return pl.DataFrame({"id": [sample_id], "theme": ["time"]})


def checked(samples: pl.DataFrame, **outcomes: tuple[str, list[str]]) -> pl.DataFrame:
    """A preflight in which the samples load, but for those with an outcome and reasons; what is replaced is dropped."""
    found = [outcomes.get(key, ("loads", [])) for key in samples["id"]]
    return samples.select("id", "theme").with_columns(
        pl.Series("outcome", [outcome for outcome, _ in found], pl.String),
        pl.Series("reasons", [reasons for _, reasons in found], pl.List(pl.String)),
        pl.Series("is_dropped", [outcome == "replaced" for outcome, _ in found], pl.Boolean),
    )


def count_samples(
    verdicts: pl.DataFrame,
    not_exported: pl.DataFrame,
    prompt_warnings: pl.DataFrame,
    **outcomes: tuple[str, list[str]],
) -> pl.DataFrame:
    """The counts where all kept samples load and train, but for those with an outcome of the preflight."""
    candidates = verdicts.filter("is_kept").join(not_exported, on="id", how="anti")
    preflight = checked(candidates, **outcomes)
    exported = preflight.filter(~pl.col("is_dropped")).select("id", "theme", pl.lit("train").alias("split"))
    return funnel.count_samples(verdicts, not_exported, prompt_warnings, preflight, exported)


def test_the_counts_of_a_small_curation() -> None:
    """Each stage counts what reaches it; below its threshold and without a score are counted apart."""
    counts = count_samples(example(), rows(LOST), rows(GOOD))
    metrics = build_metrics(counts, THRESHOLDS, "reject")
    assert metrics["themes"]["time"] == {
        "known": 5,
        "stages": {
            "edited_frame0": {"in": 5, "kept": 5, "rejected": 0, "unscored": 0, "imputed": 0},
            "foreground_removed": {"in": 5, "kept": 3, "rejected": 1, "unscored": 1, "imputed": 0},
            "edited_video": {"in": 3, "kept": 3, "rejected": 0, "unscored": 0, "imputed": 0},
        },
        "kept": 3,
        "rejected": 2,
        "exported": 2,
        "not_exported": 1,
        "prompt_warnings": 1,
        "preflight": {
            "loads": 2,
            "accepted_bad": 0,
            "not_inspected": 0,
            "refused": 0,
            "replaced": 0,
            "dropped": 0,
            "reasons": {},
        },
        "splits": {"train": 2, "val": 0},
        "agreement": {"released": 3, "missing": 2, "extra": 1},
    }


def test_pairs_that_the_preflight_drops_are_counted() -> None:
    """They are not exported, a released one is missing from the variant, and the reasons are told apart."""
    outcomes = {
        GOOD: ("replaced", ["missing_file", "unequal_fps"]),
        EXTRA: ("accepted_bad", ["unequal_fps"]),
        LOST: ("replaced", ["corrupt_file"]),
    }
    counts = count_samples(example(), NO_ROWS, NO_ROWS, **outcomes)
    metrics = build_metrics(counts, THRESHOLDS, "reject")["total"]
    assert (metrics["kept"], metrics["exported"], metrics["not_exported"]) == (3, 1, 0)
    assert metrics["agreement"] == {"released": 3, "missing": 3, "extra": 1}
    assert metrics["preflight"] == {
        "loads": 0,
        "accepted_bad": 1,
        "not_inspected": 0,
        "refused": 0,
        "replaced": 2,
        "dropped": 2,
        "reasons": {"missing_file": 1, "corrupt_file": 1, "unequal_fps": 2},
    }
    row = tabulate_funnel(counts).row(-1, named=True)
    assert (row["unloadable"], row["accepted_bad"], row["not_inspected"]) == (2, 1, 0)


def test_a_sample_that_the_preflight_did_not_see_stops_the_run() -> None:
    """Each kept sample was checked or could not be exported; each exported one trains or validates."""
    verdicts = example()
    preflight = checked(verdicts.filter("is_kept"))
    splits = preflight.select("id", "theme", pl.lit("val").alias("split"))
    for seen, parted in ((preflight.head(2), splits), (preflight, splits.head(2))):
        counts = funnel.count_samples(verdicts, NO_ROWS, NO_ROWS, seen, parted)
        with pytest.raises(ConservationError, match="do not add up"):
            build_metrics(counts, THRESHOLDS, "reject")


def test_unscored_samples_that_pass_are_counted_as_kept_too() -> None:
    """Under the policy `keep` they go on, and the count of them stays visible."""
    metrics = build_metrics(count_samples(example("keep"), rows(LOST), NO_ROWS), THRESHOLDS, "keep")
    stages = metrics["themes"]["time"]["stages"]
    assert stages["foreground_removed"] == {"in": 5, "kept": 4, "rejected": 1, "unscored": 1, "imputed": 0}
    assert stages["edited_video"] == {"in": 4, "kept": 4, "rejected": 0, "unscored": 0, "imputed": 0}


def test_every_theme_and_the_total_are_there() -> None:
    """A theme without samples has zeros, so that two runs always compare."""
    metrics = build_metrics(count_samples(example(), rows(LOST), NO_ROWS), THRESHOLDS, "reject")
    assert list(metrics["themes"]) == list(THEMES)
    assert metrics["themes"]["style"]["known"] == 0
    assert metrics["total"] == metrics["themes"]["time"]
    assert (metrics["thresholds"], metrics["missing_scores"]) == (THRESHOLDS, "reject")


def test_the_long_funnel_has_a_row_per_theme_and_stage() -> None:
    """In the order of the themes, the total last, and of the stages within."""
    funnel = list_stages(count_samples(example(), rows(LOST), NO_ROWS), THRESHOLDS)
    assert funnel.columns == ["theme", "stage", "threshold", "in", "kept", "rejected", "unscored", "imputed"]
    assert funnel.select("theme", "stage").rows() == [
        (theme, stage) for theme in (*THEMES, "total") for stage in STAGE_NAMES
    ]
    assert funnel.row(7) == ("time", "foreground_removed", 8.5, 5, 3, 1, 1, 0)


def test_the_wide_funnel_has_a_row_per_theme() -> None:
    """What each stage keeps stands under its name."""
    wide = tabulate_funnel(count_samples(example(), rows(LOST), NO_ROWS))
    assert wide["theme"].to_list() == [*THEMES, "total"]
    assert wide.row(2, named=True) == {
        "theme": "time",
        "known": 5,
        "edited_frame0": 5,
        "foreground_removed": 3,
        "edited_video": 3,
        "unscored": 1,
        "imputed": 0,
        "exported": 2,
        "not_exported": 1,
        "unloadable": 0,
        "refused": 0,
        "accepted_bad": 0,
        "not_inspected": 0,
        "val": 0,
        "missing": 2,
        "extra": 1,
    }


def test_a_sample_without_any_score_is_counted_once() -> None:
    """The wide funnel counts samples, not scores."""
    verdicts = apply_thresholds(known(GOOD, LOW), scores(), THRESHOLDS, "keep")
    assert tabulate_funnel(count_samples(verdicts, NO_ROWS, NO_ROWS))["unscored"].to_list()[-1] == 2


def test_no_samples_are_counted_as_zeros() -> None:
    """Empty verdicts give a whole, empty funnel."""
    counts = count_samples(apply_thresholds(known(), scores(), THRESHOLDS, "reject"), NO_ROWS, NO_ROWS)
    assert counts.select(pl.exclude("theme")).sum().row(0) == (0,) * (counts.width - 1)
    assert build_metrics(counts, THRESHOLDS, "reject")["total"]["known"] == 0


@pytest.mark.parametrize(
    "column",
    [
        "known",
        "foreground_removed_in",
        "edited_video_kept",
        "kept",
        "exported",
        "missing",
        "loads",
        "dropped",
        "val",
    ],
)
def test_counts_that_do_not_add_up_stop_the_run(column: str) -> None:
    """One sample too many anywhere is a defect, and no metrics are written."""
    counts = count_samples(example(), rows(LOST), NO_ROWS).with_columns(pl.col(column) + 1)
    with pytest.raises(ConservationError, match="do not add up"):
        build_metrics(counts, THRESHOLDS, "reject")


def test_more_samples_not_exported_than_kept_stop_the_run() -> None:
    """A negative count is a defect too."""
    verdicts = apply_thresholds(known(GOOD), same_scores({GOOD: 9.0}), THRESHOLDS, "reject")
    with pytest.raises(ConservationError):
        build_metrics(count_samples(verdicts, pl.concat([rows(LOST)] * 2), NO_ROWS), THRESHOLDS, "reject")


@given(annotation_tables(), score_tables, threshold_values)
def test_the_sums_hold_for_any_verdicts(
    table: pl.DataFrame, scores_: dict[str, pl.DataFrame], thresholds: dict[str, float]
) -> None:
    """The total is the sum over the themes, and known is kept and rejected."""
    verdicts = apply_thresholds(list_known(table, scores_.values()), scores_, thresholds, "keep")
    unlisted = verdicts.filter(pl.col("is_kept") & ~pl.col("is_released"))
    metrics = build_metrics(count_samples(verdicts, unlisted, NO_ROWS), thresholds, "keep")
    assert metrics["total"]["known"] == verdicts.height
    assert metrics["total"]["exported"] == sum(each["exported"] for each in metrics["themes"].values())
    assert metrics["total"]["exported"] == verdicts.filter(pl.col("is_kept") & pl.col("is_released")).height


@given(score_tables, threshold_values, st.data())
def test_the_sums_hold_with_any_imputed_scores(
    scores_: dict[str, pl.DataFrame], thresholds: dict[str, float], data: st.DataObject
) -> None:
    """Under both policies, with and without samples that have no score; what is imputed is counted."""
    samples = list_known(annotations(), scores_.values())
    some = st.lists(st.sampled_from(samples["id"].to_list() or [GOOD]), max_size=6)
    imputed = [(key, stage, True) for stage in STAGE_NAMES for key in data.draw(some)]
    schema = {"id": pl.String, "stage": pl.String, "is_imputed": pl.Boolean}
    marked = mark_imputed(samples, pl.DataFrame(imputed, schema=schema, orient="row"))
    for policy in get_args(ImputedScores):
        verdicts = apply_thresholds(marked, scores_, thresholds, "keep", policy)
        counts = count_samples(verdicts, verdicts.filter("is_kept"), NO_ROWS)
        metrics = build_metrics(counts, thresholds, "keep", policy)["total"]
        is_stopped = verdicts["reject_reason"].fill_null("") == "imputed"
        stopped = sum(stage["imputed"] for stage in metrics["stages"].values())
        assert is_stopped.sum() == (stopped if policy == "reject" else 0)
        assert not (verdicts["is_kept"] & imputed_anywhere(verdicts)).any() or policy == "keep"


def imputed_anywhere(verdicts: pl.DataFrame) -> pl.Series:
    """Whether a sample is imputed at a stage where it has a score."""
    return verdicts.select(
        pl.any_horizontal(
            pl.col(f"{stage}_is_imputed") & pl.col(f"{stage}_score").is_not_null() for stage in STAGE_NAMES
        )
    ).to_series()


@given(st.permutations([GOOD, LOW, UNSCORED, EXTRA, LOST]))
def test_the_order_of_verdicts_does_not_matter(order: list[str]) -> None:
    """Shuffled verdicts have the same counts."""
    shuffled = example().sort(pl.col("id").replace_strict({key: at for at, key in enumerate(order)}))
    assert count_samples(shuffled, NO_ROWS, NO_ROWS).equals(count_samples(example(), NO_ROWS, NO_ROWS))


def test_released_samples_are_those_of_the_csv() -> None:
    """A sample of the metadata alone is not released: the CSV is what trains."""
    noted = annotations(csv_row(GOOD), {"id": LOW, "theme": "time", "metadata_line": 1})
    verdicts = apply_thresholds(list_known(noted, []), scores(), THRESHOLDS, "keep")
    metrics = build_metrics(count_samples(verdicts, rows(LOW), NO_ROWS), THRESHOLDS, "keep")
    assert metrics["total"]["agreement"] == {"released": 1, "missing": 0, "extra": 0}
