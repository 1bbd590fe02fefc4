"""Finished outputs of another generator: taken with a note where they fit, told where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from tests.full_disk import files_of_at_most
from tests.made.new_samples import FPS, FRAMES, SAMPLES, moving_square
from tests.stages.generation.conftest import Draft
from tests.stages.generation.test_run import VIDEO, file_of, journal, listed

from sparkle_curation.errors import DiskError, ModelError
from sparkle_curation.media.clip_file import ClipEncoding, note_of, written_clip
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.stages.generation.importing import ImportedFiles
from sparkle_curation.stages.generation.jobs import outputs_of
from sparkle_curation.stages.generation.making import hash_of, mark_of, note_in, write_still
from sparkle_curation.stages.generation.run import GenerationRun
from sparkle_curation.stages.generation.stage import EDIT_FRAME0, GenerationStage


def imported(draft: Draft, folder: Path, outputs: Path, stage: GenerationStage = EDIT_FRAME0) -> pl.DataFrame:
    """The table of an import."""
    files = ImportedFiles(stage, outputs, "cc-by-4.0", draft.store, folder / "made")
    return GenerationRun(stage, files, journal(folder), 2).generate(listed(draft, stage=stage))


def test_stills_are_taken_with_a_note(draft: Draft, tmp_path: Path) -> None:
    """In the published layout, or by their ids alone; who has none is told. A changed file is taken again.

    Pixels and notes of others stay as they were; their comment does not, nor is a prompt or seed of ours told of them.
    """
    outputs = tmp_path / "theirs"
    laid_out = outputs / "intermediate_data" / "location" / "edited_frame0" / f"{SAMPLES[0]}.png"
    write_still(laid_out, moving_square(0)[1], "sparkle-curation clip")
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "a workflow")
    notes.add_text("Software", "theirs")
    flat = outputs / f"{SAMPLES[1]}.png"
    Image.fromarray(moving_square(1)[1]).save(flat, pnginfo=notes)
    table = imported(draft, tmp_path, outputs)
    assert table["error"].to_list() == [None, None, "not_imported"]
    for name, path in zip(SAMPLES, (laid_out, flat), strict=False):
        with file_of(tmp_path, name).open("rb") as taken, path.open("rb") as given:
            np.testing.assert_array_equal(read_image(taken), read_image(given))
    note = note_in(file_of(tmp_path, SAMPLES[0])) or ""
    assert note.startswith("sparkle-curation edit_frame0 ")
    assert note.endswith("made by a generative model (trainedAlgorithmicMedia): imported from theirs")
    with Image.open(file_of(tmp_path, SAMPLES[1])) as image:
        assert image.text["Software"] == "theirs"
        assert image.text["Comment"] == note_in(file_of(tmp_path, SAMPLES[1])) != "a workflow"
    said = ("generator", "repository", "revision", "licence", "is_generated", "versions", "prompt", "seed")
    assert table.select(said).row(0) == ("import", "theirs", None, "cc-by-4.0", True, None, None, None)
    before = file_of(tmp_path, SAMPLES[0]).stat().st_mtime_ns
    write_still(flat, moving_square(1)[5], "theirs")
    write_still(outputs / f"{SAMPLES[2]}.png", moving_square(2)[2], "theirs")
    again = imported(draft, tmp_path, outputs)
    assert again["error"].null_count() == 3
    assert again["content_hash"][1] != table["content_hash"][1]
    assert file_of(tmp_path, SAMPLES[0]).stat().st_mtime_ns == before


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
    """Frame for frame at the same times, with its sound and a note, the same bytes each time; with how much it moves."""
    outputs = tmp_path / "theirs"
    outputs.mkdir()
    path = outputs / f"{SAMPLES[0]}.mp4"
    with_sound(path, moving_square(0), "aac", "mp4")
    (outputs / f"{SAMPLES[1]}.mp4").write_bytes(b"no video")
    with_sound(outputs / f"{SAMPLES[2]}.mp4", moving_square(2), "pcm_mulaw", "mov")
    table = imported(draft, tmp_path, outputs, VIDEO)
    assert table["error"].to_list() == [None, "bad_import", "bad_import"]
    assert "cannot be copied into an mp4" in table["error_detail"][2]
    assert table["frame_count"][0] == FRAMES
    assert table["motion"][0] > 0.003
    taken = file_of(tmp_path, SAMPLES[0], VIDEO)
    assert shown(taken) == shown(path)
    note = note_of(taken) or ""
    assert note.startswith("sparkle-curation background_video ")
    assert "(trainedAlgorithmicMedia): imported from theirs" in note
    first = taken.read_bytes()
    taken.unlink()
    imported(draft, tmp_path, outputs, VIDEO)
    assert taken.read_bytes() == first


@pytest.mark.parametrize("stage", [EDIT_FRAME0, VIDEO])
def test_full_disk_ends_an_import(draft: Draft, tmp_path: Path, stage: GenerationStage) -> None:
    """As that, and not as a fault of the file; no half of a copy is left, and the next run takes it."""
    outputs, noise = (
        tmp_path / "theirs",
        np.random.default_rng(0).integers(0, 255, (FRAMES, 64, 96, 3), np.uint8),
    )
    if stage.is_video:
        with written_clip(outputs / f"{SAMPLES[0]}.mp4", noise, ClipEncoding(FPS, 20), "theirs"):
            pass
    else:
        write_still(outputs / f"{SAMPLES[0]}.png", noise[0], "theirs")
    with files_of_at_most(12_000), pytest.raises(DiskError, match="The disk is full"):
        imported(draft, tmp_path, outputs, stage)
    assert not [path for path in (tmp_path / "made").rglob("*") if path.is_file()]
    assert imported(draft, tmp_path, outputs, stage)["error"].to_list() == [None, *["not_imported"] * 2]


def test_a_copy_without_a_note_is_taken_again(draft: Draft, tmp_path: Path) -> None:
    """As earlier versions copied them: the bytes that are noted, but nothing in the file."""
    outputs = tmp_path / "theirs"
    write_still(outputs / f"{SAMPLES[0]}.png", moving_square(0)[1], "theirs")
    files = ImportedFiles(EDIT_FRAME0, outputs, None, draft.store, tmp_path / "made")
    output = outputs_of(listed(draft), EDIT_FRAME0, files.made_by)[0]
    taken = file_of(tmp_path, SAMPLES[0])
    rows = []
    for note in ("theirs", mark_of(EDIT_FRAME0, output.key)):
        write_still(taken, moving_square(0)[1], note)
        rows.append({"size_bytes": taken.stat().st_size, "content_hash": hash_of(taken)})
        assert files.is_there(output, rows[-1]) == (note != "theirs")
    assert not files.is_there(output, rows[0])


def with_sound(path: Path, pictures: NDArray[np.uint8], codec: str, form: str) -> None:
    """A clip whose frames hang on later ones, with sound and notes of its own."""
    with av.open(str(path), "w", format=form) as container:
        container.metadata.update({"comment": "a workflow", "title": "theirs"})
        video: Any = container.add_stream("libx264", rate=FPS, options={"bf": "2", "threads": "1"})
        video.height, video.width = pictures.shape[1:3]
        video.pix_fmt = "yuv420p"
        sound: Any = container.add_stream(codec, rate=8000)
        sound.layout = "mono"
        for picture in pictures:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        tone.sample_rate = 8000
        container.mux(sound.encode(tone))
        container.mux([*video.encode(None), *sound.encode(None)])


def shown(path: Path) -> list[tuple[str, object, bytes]]:
    """What a player shows of a clip and when, with its sound and its title."""
    with av.open(str(path)) as container:
        frames = [
            (type(frame).__name__, frame.time, frame.to_ndarray().tobytes()) for frame in container.decode()
        ]
        return [*sorted(frames, key=repr), ("title", container.metadata["title"], b"")]


def test_without_a_folder_the_way_is_told(draft: Draft, tmp_path: Path) -> None:
    """Where it looked, and how it is given."""
    with pytest.raises(ModelError, match=r"edit_frame0\.model\.backend=import"):
        imported(draft, tmp_path, tmp_path / "nothing")
