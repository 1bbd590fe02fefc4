"""The card of a variant: what a hub reads of it, and what a person does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from huggingface_hub import DatasetCard
from huggingface_hub.repocard import metadata_load
from hypothesis import given
from tests.filtering.test_funnel import checked
from tests.made.tables import (
    THRESHOLDS,
    annotations,
    csv_row,
    known,
    same_scores,
    score_tables,
    theme_of,
    threshold_values,
)

from sparkle_curation.filtering import funnel
from sparkle_curation.filtering.verdicts import apply_thresholds, list_known
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.card.writing import write_card
from sparkle_curation.variant.facts import Split, VariantFacts, list_splits
from sparkle_curation.variant.pictures import Pictures
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.record import read_record, write_record

GOOD, ALSO, LOW, LOST = (
    "Sparkle_time_000001",
    "Sparkle_style_000002",
    "Sparkle_time_000003",
    "Sparkle_time_000004",
)
CLEAN = CodeVersion("0123456789abcdef", is_dirty=False)


def verdicts() -> pl.DataFrame:
    """Four known samples, of which one is rejected."""
    levels = {GOOD: 9.0, ALSO: 9.0, LOW: 8.2, LOST: 9.0}
    return apply_thresholds(known(*levels), same_scores(levels), THRESHOLDS, "reject")


def count_variant(filtered: pl.DataFrame, exported: pl.DataFrame) -> pl.DataFrame:
    """The counts of a variant with these samples, all for training."""
    kept = filtered.filter("is_kept").select("id", "theme")
    loaded = kept.join(exported.select("id"), on="id", how="semi", maintain_order="left")
    splits = loaded.with_columns(pl.lit("train").alias("split"))
    lost = kept.join(loaded, on="id", how="anti")
    return funnel.count_samples(filtered, lost, lost.clear(), checked(loaded), splits)


def facts_of(*exported: str) -> VariantFacts:
    """The facts of a variant with these samples."""
    samples = annotations(*(csv_row(key, prompt="Dusk, “now”") for key in exported))
    return VariantFacts(
        splits=list_splits(samples.with_columns(split=pl.lit("train"))),
        counts=count_variant(verdicts(), samples),
        thresholds=THRESHOLDS,
        missing_scores="reject",
        imputed_scores="keep",
        code=CLEAN,
        data=DataVersion("ab12", 7, 80, 9_000),
    )


def test_a_hub_reads_what_it_wants_to_know(tmp_path: Path) -> None:
    """Licence, language, task, size, and each theme with samples as a split with its file and its rows."""
    path = tmp_path / "README.md"
    path.write_text(write_card(facts_of(GOOD, ALSO)), encoding="utf-8")
    assert metadata_load(path) == {
        "language": ["en"],
        "license": "cc-by-4.0",
        "size_categories": ["n<1K"],
        "source_datasets": ["stdKonjac/Sparkle"],
        "task_categories": ["video-to-video"],
        "pretty_name": "Sparkle variant, thresholds 8 / 8.5 / 8",
        "tags": ["video-editing", "background-replacement", "kiwi-edit", "arxiv:2605.06535"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "time", "path": "prompts/time_train.csv"},
                    {"split": "style", "path": "prompts/style_train.csv"},
                ],
            }
        ],
        "dataset_info": {
            "features": [
                {"name": name, "dtype": "string"} for name in ("prompt", "src_video", "tgt_video", "task")
            ],
            "splits": [
                {"name": "time", "num_bytes": 132, "num_examples": 1},
                {"name": "style", "num_bytes": 137, "num_examples": 1},
            ],
        },
    }


def test_licences_of_new_samples_are_told_and_make_the_whole_another(tmp_path: Path) -> None:
    """On the card, in what a hub reads of it, and in the record."""
    facts = replace(facts_of(GOOD, ALSO), own_licences={"time": {"cc0-1.0 and unknown": 1}})
    path = tmp_path / "README.md"
    path.write_text(write_card(facts), encoding="utf-8")
    assert metadata_load(path)["license"] == "other"  # type: ignore[index]
    assert "| `time` | cc0-1.0 and unknown | 1 |" in path.read_text(encoding="utf-8")
    assert "| `style` | cc-by-4.0 | cc-by-4.0 |" in path.read_text(encoding="utf-8")
    assert "| `time` | cc-by-4.0" not in path.read_text(encoding="utf-8")
    assert facts.licences_of("time") == ["cc0-1.0", "unknown"]
    more = replace(facts, splits=[replace(each, sample_count=2) for each in facts.splits])
    assert more.licences_of("time") == ["cc-by-4.0", "cc0-1.0", "unknown"]
    assert read_record(write_record(facts), where="it").own_licences == facts.own_licences
    assert "own_licences" not in write_record(facts_of(GOOD))


def test_what_people_judged_blind_stands_with_its_interval() -> None:
    """By score bin over the themes, of both sides of the thresholds; and it is in the record."""
    rows = [
        {"theme": theme, "passes": passes, "score_bin": 0.8, "judged": 5, "good": good}
        for theme, passes, good in (("time", True, 5), ("style", True, 3), ("time", False, 1))
    ]
    facts = replace(facts_of(GOOD), audit=rows)
    assert (
        "that the thresholds keep 8 of 10 at 0.8 to 0.9 (0.49 to 0.94); of pairs that they reject 1 of 5"
        in (write_card(facts))
    )
    assert read_record(write_record(facts), where="x").audit == rows


def test_the_hubs_own_card_is_the_same(tmp_path: Path) -> None:
    """Read and written again by the hub's class, the card has not changed."""
    path = tmp_path / "README.md"
    path.write_text(write_card(facts_of(GOOD)), encoding="utf-8", newline="\n")
    card = DatasetCard.load(path)
    assert str(card).encode() == path.read_bytes()
    assert card.data.license == "cc-by-4.0"
    assert card.text.strip().startswith("# Sparkle variant")


