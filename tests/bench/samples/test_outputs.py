"""Each sample has a row for each model, with what is wrong with its output."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.made.bench import FIRST, MODELS, ROOT, SECOND, THIRD, MadeBench, described

from sparkle_curation.bench.samples.outputs import (
    ModelOutputs,
    count_outputs,
    describe_outputs,
    describe_rates,
    examine_outputs,
    open_model,
)
from sparkle_curation.bench.samples.reading import read_benchmark
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles


@pytest.fixture(scope="module")
def samples() -> pl.DataFrame:
    """Of the made benchmark."""
    return read_benchmark(ReleaseFiles(str(ROOT)), described()).samples


def examined(folder: Path, samples: pl.DataFrame, *, decode: bool = False) -> ModelOutputs:
    """The outputs in a folder."""
    return examine_outputs("m", open_model("m", str(folder)), samples, described(), decode=decode)


def fates(outputs: ModelOutputs, *ids: str) -> list[tuple[str, list[str]]]:
    """State and differences of some samples."""
    rows = {row["sample_id"]: (row["state"], row["differences"]) for row in outputs.table.to_dicts()}
    return [rows[each] for each in ids]


def test_a_model_that_did_all_has_nothing_to_tell(samples: pl.DataFrame) -> None:
    """24 outputs are there, whole, and like their sources; decoded frame by frame, too."""
    found = examined(MODELS / "good", samples, decode=True)
    assert found.table["state"].to_list() == ["there"] * 24
    assert found.table["differences"].list.len().sum() == 0
    assert found.strays == ()


def test_each_fault_of_a_model_is_told(samples: pl.DataFrame) -> None:
    """What is missing, cut, empty, no video, unedited, shorter, lower, or of 15 frames a second."""
    found = examined(MODELS / "poor", samples)
    assert fates(found, *samples["sample_id"].head(12)) == [
        ("there", []),
        ("missing", []),
        ("there", ["other_rate"]),
        ("there", ["other_size"]),
        ("there", ["other_length"]),
        ("there", []),
        ("broken", ["cut"]),
        ("broken", ["cut"]),
        ("there", ["same_as_source"]),
        ("broken", []),
        ("there", []),
        ("there", []),
    ]
    total = count_outputs(found.table).row(-1, named=True)
    assert (total["theme"], total["sample_count"]) == ("total", 24)
    assert total["there_count"] + total["missing_count"] + total["broken_count"] == 24
    (said,) = describe_outputs(found.table)
    assert said.startswith("m: of 24 outputs 15 there, 3 missing, 6 broken; 4 cut, 2 other_length")
    (rates,) = describe_rates(found.table, samples)
    assert (
        "2 outputs have 15 frames a second and their sources 16: as many frames take 1.067 times as long"
        in rates
    )


def test_an_output_is_found_where_the_published_script_writes_it(tmp_path: Path) -> None:
    """A `/` in a scene makes folders there, and a safe name here; an output of another scene's folder is found by its id."""
    bench = MadeBench(tmp_path / "bench")
    bench.set_keyword(0, "rural: mill/farm")
    samples = bench.read().samples
    model = tmp_path / "model"
    shutil.copytree(MODELS / "good", model)
    folder = model / "location"
    (folder / "rural---mill").mkdir()
    (folder / "rural---lavender_rows_below_a_windmill").rename(folder / "rural---mill" / "farm")
    (folder / "coast---lighthouse_above_rolling_surf").rename(folder / "coast---another_scene")
    (folder / "stray.mp4").write_bytes(b"x")
    shutil.copy(folder / "coast---another_scene" / f"{SECOND}_edited.mp4",
                folder / "urban---canal_street_with_shop_awnings" / f"{THIRD}_edited.mp4")  # fmt: skip
    found = examined(model, samples)
    assert fates(found, FIRST, SECOND, THIRD) == [
        ("there", ["published_path"]),
        ("there", ["other_folder", "same_as_another"]),
        ("there", ["same_as_another"]),
    ]
    assert found.strays == ("location/stray.mp4",)
    assert found.table["path"][0] == f"location/rural---mill/farm/{FIRST}_edited.mp4"


def test_a_file_that_was_there_and_partial_is_looked_at_again(samples: pl.DataFrame, tmp_path: Path) -> None:
    """The published inference takes a cut file for done; here it is one again when it was written whole."""
    model = tmp_path / "model"
    shutil.copytree(MODELS / "good", model)
    path = model / samples["output_path"][0]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert fates(examined(model, samples), FIRST) == [("broken", ["cut"])]
    path.write_bytes(whole)
    assert fates(examined(model, samples), FIRST) == [("there", [])]


def test_a_model_without_a_folder_is_refused(tmp_path: Path) -> None:
    """With the parameter that names it."""
    with pytest.raises(ReleaseError, match="The folder of the model 'mine' is not there") as caught:
        open_model("mine", str(tmp_path / "nothing"))
    assert caught.value.todo == "--params bench_models.mine=/path/to/its/outputs"
