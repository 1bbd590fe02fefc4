"""The whole project in one go: from a release to a variant, by the one command that it is for."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from huggingface_hub.repocard import metadata_load
from tests.conftest import Project
from tests.made.formats import format_versions
from tests.made.pairs import Pairs

from sparkle_curation.engine.io.format_version import FORMAT_VERSION
from sparkle_curation.errors import MissingTableError, ReleaseError
from sparkle_curation.spec.layout import annotations_csv_path
from sparkle_curation.spec.themes import THEMES

GOLDEN = Path(__file__).parent / "golden" / "curate_threshold_8.5.json"
CSV_FOLDER = ("05_model_input", "kiwi_edit", "prompts")


def summary(project: Project) -> dict[str, Any]:
    """What a variant is, in little: its metrics, and a digest of each file that is trained on."""
    metrics = json.loads(project.output("08_reporting", "curation_metrics.json").read_text(encoding="utf-8"))
    files = sorted(project.output(*CSV_FOLDER).iterdir())
    return {
        "metrics": metrics,
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }


@pytest.fixture(scope="module")
def strict(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample, curated at a threshold of 8.5 where there was nothing. Read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("strict") / "data")
    project.run_here("curate", params={"threshold": 8.5})
    return project


@pytest.fixture
def again(strict: Project, tmp_path: Path) -> Project:
    """A copy of those outputs, to be curated again."""
    shutil.copytree(strict.data_root, tmp_path / "data")
    return replace(strict, data_root=tmp_path / "data")


def test_the_sample_gives_the_golden_variant(strict: Project, request: pytest.FixtureRequest) -> None:
    """At a threshold of 8.5 the sample gives the variant in `tests/golden`; `make golden` writes it again."""
    found = summary(strict)
    if request.config.getoption("--update-golden"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_the_card_counts_the_rows_of_the_csvs(strict: Project) -> None:
    """A hub finds each split's file from the card's folder, with the columns and as many rows as the card says."""
    folder = strict.output("05_model_input", "kiwi_edit")
    metadata = metadata_load(folder / "README.md") or {}
    files = {item["split"]: folder / item["path"] for item in metadata["configs"][0]["data_files"]}
    rows = {split: list(csv.reader(path.open(encoding="utf-8", newline=""))) for split, path in files.items()}
    info = metadata["dataset_info"]
    assert {item["name"]: item["num_examples"] for item in info["splits"]} == {
        split: len(found) - 1 for split, found in rows.items()
    }
    assert all(found[0] == [feature["name"] for feature in info["features"]] for found in rows.values())
    assert list(files) == [theme for theme in THEMES if files[theme].is_file()]


def test_the_published_thresholds_give_the_released_csvs(again: Project, sample_release: Path) -> None:
    """With thresholds that all released rows pass, each CSV is the released one, byte for byte."""
    again.run_here("curate")
    for theme in THEMES:
        released = sample_release / annotations_csv_path(theme)
        assert again.output(*CSV_FOLDER, released.name).read_bytes() == released.read_bytes()


def test_every_file_of_ours_says_its_format(again: Project) -> None:
    """Parquet and JSON alike, but metrics, which are DVC's."""
    again.run_here("curate")
    found = format_versions(again.data_root)
    without = {name for name, version in found.items() if version is None}
    assert without == {"08_reporting/curation_metrics.json"}
    assert set(found.values()) == {FORMAT_VERSION, None}


def test_a_paper_is_written_of_the_variant(again: Project) -> None:
    """From the record beside the variant: its version, its number of pairs; before there is one, the command for it."""
    folder = again.output("05_model_input", "kiwi_edit")
    again.run_here("paper")
    record = json.loads((folder / "variant.json").read_text(encoding="utf-8"))
    paper = again.output("08_reporting", "paper")
    citation = yaml.safe_load((paper / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == record["version"]
    assert f"version `{record['version']}`" in (folder / "README.md").read_text(encoding="utf-8")
    total = summary(again)["metrics"]["total"]
    methods = (paper / "methods.tex").read_text(encoding="utf-8")
    assert f"The variant has {total['exported']} pairs" in methods
    (folder / "variant.json").unlink()
    with pytest.raises(MissingTableError, match="kedro run --pipelines curate"):
        again.run_here("paper")


def test_a_looser_variant_has_samples_that_the_release_left_out(again: Project) -> None:
    """Without thresholds, samples with scores and both videos are exported though no CSV has them."""
    again.run_here("curate", params={"threshold": 0})
    metrics = summary(again)["metrics"]["total"]
    assert metrics["agreement"]["missing"] == 0
    assert metrics["agreement"]["extra"] == 2 * len(THEMES)


def test_a_repeated_run_exports_the_same_bytes(again: Project) -> None:
    """Another threshold and back: the variant depends on nothing but the release and the parameters."""
    card = again.output("05_model_input", "kiwi_edit", "README.md")

    def curated(threshold: float) -> tuple[dict[str, Any], bytes]:
        again.run_here("curate", params={"threshold": threshold})
        return summary(again), card.read_bytes()

    first = summary(again), card.read_bytes()
    other = curated(9.0)
    assert other[0] != first[0]
    assert other[1] != first[1]
    assert curated(8.5) == first


def test_pairs_are_all_exported(project: Project, pairs: Pairs) -> None:
    """Pairs without any score: all twelve are found with both videos, and exported as they were released."""
    bare = replace(project, release_root=pairs.root)
    finished = bare.run_kedro("--pipeline", "curate", params={"missing_scores": "keep"})
    assert finished.returncode == 0, finished.stderr
    assert "absent from the release" in finished.stdout
    assert "type hint" not in finished.stdout  # of Kedro, which knows no type of ours
    metrics = summary(bare)["metrics"]["total"]
    assert (metrics["known"], metrics["exported"], metrics["agreement"]["missing"]) == (12, 12, 0)
    assert metrics["preflight"]["loads"] == 12
    preflight = pl.read_parquet(bare.output("03_primary", "preflight.parquet"))
    for side in ("source", "edited"):
        loaded = preflight.select(
            f"{side}_loaded_{name}" for name in ("width_px", "height_px", "frame_count")
        )
        assert sorted(loaded.rows()) == [(*pairs.loaded_size, count) for count in (69, 69, 73, *[81] * 9)]
    media = pl.read_parquet(bare.output("02_intermediate", "media.parquet"))
    assert set(media.select("width_px", "height_px", "fps").rows()) == {(*pairs.size, 16.0)}
    assets = pl.read_parquet(bare.output("02_intermediate", "assets.parquet"))
    assert sorted(assets["kind"].value_counts().rows()) == [("edited_video", 12), ("source_video", 12)]
    for theme in THEMES:
        released = pairs.root / annotations_csv_path(theme)
        assert bare.output(*CSV_FOLDER, released.name).read_bytes() == released.read_bytes()


def test_pairs_without_scores_stop_by_default(project: Project, pairs: Pairs) -> None:
    """A stage that was never scored is no stage that all passed: the run says which file it lacks."""
    bare = replace(project, release_root=pairs.root)
    with pytest.raises(ReleaseError, match=r"edited_frame0_score\.jsonl") as stopped:
        bare.run_here("curate")
    assert "missing_scores=keep" in str(stopped.value.todo)
    assert not bare.output(*CSV_FOLDER).exists()
