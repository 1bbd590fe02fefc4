"""``bench_report``, run by Kedro over a made benchmark of which two models were judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from tests.conftest import Project
from tests.made.judgments import JUDGE, SCALE, even_samples, judged, published
from tests.made.versions import version

from sparkle_curation.bench.results.collecting import read_scales
from sparkle_curation.bench.results.ledger import describe_variant
from sparkle_curation.errors import MissingTableError, ParameterError, VersionError
from sparkle_curation.pipelines.bench_report.nodes import mark_variants
from sparkle_curation.pipelines.bench_report.params import BenchReportGroup
from sparkle_curation.spec.fields import Field, arrow_schema
from sparkle_curation.spec.tables.bench_results import BENCH_RESULT_TABLES
from sparkle_curation.spec.tables.benchmark import BENCH_TABLES

SAMPLES = even_samples(count=4)
IDS = SAMPLES["sample_id"].to_list()
ANSWERS: dict[str, Any] = {
    "good": {each: [4 + place % 2] * 6 for place, each in enumerate(IDS)},
    "poor": {each: [1 + place % 3] * 6 for place, each in enumerate(IDS)} | {IDS[0]: "missing_edited"},
}
REPORTS = ("08_reporting", "benchmark")
BENCH_NAME = "Sparkle-Bench"
NOTHING = pl.LazyFrame()


def write_table(path: Path, rows: pl.DataFrame, columns: tuple[Field, ...]) -> None:
    """A table as the catalog has it, with nulls where ``rows`` lack a column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(rows.to_dicts(), schema=arrow_schema(columns))
    pl.DataFrame(pl.from_arrow(table)).write_parquet(path)


def write_inputs(project: Project, **tables: pl.DataFrame) -> None:
    """Tables of a benchmark in the data root of a project."""
    for name, rows in tables.items():
        file, _, columns = BENCH_TABLES[name]
        write_table(project.output(*file.split("/")), rows, columns)


