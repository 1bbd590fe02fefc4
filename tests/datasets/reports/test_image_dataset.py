"""A picture on disk: whole or not at all, and shown by Kedro-Viz."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from kedro.io import DatasetError
from PIL import Image

from sparkle_curation.datasets import PNGDataset

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


@pytest.fixture
def dataset(tmp_path: Path) -> PNGDataset:
    """A dataset that was never saved, in a folder that is not there yet."""
    return PNGDataset(filepath=str(tmp_path / "08_reporting" / "sheet.png"))


def test_a_picture_comes_back_as_it_was(dataset: PNGDataset, tmp_path: Path) -> None:
    """Saved and loaded it is the same, and no temporary stays."""
    assert not dataset.exists()
    dataset.save(PICTURE)
    assert dataset.exists()
    assert np.array_equal(dataset.load(), PICTURE)
    assert [path.name for path in (tmp_path / "08_reporting").iterdir()] == ["sheet.png"]


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8).map(lambda s: (*s, 3))))
def test_the_same_picture_is_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, picture: np.ndarray
) -> None:
    """Neither time nor name stands in the file."""
    folder = tmp_path_factory.mktemp("png")
    for name in ("a.png", "b.png"):
        PNGDataset(filepath=str(folder / name)).save(picture)
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()


def test_a_failed_save_leaves_the_old_picture(dataset: PNGDataset) -> None:
    """What is no picture is not written."""
    dataset.save(PICTURE)
    with pytest.raises(DatasetError):
        dataset.save(np.zeros((2, 2, 7), np.uint8))
    assert np.array_equal(dataset.load(), PICTURE)


def test_the_preview_is_a_picture_that_is_not_too_wide(dataset: PNGDataset) -> None:
    """A wide sheet is made smaller, a small one is shown as it is."""
    for width, shown in ((40, 40), (2800, 1400)):
        dataset.save(np.zeros((100, width, 3), np.uint8))
        with Image.open(io.BytesIO(base64.b64decode(dataset.preview()))) as image:
            assert image.width == shown
            assert image.height == 100 * shown // width
