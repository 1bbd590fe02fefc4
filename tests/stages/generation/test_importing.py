"""Finished outputs of another generator: taken as they are where they fit, told where they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.made.new_samples import FPS, FRAMES, SAMPLES, moving_square
from tests.stages.generation.conftest import Draft
from tests.stages.generation.test_run import VIDEO, file_of, journal, listed

from sparkle_curation.errors import ModelError
from sparkle_curation.media.clip_file import ClipEncoding, written_clip
from sparkle_curation.stages.generation.importing import ImportedFiles
from sparkle_curation.stages.generation.making import write_still
from sparkle_curation.stages.generation.run import GenerationRun
from sparkle_curation.stages.generation.stage import EDIT_FRAME0, GenerationStage


def imported(draft: Draft, folder: Path, outputs: Path, stage: GenerationStage = EDIT_FRAME0) -> pl.DataFrame:
    """The table of an import."""
    files = ImportedFiles(stage, outputs, "cc-by-4.0", draft.store, folder / "made")
    return GenerationRun(stage, files, journal(folder), 2).generate(listed(draft, stage=stage))


def test_outputs_are_taken_byte_for_byte(draft: Draft, tmp_path: Path) -> None:
    """In the published layout, or by their ids alone; who has none is told. A changed file is taken again."""
    outputs = tmp_path / "theirs"
    laid_out = outputs / "intermediate_data" / "location" / "edited_frame0" / f"{SAMPLES[0]}.png"
    write_still(laid_out, moving_square(0)[1], "theirs")
    flat = outputs / f"{SAMPLES[1]}.png"
    write_still(flat, moving_square(1)[1], "theirs")
    table = imported(draft, tmp_path, outputs)
    assert file_of(tmp_path, SAMPLES[0]).read_bytes() == laid_out.read_bytes()
    assert file_of(tmp_path, SAMPLES[1]).read_bytes() == flat.read_bytes()
    assert table["error"].to_list() == [None, None, "not_imported"]
    said = ("generator", "repository", "revision", "licence", "is_generated", "versions")
    assert table.select(said).row(0) == ("import", "theirs", None, "cc-by-4.0", True, None)
    write_still(flat, moving_square(1)[5], "theirs")
    write_still(outputs / f"{SAMPLES[2]}.png", moving_square(2)[2], "theirs")
    assert imported(draft, tmp_path, outputs)["error"].null_count() == 3
    assert file_of(tmp_path, SAMPLES[1]).read_bytes() == flat.read_bytes()


def test_videos_are_held_to_the_source(draft: Draft, tmp_path: Path) -> None:
    """One that is cut, one too long and one of another size: a row each, and no file."""
    outputs = tmp_path / "theirs"
    encoding = ClipEncoding(FPS, 20)
    frames = moving_square(0)
    for sample_id, pictures in zip(
        SAMPLES, (frames[:-1], np.concatenate([frames, frames[:1]]), frames[:, :48]), strict=True
    ):
        with written_clip(outputs / f"{sample_id}.mp4", pictures, encoding, "theirs"):
            pass
    table = imported(draft, tmp_path, outputs, VIDEO)
    assert table["error"].to_list() == ["bad_import"] * 3
    short, long, small = table["error_detail"]
    assert f"{FRAMES - 1} frames" in short
    assert long == f"more than {FRAMES} frames"
    assert "wanted are (9, 64, 96, 3)" in small
    assert not list((tmp_path / "made").rglob("*.mp4"))


def test_a_video_that_fits_is_taken(draft: Draft, tmp_path: Path) -> None:
    """With how much it moves."""
    outputs = tmp_path / "theirs"
    with written_clip(outputs / f"{SAMPLES[0]}.mp4", moving_square(0), ClipEncoding(FPS, 20), "theirs"):
        pass
    (outputs / f"{SAMPLES[1]}.mp4").write_bytes(b"no video")
    table = imported(draft, tmp_path, outputs, VIDEO)
    assert table["error"].to_list() == [None, "bad_import", "not_imported"]
    assert table["frame_count"][0] == FRAMES
    assert table["motion"][0] > 0.003


def test_without_a_folder_the_way_is_told(draft: Draft, tmp_path: Path) -> None:
    """Where it looked, and how it is given."""
    with pytest.raises(ModelError, match=r"edit_frame0\.model\.backend=import"):
        imported(draft, tmp_path, tmp_path / "nothing")