@pytest.fixture(scope="module")
def reported(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which two models were judged, one published, and the report was made."""
    made = Project(release_root=sample_release, data_root=tmp_path_factory.mktemp("reported") / "data")
    judgments, scores = judged(ANSWERS)
    judgments = judgments.with_columns(frame_rate=pl.lit(4.0), settings=pl.lit('{"seed": 42}'))
    theirs = published("theirs", {each: [3] * 6 for each in IDS}, judge="another")
    write_inputs(
        made,
        bench_samples=SAMPLES,
        bench_judgments=judgments,
        bench_scores=scores,
        bench_published_scores=theirs,
    )
    made.run_here("bench_report", params={"bench_report.resamples": 200})
    return made


def test_all_that_is_reported_is_there(reported: Project) -> None:
    """Tables, metrics, figure, documents, page and ledger; of both judges."""
    for file, _, columns in BENCH_RESULT_TABLES.values():
        table = pl.read_parquet(reported.output(*file.split("/")))
        assert table.columns == [field.name for field in columns]
    results = pl.read_parquet(reported.output(*REPORTS, "bench_results.parquet"))
    macros = results.filter((pl.col("level") == "macro") & (pl.col("dimension") == "overall"))
    assert macros.select("judge", "model", "n_judged", "mean_failures_worst").rows() == [
        ("another", "theirs", 16, 3.0),
        (JUDGE, "good", 16, 4.5),
        (JUDGE, "poor", 15, 1.9375),
    ]
    assert set(macros["tuned_on_bench"]) == {"unknown"}
    metrics = json.loads(reported.output("08_reporting", "bench_metrics.json").read_text("utf-8"))
    assert metrics[f"sparkle_{JUDGE}_good_macro"] == 4.5
    documents = reported.output(*REPORTS, "documents")
    assert {path.name for path in documents.iterdir()} == {"results.md", "tables.tex", "published_format.txt"}
    assert reported.output(*REPORTS, "samples.html").read_text("utf-8").count("<section") == 16
    assert json.loads(reported.output(*REPORTS, "bench_figure.json").read_text("utf-8"))["data"]
    ledger = reported.output("08_reporting", "bench_ledger.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in ledger]
    assert [entry["model"] for entry in entries] == ["theirs", "good", "poor"]
    assert entries[0]["judging"] is None, "of what others publish it is not known"
    assert entries[1]["judging"]["frame_rate"] == 4.0
    assert entries[1]["judging"]["settings"] == {"seed": 42}


def test_nothing_judged_and_an_unknown_model_are_told(project: Project, reported: Project) -> None:
    """Before anything is written; the ledger notes no report that was none."""
    write_inputs(project, bench_samples=SAMPLES)
    with pytest.raises(MissingTableError, match="bench_evaluate"):
        project.run_here("bench_report")
    assert not project.output("08_reporting").exists()
    before = reported.output("08_reporting", "bench_ledger.jsonl").read_bytes()
    with pytest.raises(ParameterError, match="did you mean 'good'"):
        reported.run_here("bench_report", params={"bench_report.models": "goood poor"})
    judgments, scores = judged(ANSWERS)
    write_inputs(project, bench_judgments=judgments, bench_scores=scores)
    with pytest.raises(MissingTableError, match="the judge that filtered"):
        project.run_here("bench_report", params={"bench_report.filter_judge.model": "good"})
    assert not project.output("08_reporting", "bench_ledger.jsonl").exists()
    assert reported.output("08_reporting", "bench_ledger.jsonl").read_bytes() == before


def test_rubrics_of_the_project_are_known_to_reports(checkout: Path) -> None:
    """Dimensions, scale and cap are those of its files."""
    folder = checkout / "conf" / "base" / "prompts" / "rubrics"
    scales = read_scales({path.name: path.read_text("utf-8") for path in folder.iterdir()})
    assert scales["sparkle"] == SCALE


class _Folder:
    """Versions of a variant that are at hand, opened by name."""

    def __init__(self, **settings: float) -> None:
        self._thresholds = settings

    def open(self, name: str | None) -> Any:
        """The version that was filtered at the threshold of that name."""
        if name not in self._thresholds:
            raise VersionError("There is neither a folder nor a git revision of that name", got=name)
        threshold = self._thresholds[name]
        stages = version({}).settings.thresholds or {}
        return version({"Sparkle_time_000001": 9.0}, thresholds=dict.fromkeys(stages, threshold))


def test_a_variant_with_other_thresholds_is_marked_and_noted(reported: Project) -> None:
    """The first is not known, the one after it is marked; an error tells a model that is none of the report."""
    results = pl.read_parquet(reported.output(*REPORTS, "bench_results.parquet"))
    params = BenchReportGroup.model_validate(
        {
            "models": [],
            "missing_judgments": "stop",
            "resamples": 200,
            "seed": 0,
            "training_runs": {},
            "trained_on": {"good": "loose"},
            "filter_judge": {"model": None, "scores": "released"},
        }
    )
    versions: Any = _Folder(loose=8.0, strict=8.5)
    first, marked = mark_variants(BENCH_NAME, results, SAMPLES, NOTHING, None, versions, params)
    assert set(marked["tuned_on_bench"]) == {"unknown"}
    good = next(entry for entry in first if entry["model"] == "good")
    assert good["variant"] == describe_variant(versions.open("loose"))
    strict = params.model_copy(update={"trained_on": {"good": "strict"}})
    _, marked = mark_variants(BENCH_NAME, results, SAMPLES, NOTHING, first, versions, strict)
    assert dict(marked.select("model", "tuned_on_bench").unique().iter_rows()) == {
        "good": "yes",
        "poor": "unknown",
        "theirs": "unknown",
    }
    _, again = mark_variants(BENCH_NAME, results, SAMPLES, NOTHING, first, versions, params)
    assert set(again["tuned_on_bench"]) == {"unknown"}
    with pytest.raises(ParameterError, match="did you mean 'good'"):
        mark_variants(
            BENCH_NAME,
            results,
            SAMPLES,
            NOTHING,
            None,
            versions,
            params.model_copy(update={"trained_on": {"goood": "loose"}}),
        )
    with pytest.raises(VersionError, match="cannot be had") as error:
        mark_variants(
            BENCH_NAME,
            results,
            SAMPLES,
            NOTHING,
            None,
            versions,
            params.model_copy(update={"trained_on": {"good": "/nowhere"}}),
        )
    assert error.value.where == "bench_report.trained_on.good"
    assert "--params bench_report.trained_on.good=workspace" in str(error.value.todo)


def test_one_ledger_for_several_data_roots(project: Project, tmp_path: Path) -> None:
    """`bench_ledger` names it; none is begun in the data root."""
    judgments, scores = judged(ANSWERS)
    write_inputs(project, bench_samples=SAMPLES, bench_judgments=judgments, bench_scores=scores)
    shared = tmp_path / "bench_ledger.jsonl"
    params = {"bench_ledger": str(shared), "bench_report.resamples": 200, "bench_report.models": "good"}
    project.run_here("bench_report", params=params)
    assert [json.loads(line)["model"] for line in shared.read_text("utf-8").splitlines()] == ["good"]
    assert not project.output("08_reporting", "bench_ledger.jsonl").exists()
