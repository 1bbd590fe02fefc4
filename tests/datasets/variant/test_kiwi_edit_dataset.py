"""The training files of a variant change as a set, and come back as they were written."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from polars.testing import assert_frame_equal
from tests.made.tables import annotation_tables, csv_row, metadata

from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.spec.layout import SPLITS
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.export import VARIANT_COLUMNS, Variant


def variant(*rows: dict[str, object]) -> pl.DataFrame:
    """Exported samples."""
    return pl.DataFrame(rows, schema=dict.fromkeys(VARIANT_COLUMNS, pl.String))


def in_split(samples: pl.DataFrame, split: str = "train") -> pl.DataFrame:
    """The samples with the split that they are in."""
    return samples.with_columns(pl.lit(split).alias("split"))


TIME = csv_row("Sparkle_time_000001") | metadata("Sparkle_time_000001", chosen_keyword="dusk: fading sun")
STYLE = csv_row("Sparkle_style_000001")


def file_names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_theme_has_a_csv_and_metadata(tmp_path: Path) -> None:
    """A theme without samples has no file, and one without metadata no JSONL."""
    KiwiEditDataset(filepath=str(tmp_path / "variant")).save(variant(TIME, STYLE))
    assert file_names(tmp_path / "variant" / "prompts") == [
        "style_train.csv",
        "time_train.csv",
        "time_train_metadata.jsonl",
    ]


def test_a_variant_replaces_the_one_before(tmp_path: Path) -> None:
    """No file of another variant stays, and nothing else is left beside the folder."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    dataset.save(variant(TIME))
    dataset.save(variant(STYLE))
    assert file_names(tmp_path / "variant" / "prompts") == ["style_train.csv"]
    assert file_names(tmp_path) == ["variant"]


def test_a_card_changes_with_its_samples(tmp_path: Path) -> None:
    """It lies beside the folder of the CSVs, and a variant without one leaves none of another variant."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    dataset.save(Variant(variant(TIME), {"README.md": "# card\n"}))
    assert file_names(tmp_path / "variant") == ["README.md", "prompts"]
    assert (tmp_path / "variant" / "README.md").read_bytes() == b"# card\n"
    assert dataset.load()["id"].to_list() == [TIME["id"]]
    dataset.save(variant(STYLE))
    assert file_names(tmp_path / "variant") == ["prompts"]


def test_a_variant_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    """The second theme fails here; the first must not be half of a new variant."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    dataset.save(variant(TIME))
    broken = STYLE | {"edit_type": "style", "extra_fields": "{not json"}
    with pytest.raises(DatasetError):
        dataset.save(Variant(variant(TIME | {"prompt": "new"}, broken), {"README.md": "# new"}))
    assert dataset.load()["prompt"].to_list() == [TIME["prompt"]]
    assert file_names(tmp_path / "variant") == ["prompts"]
    assert file_names(tmp_path) == ["variant"]


def test_an_empty_variant_is_an_empty_folder(tmp_path: Path) -> None:
    """Thresholds that nothing passes leave no stale CSV to train on."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    dataset.save(variant(TIME))
    dataset.save(variant())
    assert file_names(tmp_path / "variant" / "prompts") == []
    assert_frame_equal(dataset.load(), in_split(variant()))
    assert dataset.preview() == {"index": [], "columns": [], "data": []}


def test_a_variant_exists_once_it_is_exported(tmp_path: Path) -> None:
    """Loading before that says so."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    assert not dataset.exists()
    assert dataset.preview()["data"] == []
    assert dataset.stats() == {}
    with pytest.raises(DatasetError, match="kedro run --pipelines curate"):
        dataset.load()
    dataset.save(variant())
    assert dataset.exists()


def test_a_preview_is_the_first_rows_of_the_first_theme(tmp_path: Path) -> None:
    """In the shape that Kedro-Viz draws."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    second = csv_row("Sparkle_time_000002")
    dataset.save(variant(TIME, second, STYLE))
    assert dataset.preview(nrows=1) == {
        "index": [0],
        "columns": ["id", "prompt", "src_video", "tgt_video"],
        "data": [[TIME["id"], TIME["prompt"], TIME["src_video"], TIME["tgt_video"]]],
    }


def test_a_split_has_files_of_its_own(tmp_path: Path) -> None:
    """Samples for validation stand beside the others, metadata too; a theme may have them alone."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    other = csv_row("Sparkle_time_000002") | metadata("Sparkle_time_000002")
    train, val = in_split(variant(TIME)), in_split(variant(other, STYLE), "val")
    dataset.save(pl.concat([val, train]))
    assert file_names(tmp_path / "variant" / "prompts") == [
        "style_val.csv",
        "time_train.csv",
        "time_train_metadata.jsonl",
        "time_val.csv",
        "time_val_metadata.jsonl",
    ]
    assert_frame_equal(dataset.load(), pl.concat([train, val]))
    assert (
        (tmp_path / "variant" / "prompts" / "time_val.csv").read_text().splitlines()[1].endswith(other["id"])
    )


def test_the_rows_of_all_csvs_are_counted(tmp_path: Path) -> None:
    """A prompt of two lines is one row."""
    dataset = KiwiEditDataset(filepath=str(tmp_path / "variant"))
    dataset.save(variant(TIME, csv_row("Sparkle_time_000002", prompt="two\nlines, quoted"), STYLE))
    size = sum(path.stat().st_size for path in (tmp_path / "variant" / "prompts").glob("*.csv"))
    assert dataset.stats() == {"rows": 3, "columns": 4, "file_size": size}


@given(annotation_tables(), st.data())
def test_a_variant_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: pl.DataFrame, data: st.DataObject
) -> None:
    """Save, then load, is identity up to the order of the themes and splits."""
    samples = table.filter(pl.col("csv_line").is_not_null()).select(VARIANT_COLUMNS)
    splits = [data.draw(st.sampled_from(SPLITS)) for _ in range(samples.height)]
    samples = samples.with_columns(pl.Series("split", splits, pl.String))
    dataset = KiwiEditDataset(filepath=str(tmp_path_factory.mktemp("kept") / "variant"))
    dataset.save(samples)
    by_theme = samples.sort(pl.col("theme").cast(pl.Enum(THEMES)), "split", maintain_order=True)
    assert_frame_equal(dataset.load(), by_theme)