def test_the_stages_are_counted_by_theme() -> None:
    """What is known, what each stage lets through, what is exported; a kept sample that is not exported is missing there."""
    card = write_card(facts_of(GOOD, ALSO))
    assert (
        "| theme | known | `edited_frame0` >= 8 | `foreground_removed` >= 8.5 | `edited_video` >= 8 | exported |"
        in card
    )
    assert "| time | 3 | 3 | 2 | 2 | 1 |" in card
    assert "| season | 0 | 0 | 0 | 0 | 0 |" in card
    assert "| total | 4 | 4 | 3 | 3 | 2 |" in card
    assert "2 source/edited video pairs" in card


def test_the_policies_are_reported() -> None:
    """In words, not in the names of settings."""
    facts = facts_of(GOOD)
    assert "without a score at a stage was rejected there" in write_card(facts)
    assert "an imputed value was filtered by that score" in write_card(facts)
    loose = write_card(replace(facts, missing_scores="keep", imputed_scores="reject"))
    assert "without a score at a stage was let through" in loose
    assert "an imputed value was rejected there" in loose


@pytest.mark.parametrize(
    ("thresholds", "params"),
    [
        (dict.fromkeys(THRESHOLDS, 8.5), "threshold=8.5"),
        (
            THRESHOLDS,
            "thresholds.edited_frame0=8,thresholds.foreground_removed=8.5,thresholds.edited_video=8",
        ),
    ],
)
def test_the_command_that_rebuilds_it(thresholds: dict[str, float], params: str) -> None:
    """The revision, then the run with all that decides."""
    rest = "missing_scores=reject,imputed_scores=keep,release_root=/path/to/Sparkle"
    command = f"git checkout 0123456789abcdef\nkedro run --pipelines curate --params {params},{rest}\n"
    assert command in write_card(replace(facts_of(GOOD), thresholds=thresholds))


def test_code_that_is_not_committed_is_reported() -> None:
    """Beside the revision, and beside the command, which does not give the variant then."""
    card = write_card(replace(facts_of(GOOD), code=replace(CLEAN, is_dirty=True)))
    assert "changes to `src/` or `conf/` that are not committed" in card
    assert "Changes that were not committed are not in it." in card
    assert "not committed" not in write_card(facts_of(GOOD))


def test_code_outside_git_has_no_revision() -> None:
    """The card says so, and the command has no checkout."""
    card = write_card(replace(facts_of(GOOD), code=CodeVersion(None, is_dirty=False)))
    assert "not under git" in card
    assert "git checkout" not in card
    assert "kedro run --pipelines curate" in card


