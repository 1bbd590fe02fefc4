"""A benchmark of one CSV, as OpenVE-Bench is: read, compared with a model's outputs, judged by its rubric and reported."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.bench.judging.loopback_judge import NAME, LoopbackJudge, Said, lines, serving
from tests.conftest import Project

from sparkle_curation.bench.samples.listed import check_listed, excluded_of_listed, read_listed
from sparkle_curation.bench.samples.reading import ReadBenchmark, read_benchmark
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList, Request, clip_of
from sparkle_curation.ingest.manifest import list_benchmark
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.benchmark import BENCHMARK, benchmark_below, benchmark_of
from sparkle_curation.spec.description.benchmarks import BenchmarkCounts
from synthetic.listed_benchmark import MISSING, listed, write_listed_benchmark

DIMENSIONS = ("Instruction Compliance", "Visual Quality & Stability", "Consistency & Detail Fidelity")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``bench`` and ``models``."""
    folder = tmp_path_factory.mktemp("listed")
    write_listed_benchmark(folder / "bench", folder / "models", seed=3)
    return folder


def read(root: Path) -> ReadBenchmark:
    """What is read of it."""
    return read_listed(ReleaseFiles(str(root)), listed())


def spoilt(made: Path, root: Path, change: Callable[[list[list[str]]], None]) -> ReadBenchmark:
    """What is read of a copy with other records in its CSV."""
    shutil.copytree(made / "bench", root)
    path = root / listed().annotations
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return read(root)


def test_each_record_is_a_sample_or_is_left_out_with_its_reason(made: Path) -> None:
    """Ids are names of videos, themes kinds of edits; the paths of the CSV begin with the folder of the benchmark."""
    found = read(made / "bench")
    samples = found.samples
    assert samples["theme"].to_list() == [kind for kind in listed().themes for _ in range(2)]
    assert samples["sample_id"][0].startswith("0000_global_style_")
    assert samples["output_path"][0] == f"{samples['sample_id'][0]}_edited.mp4"
    assert samples["source_path"][0] == f"videos/{samples['sample_id'][0]}.mp4"
    assert samples["frames"].to_list() == [17] * 10
    assert samples["scene"].null_count() == 10
    assert found.quarantine.select("reason", "is_row_kept", "line").rows() == [
        ("left_out", False, line) for line in (12, 13, 14)
    ]
    columns = ("is_present", "record_count", "row_count", "quarantined_count", "warning_count")
    assert found.counts.select(columns).rows() == [(True, 13, 10, 3, 0)]
    checks = check_listed(samples, found.quarantine, BenchmarkCounts(records=13, samples=10, themes=5))
    assert checks["is_met"].all()
    published = check_listed(samples, found.quarantine, listed().counts)
    assert published.filter(~pl.col("is_met")).select("check", "found", "expected").rows() == [
        ("records", 13, 431)
    ]


def test_what_cannot_be_trusted_is_quarantined_and_what_is_odd_is_told(made: Path, tmp_path: Path) -> None:
    """A theme nobody knows, no prompt, an id twice with other words, a name that leaves the folder, a video that is gone."""

    def change(rows: list[list[str]]) -> None:
        rows[1][0] = "gloabl_style"
        rows[2][1] = " "
        rows[3][2] = "OpenVE-Bench/videos/..mp4"
        rows[5][2] = "OpenVE-Bench/videos/ab\u00dfent, isn't it?.mp4"
        rows.append([*rows[4][:1], "Another prompt.", rows[4][2]])

    found = spoilt(made, tmp_path / "bench", change)
    told = found.quarantine.filter(pl.col("reason") != "left_out").sort("line")
    assert told.select("line", "reason", "is_row_kept").rows() == [
        (2, "unknown_theme", False),
        (3, "missing_field", False),
        (4, "bad_sample_id", False),
        (5, "duplicate_conflicting", False),
        (6, "missing_source", True),
        (15, "duplicate_conflicting", False),
    ]
    assert found.samples.height == 6
    assert found.samples["source_error"][0] == "missing"
    assert found.samples["output_path"][0] == "ab\u00dfent, isn't it?_edited.mp4"


