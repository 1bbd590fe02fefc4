"""What the project says of a training kit, beside what Kiwi-Edit's own data sets made of it: ``record_training.py``."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import SPARKLE_REAL, Project
from tests.truth.record_training import ANSWERS, kits, start_run_file

from sparkle_curation.training.before_training import missing_media

_RECORDED = json.loads(ANSWERS.read_text())["kits"]
_AGAIN = "record_training.py must be run again"


@dataclass(frozen=True)
class Made:
    """A kit that was made as the recorded one.

    Attributes:
        project: whose kit it is, with its media extracted.
        answers: recorded, by CSV.
    """

    project: Project
    answers: dict[str, dict[str, object]]

    @property
    def kit(self) -> Path:
        """The folder of the kit."""
        return self.project.output("05_model_input", "training_kit")

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV of it."""
        with (self.kit / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=["sample", *(["real"] if SPARKLE_REAL.is_dir() else [])])
def made(
    request: pytest.FixtureRequest, kedro_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """The kits: repeated rows, stills and references of the sample; the real pairs where they are."""
    kit = kits(SPARKLE_REAL)[request.param]
    project = Project(kit.release, tmp_path_factory.mktemp("truth") / "data")
    for pipeline in ("ingest", "inspect", "filter"):
        project.run_here(pipeline, params=kit.curate)
    for pipeline in ("training_kit", "extract"):
        project.run_here(pipeline, params=kit.kit)
    return Made(project, _RECORDED[request.param])


def test_rows_are_those_that_were_recorded(made: Made) -> None:
    """Each CSV that a run file names, in its order, repeated rows too."""
    named = json.loads((made.kit / "kit.json").read_text("utf-8"))["run"]["csvs"]
    assert sorted(named) == sorted(made.answers), _AGAIN
    for name, answer in made.answers.items():
        recorded = [text.split()[0] for text in answer["extracted"]]
        assert [row["task"] for row in made.rows(name)] == recorded, _AGAIN


def test_no_row_of_an_extracted_kit_is_replaced(made: Made, tmp_path: Path) -> None:
    """The loader took each at its first try; the kit's own check has no objection, and gives the CSVs to those options."""
    assert [
        text for answer in made.answers.values() for text in answer["extracted"] if "retried" in text
    ] == []
    options = start_run_file(made.kit, tmp_path)
    for name, answer in made.answers.items():
        assert Path(options[options.index(f"--{answer['option']}") + 1]).name == name


def test_pairs_have_the_shape_that_was_loaded(made: Made) -> None:
    """Frames, width and height of the preflight are those of the loader, source and edited."""
    preflight = {
        row["id"]: row
        for row in pl.read_parquet(made.project.output("03_primary", "preflight.parquet")).iter_rows(
            named=True
        )
    }
    for text in made.answers["train.csv"]["extracted"]:
        sample_id, *shapes = text.split()
        said = [
            "x".join(
                str(preflight[sample_id][f"{side}_loaded_{name}"])
                for name in ("frame_count", "width_px", "height_px")
            )
            for side in ("source", "edited")
        ]
        assert said == shapes, sample_id


def test_rows_that_fail_before_extraction_are_those_that_are_told(made: Made) -> None:
    """Of a release in tars the loader replaced the very rows whose files the check misses; extracted, it misses none."""
    csvs = [made.kit / name for name in made.answers]
    absent = set(missing_media(csvs, made.project.release_root))
    for name, answer in made.answers.items():
        told = [
            str(place)
            for place, row in enumerate(made.rows(name))
            if absent.intersection(row[key] for key in ("src_video", "tgt_video", "ref_image") if key in row)
        ]
        assert " ".join(told) == answer["fails_unextracted"], name
    assert missing_media(csvs, made.project.output("05_model_input", "extracted")) == []