def test_a_variant_without_samples_has_no_splits(tmp_path: Path) -> None:
    """A hub would take an empty list of files for an error."""
    path = tmp_path / "README.md"
    path.write_text(write_card(facts_of()), encoding="utf-8")
    metadata = metadata_load(path) or {}
    assert metadata["size_categories"] == ["n<1K"]
    assert not {"configs", "dataset_info"} & set(metadata)


@pytest.mark.parametrize(
    ("count", "category"),
    [(999, "n<1K"), (1_000, "1K<n<10K"), (140_000, "100K<n<1M"), (99_000_000, "10M<n<100M")],
)
def test_the_size_is_in_the_hubs_words(count: int, category: str) -> None:
    """From the number of exported samples; a limit belongs to the larger category."""
    facts = replace(facts_of(), splits=[Split("time", "time", "prompts/time_train.csv", count, 1)])
    assert f"size_categories:\n- {category}\n" in write_card(facts)


def test_samples_for_validation_are_a_split_of_their_own() -> None:
    """With their file; the settings that made the split are in the command that makes it again."""
    samples = annotations(csv_row(GOOD), csv_row(ALSO)).with_columns(
        split=pl.when(pl.col("id") == GOOD).then(pl.lit("val")).otherwise(pl.lit("train"))
    )
    splits = list_splits(samples)
    assert [(split.name, split.path, split.sample_count) for split in splits] == [
        ("time_val", "prompts/time_val.csv", 1),
        ("style", "prompts/style_train.csv", 1),
    ]
    facts = replace(facts_of(), splits=splits, settings={"split.val_share": 0.5, "preflight.width": None})
    card = write_card(facts)
    assert "split.val_share=0.5" in card
    assert "preflight.width" not in card


@given(score_tables, threshold_values)
def test_any_curation_has_a_card_that_adds_up(
    scores: dict[str, pl.DataFrame], thresholds: dict[str, float]
) -> None:
    """The splits are the kept samples by theme, and the hub's parser reads the card."""
    filtered = apply_thresholds(list_known(annotations(), scores.values()), scores, thresholds, "keep")
    kept = annotations(*(csv_row(key) for key in filtered.filter("is_kept")["id"]))
    splits = list_splits(kept.with_columns(split=pl.lit("train")))
    facts = replace(facts_of(), splits=splits, counts=count_variant(filtered, kept), thresholds=thresholds)
    ids = kept["id"].to_list()
    expected = {theme: n for theme in THEMES if (n := sum(theme_of(key) == theme for key in ids))}
    assert {split.name: split.sample_count for split in splits} == expected
    assert facts.sample_count == len(ids)
    is_known = bool(expected) and "openve3m" not in expected
    assert DatasetCard(write_card(facts)).data.license == ("cc-by-4.0" if is_known else "other")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"split.val_share": 0.0, "split.grouped_by": "file"}, ""),
        ({"split.val_share": 0.1, "split.grouped_by": "picture"}, "source clips look alike"),
        (
            {"split.val_share": 0.1, "split.grouped_by": "file"},
            "Warning: validation was kept apart by the files",
        ),
    ],
)
def test_a_split_by_files_alone_is_a_warning(settings: dict[str, object], said: str) -> None:
    """It keeps copies apart and not what was encoded anew; a variant without validation says nothing of it."""
    card = write_card(replace(facts_of(GOOD), settings=settings))
    assert said in card
    assert ("validation was" in card) == ("Warning" in said)
    assert ("look alike" in card) == ("alike" in said)


def test_an_empty_variant_says_so_first() -> None:
    """In its first line, in the first sentence under it, and in the name that a hub lists."""
    front, _, body = write_card(facts_of()).partition("\n---\n\n")
    first, _, opening = body.split("\n", 2)
    assert first == "# Sparkle variant: empty, 0 pairs"
    assert opening.startswith("**This variant is empty**")
    assert "pretty_name: Sparkle variant of 0 pairs, thresholds" in front


def test_a_card_without_pictures_says_why() -> None:
    """And links to none; its sentence is that of the pictures."""
    card = write_card(facts_of(GOOD), Pictures(about_samples="No clips were at hand."))
    assert "![" not in card
    assert "\nNo clips were at hand.\n" in card
