"""The prompts that pandas changes are listed; all others survive it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas._libs.parsers import STR_NA_VALUES
from tests.made.tables import prompt_texts

from sparkle_curation.loader.prompt_hazards import PANDAS_MISSING, find_prompt_hazards
from sparkle_curation.spec.training_csv import write_training_csv

number_like = st.one_of(
    st.from_regex(r"\A[ \t]?[+-]?[0-9]{0,20}\.?[0-9]{0,3}([eE][+-]?[0-9]{0,3})?[ \n]?\Z"),
    st.sampled_from(
        ["inf", "-Infinity", "+iNF", " inf", "nan", "NAN", "true", "FALSE", "tRue", " true", "1_0"]
    ),
)


def variant(prompts: list[str], theme: str = "time") -> pl.DataFrame:
    """Exported samples of one theme with these prompts."""
    ids = [f"Sparkle_{theme}_{number:06d}" for number in range(len(prompts))]
    return pl.DataFrame(
        {
            "id": ids,
            "theme": [theme] * len(ids),
            "prompt": prompts,
            "src_video": [f"{theme}/source_video/{key}.mp4" for key in ids],
            "tgt_video": [f"{theme}/edited_video/{key}.mp4" for key in ids],
        },
        schema=dict.fromkeys(["id", "theme", "prompt", "src_video", "tgt_video"], pl.String),
    )


def read_as_kiwi_edit_does(samples: pl.DataFrame, folder: Path) -> pd.DataFrame:
    """The exported CSV through `pandas.read_csv` with its defaults."""
    path = folder / "time_train.csv"
    write_training_csv(samples, path)
    return pd.read_csv(path)


def test_the_words_for_missing_are_those_of_pandas() -> None:
    """The list is the one of the pandas available, to the word."""
    assert PANDAS_MISSING == STR_NA_VALUES


@pytest.mark.parametrize(
    ("prompts", "hazards"),
    [
        (["NA", "a beach", "null"], ["read_as_missing", "read_as_missing"]),
        (["1e5", "07"], ["read_as_number"] * 2),
        (["1e5", "a beach"], []),
        (["1e5", "NA"], ["read_as_number", "read_as_missing"]),
        (["true", "FALSE"], ["read_as_boolean"] * 2),
        (["true", "1"], []),
        (["a beach\0 at dusk", "a beach"], ["cut_at_nul"]),
        (["NA\0x", "\0"], ["cut_at_nul"] * 2),
        (["1\0x", "2"], ["cut_at_nul", "read_as_number"]),
        (["a, b", '"quoted"', "two\nlines", " leading", "na", "NA "], []),
        ([], []),
    ],
)
def test_hazards_of_a_csv(prompts: list[str], hazards: list[str]) -> None:
    """A word for missing is one anywhere, and so is a NUL; numbers and booleans only where the whole column is such."""
    assert find_prompt_hazards(variant(prompts))["hazard"].to_list() == hazards


def test_each_theme_is_a_column_of_its_own() -> None:
    """A theme of numbers is warned of, whatever the prompts of the other themes."""
    samples = pl.concat([variant(["1", "2"], "time"), variant(["a beach"], "style")])
    warnings = find_prompt_hazards(samples)
    assert warnings.select("id", "theme", "prompt", "hazard").rows() == [
        ("Sparkle_time_000000", "time", "1", "read_as_number"),
        ("Sparkle_time_000001", "time", "2", "read_as_number"),
    ]
    assert warnings["detail"].null_count() == 0


@given(st.lists(st.one_of(prompt_texts, number_like), max_size=6))
def test_a_prompt_without_a_warning_survives_pandas(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[str]
) -> None:
    """What Kiwi-Edit reads is what was written, to the character, for every prompt that is not listed."""
    check_survival(prompts, tmp_path_factory.mktemp("csv"))


@given(st.lists(number_like, min_size=1, max_size=3))
def test_a_column_of_numbers_is_warned_of(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[str]
) -> None:
    """The same for columns of nothing but what looks like a number."""
    check_survival(prompts, tmp_path_factory.mktemp("csv"))


def check_survival(prompts: list[str], folder: Path) -> None:
    """Fails when pandas changes a cell that is not listed."""
    samples = variant(prompts)
    listed = set(find_prompt_hazards(samples)["id"])
    read = read_as_kiwi_edit_does(samples, folder)
    assert list(read.columns) == ["prompt", "src_video", "tgt_video", "task"]
    for row, cells in zip(samples.iter_rows(named=True), read.itertuples(), strict=True):
        assert (cells.src_video, cells.tgt_video, cells.task) == (
            row["src_video"],
            row["tgt_video"],
            row["id"],
        )
        assert row["id"] in listed or cells.prompt == row["prompt"]
