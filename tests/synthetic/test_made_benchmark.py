"""The benchmark in `data/01_raw/sparkle_bench_sample` has the published layout, and comes out the same again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from sparkle_curation.spec.sample_ids import parse_sample_id
from synthetic.__main__ import SEED, main
from synthetic.benchmark import GOOD, POOR, benchmark, made_samples

TEXT_SUFFIXES = {".csv", ".json", ".jsonl", ".md"}


@pytest.fixture(scope="session")
def bench_sample(checkout: Path) -> Path:
    """The made benchmark."""
    return checkout / "data" / "01_raw" / "sparkle_bench_sample"


def rows_of(root: Path, theme: str) -> list[dict[str, str]]:
    """The rows of a theme's CSV, read by plain means."""
    with (root / f"{theme}_bench.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_it_has_24_samples_in_the_published_files(bench_sample: Path) -> None:
    """A CSV of three columns and a metadata file a theme, a source and a reference image a sample, equal prompts and ids."""
    count = 0
    for theme in benchmark().themes:
        rows = rows_of(bench_sample, theme)
        lines = (bench_sample / f"{theme}_metadata.jsonl").read_text("utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        assert list(rows[0]) == ["edited_type", "prompt", "original_video"]
        assert [row["prompt"] for row in rows] == [record["prompt"] for record in records]
        for row, record in zip(rows, records, strict=True):
            assert row["original_video"] == f"source_videos/{theme}/{record['id']}.mp4"
            assert parse_sample_id(record["id"])
            assert ": " in record["metadata"]["chosen_keyword"]
            assert (bench_sample / row["original_video"]).is_file()
            assert (bench_sample / "ref_images" / theme / f"{record['id']}.png").is_file()
        count += len(rows)
    assert count == 24


def test_its_ids_are_none_of_the_release(bench_sample: Path, sample_release: Path) -> None:
    """What is found to leak in a test was put there by the test."""
    ids = {
        row["original_video"][-10:-4] for theme in benchmark().themes for row in rows_of(bench_sample, theme)
    }
    released = "".join(path.read_text("utf-8") for path in sample_release.rglob("*.jsonl"))
    assert not any(number in released for number in ids)


def test_the_good_model_has_all_outputs_and_the_poor_one_not(bench_sample: Path) -> None:
    """At `{theme}/{subtheme}---{scene_key}/{id}_edited.mp4`."""
    models = bench_sample.parent / "sparkle_bench_models"
    expected = {sample.path for sample in made_samples(SEED)}
    found = {
        model: {path.relative_to(models / model).as_posix() for path in (models / model).rglob("*.mp4")}
        for model in (GOOD, POOR)
    }
    assert found[GOOD] == expected
    assert found[POOR] < expected


def test_the_benchmark_in_git_is_what_the_command_writes(bench_sample: Path, tmp_path: Path) -> None:
    """Texts are the same, byte by byte, and files have the same names."""
    main(["--benchmark", str(tmp_path / "bench"), "--models", str(tmp_path / "models")])
    for made, kept in (
        (tmp_path / "bench", bench_sample),
        (tmp_path / "models", bench_sample.parent / "sparkle_bench_models"),
    ):
        names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
        assert names == {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
        for name in names:
            if Path(name).suffix in TEXT_SUFFIXES:
                assert (made / name).read_bytes() == (kept / name).read_bytes()