def test_a_sample_of_an_excluded_clip_is_counted_nowhere(made: Path) -> None:
    """Neither a row nor in the quarantine, whether its kind is compared or left out; prompt and name are known."""
    first = read(made / "bench").samples.row(0, named=True)
    left_out = next((made / "bench/videos").glob("0012_*"))
    clips = [
        clip_of([path.read_bytes()], day=date(2026, 11, 28), reason=Request.PERSON)
        for path in (made / "bench" / first["source_path"], left_out)
    ]
    listing = ExclusionList(tuple(clips))
    found = read_listed(ReleaseFiles(str(made / "bench"), exclusions=listing), listed())
    assert found.samples.height == 9
    assert first["sample_id"] not in found.samples["sample_id"].to_list()
    columns = ("record_count", "row_count", "quarantined_count", "warning_count")
    assert found.counts.select(columns).rows() == [(11, 9, 2, 0)]
    excluded, texts = excluded_of_listed(ReleaseFiles(str(made / "bench")), listed(), listing)
    assert excluded.ids == {first["sample_id"], left_out.stem}
    assert excluded.ids <= texts


def test_which_benchmark_a_folder_holds_and_samples_are_of(made: Path) -> None:
    """By its CSV, and by their themes."""
    assert benchmark_below(ReleaseFiles(str(made / "bench")).find) == listed()
    assert benchmark_of(["local_add"]) == listed()
    dataset_own = benchmark_of(["season"])
    assert dataset_own is not None
    assert dataset_own.rubric == "sparkle"


def test_it_is_judged_by_its_rubric_and_reported(
    made: Path, kedro_project: Path, sample_release: Path, tmp_path: Path
) -> None:
    """Three scores of each sample, the missing output as the worst, means by kind of edit, under its own name."""
    judge = LoopbackJudge(answer=lambda _asked: Said(lines(4, 5, 3, names=DIMENSIONS)))
    with serving(judge) as loopback:
        params = {
            "bench_root": made / "bench",
            "bench_models.made": made / "models" / "made",
            "bench_evaluate.judge.backend": "server",
            "bench_evaluate.judge.url": loopback.openai_url,
            "bench_evaluate.judge.name": NAME,
            "bench_evaluate.is_free": True,
            "bench_report.resamples": 200,
        }
        project = Project(sample_release, tmp_path / "data", params)
        for pipeline in ("bench_ingest", "bench_outputs", "bench_evaluate", "bench_report"):
            project.run_here(pipeline)
    outputs = pl.read_parquet(project.output("02_intermediate", "benchmark", "bench_outputs.parquet"))
    assert outputs["state"].to_list() == ["missing" if place == MISSING else "there" for place in range(10)]
    assert outputs["differences"].list.len().sum() == 0
    scores = pl.read_parquet(project.output("07_model_output", "bench_scores.parquet"))
    assert scores.height == 9 * 3
    assert scores.head(3).select("rubric", "dimension", "raw_score", "capped_score").rows() == [
        ("openve", "instruction", 4, 4),
        ("openve", "visual", 5, 4),  # no higher than the first, as the published words ask for
        ("openve", "consistency", 3, 3),
    ]
    results = pl.read_parquet(project.output("08_reporting", "benchmark", "bench_results.parquet"))
    overall = results.filter(pl.col("dimension") == "overall")
    means = {row["theme"]: row["mean_failures_worst"] for row in overall.to_dicts()}
    each = 11 / 3
    assert means == pytest.approx(
        {
            None: (4 * each + (each + 1) / 2) / 5,
            **dict.fromkeys(listed().themes, each),
            "background_change": (each + 1) / 2,
        }
    )
    assert set(results["level"]) == {"macro", "theme"}
    text = project.output("08_reporting", "benchmark", "documents", "results.md").read_text("utf-8")
    assert text.startswith("# made OpenVE-Bench")
    ledger = project.output("08_reporting", "bench_ledger.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["bench"]["name"] for line in ledger] == ["made OpenVE-Bench"]


def test_what_dvc_sees_of_it_and_where_it_is_sought(made: Path) -> None:
    """Its texts and the folder of its videos; an error names it where it is sought in the folder above."""
    files = ReleaseFiles(str(made / "bench"))
    listing = list_benchmark(files, benchmark_below(files.find))
    assert listing.select("path", "file_count").rows() == [
        ("benchmark.json", 1),
        ("benchmark_videos.csv", 1),
        ("videos", 13),
    ]
    own = BENCHMARK
    assert own is not None
    with pytest.raises(ReleaseError, match="no file of Sparkle-Bench") as error:
        read_benchmark(ReleaseFiles(str(made)), own)
    assert "bench_root=" + str(made / "bench") in str(error.value.todo)
    assert "benchmark_videos.csv" in str(error.value.allowed)
