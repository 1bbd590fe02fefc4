"""Texts and figures come back as they were saved, and are shown in Kedro-Viz as what they are."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from kedro.io import DatasetError

from sparkle_curation.datasets import FigureDataset, TextDataset

FIGURE = {
    "data": [{"type": "bar", "x": [1, 2], "y": [3, 4], "name": "≥ 8"}],
    "layout": {"title": {"text": "t"}},
}


def test_a_text_comes_back(tmp_path: Path) -> None:
    """Lines, tabs and signs outside of ASCII included; nothing else is left beside it."""
    dataset = TextDataset(filepath=str(tmp_path / "deep" / "text.md"))
    assert not dataset.exists()
    dataset.save("## é\n\n\t| a |\n")
    assert dataset.load() == "## é\n\n\t| a |\n"
    assert dataset.exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["text.md"]


def test_a_text_is_shown_as_it_stands(tmp_path: Path) -> None:
    """What looks like markup is text, what cannot be seen an escape."""
    dataset = TextDataset(filepath=str(tmp_path / "text.md"))
    dataset.save("<b> & co\u202e\n")
    assert dataset.preview() == "<b> & co\\u202e\n"
    assert inspect.signature(TextDataset.preview).return_annotation == "TextPreview"


def test_of_a_long_text_the_beginning_is_shown(tmp_path: Path) -> None:
    """A page with clips in it does not make Kedro-Viz slow."""
    dataset = TextDataset(filepath=str(tmp_path / "text.md"))
    dataset.save("ab" * 500_000)
    assert dataset.preview() == "ab" * 10_000 + "\n…"


def test_a_figure_comes_back_as_plotlys(tmp_path: Path) -> None:
    """And as a dictionary for Kedro-Viz."""
    dataset = FigureDataset(filepath=str(tmp_path / "figure.json"))
    dataset.save(FIGURE)
    figure = dataset.load()
    assert list(figure.data[0].y) == [3, 4]
    assert figure.layout.title.text == "t"
    assert dataset.preview() == FIGURE
    assert inspect.signature(FigureDataset.preview).return_annotation == "PlotlyPreview"


def test_plotlys_own_dataset_reads_it(tmp_path: Path) -> None:
    """The file is the one that `plotly.JSONDataset` of Kedro writes."""
    from kedro_datasets.plotly import JSONDataset  # noqa: PLC0415 -- takes a second

    FigureDataset(filepath=str(tmp_path / "figure.json")).save(FIGURE)
    assert JSONDataset(filepath=str(tmp_path / "figure.json")).load().data[0].name == "≥ 8"


def test_a_figure_that_is_no_json_leaves_the_old_one(tmp_path: Path) -> None:
    """A NaN has no JSON."""
    dataset = FigureDataset(filepath=str(tmp_path / "figure.json"))
    dataset.save(FIGURE)
    with pytest.raises(DatasetError):
        dataset.save({"data": [{"y": [float("nan")]}]})
    assert dataset.preview() == FIGURE
    assert [path.name for path in tmp_path.iterdir()] == ["figure.json"]
