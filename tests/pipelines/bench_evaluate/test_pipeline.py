"""The benchmark of 24 samples judged end to end by Kedro, with a judge on loopback; one of two models lacks outputs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kedro.config import OmegaConfigLoader
from polars.testing import assert_frame_equal
from tests.bench.judging.loopback_judge import NAME, LoopbackJudge, lines, sensible, serving
from tests.bench.judging.made import BENCHMARK, MODELS, rubric_files
from tests.conftest import Project

from sparkle_curation.bench.judging.batches import JOURNAL_SCHEMA
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.parameters import check_parameters
from sparkle_curation.pipelines.bench_evaluate.nodes import ask_bench_judge, choose_bench_judge

pytestmark = pytest.mark.slow

JUDGED = 39
"""Of 48: the poor model has three outputs too few and six broken ones."""


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackJudge]:
    """A judge that answers sensibly, for all of the module."""
    with serving() as judge:
        yield judge


@pytest.fixture(scope="module")
def bench(
    kedro_project: Path,
    sample_release: Path,
    loopback: LoopbackJudge,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The made benchmark and both models, looked at and judged once."""
    params = {
        **{f"bench_models.{name}": MODELS / name for name in ("good", "poor")},
        "bench_evaluate.judge.url": loopback.url,
        "bench_evaluate.judge.name": NAME,
        "bench_evaluate.judge.deadline_s": 10.0,
        "bench_evaluate.is_free": True,
    }
    project = Project(sample_release, tmp_path_factory.mktemp("bench"), params)
    for pipeline in ("bench_ingest", "bench_outputs", "bench_evaluate"):
        project.run_here(pipeline)
    return project


@pytest.fixture(scope="module")
def base_parameters(checkout: Path) -> dict[str, Any]:
    """The parameters as conf/base has them."""
    loader = OmegaConfigLoader(str(checkout / "conf"), base_env="base", default_run_env="base")
    return dict(loader["parameters"])


def tables_of(project: Project) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments and scores."""
    names = ("bench_judgments", "bench_scores")
    judgments, scores = (
        pl.read_parquet(project.output("07_model_output", f"{name}.parquet")) for name in names
    )
    return judgments, scores


def run_with(project: Project, loopback: LoopbackJudge, params: Mapping[str, object]) -> int:
    """How many requests a run takes."""
    before = len(loopback.asked)
    project.run_here("bench_evaluate", params=params)
    return len(loopback.asked) - before


def test_each_sample_of_each_model_has_a_state(bench: Project) -> None:
    """In the order of the benchmark; scores of those that were judged, and of no other."""
    judgments, scores = tables_of(bench)
    samples = pl.read_parquet(bench.output("02_intermediate", "benchmark", "bench_samples.parquet"))
    assert judgments.select("model", "sample_id").rows() == [
        (model, sample_id) for model in ("good", "poor") for sample_id in samples["sample_id"]
    ]
    states = judgments.group_by("model", "state").len().sort("model", "state").rows()
    assert states == [
        ("good", "judged", 24),
        ("poor", "broken", 6),
        ("poor", "judged", 15),
        ("poor", "missing_edited", 3),
    ]
    assert scores.height == JUDGED * 6
    means = scores.group_by("model", "sample_id").agg(pl.col("capped_score").mean().alias("mean"))
    compared = judgments.join(means, on=["model", "sample_id"], how="left")
    assert_frame_equal(compared.select("overall"), compared.select(overall="mean"))
    assert (scores["capped_score"] <= scores["raw_score"]).all()


def test_what_was_asked_is_recorded(bench: Project, loopback: LoopbackJudge) -> None:
    """The judge's own name, the settings, and nothing of where it stood."""
    judgments, _ = tables_of(bench)
    judged = judgments.filter(pl.col("state") == "judged")
    assert set(judged["answering_model"]) == {NAME}
    assert set(judged["seed_honoured"]) == {True}
    assert judged["tokens_thoughts"].to_list() == [200] * JUDGED
    assert judged["cost"].null_count() == JUDGED
    assert "127.0.0.1" not in str(judgments.rows())


def test_a_second_run_asks_nothing(bench: Project) -> None:
    """Not even for the judge: its address may be one of nobody."""
    before = tables_of(bench)
    bench.run_here("bench_evaluate", params={"bench_evaluate.judge.url": "http://127.0.0.1:9"})
    for table, again in zip(before, tables_of(bench), strict=True):
        assert_frame_equal(again, table)


def test_a_paid_judge_stops_before_it_costs(bench: Project, loopback: LoopbackJudge) -> None:
    """Without a price, then without a limit; the advice is typed as it is told."""
    paid = {"bench_evaluate.is_free": False, "bench_evaluate.seed": 7}
    with pytest.raises(ParameterError, match="price of a judge is not known"):
        run_with(bench, loopback, paid)
    known = paid | {"bench_evaluate.judge.name": "gemini-2.5-pro"}
    with pytest.raises(ParameterError, match="needs a limit") as error:
        run_with(bench, loopback, known)
    advice = str(error.value.todo).partition(";")[0].removeprefix("--params ").split("=")
    assert run_with(bench, loopback, {**known, advice[0]: float(advice[1])}) == JUDGED
    assert tables_of(bench)[0]["cost"].sum() == pytest.approx(JUDGED * (1000 * 1.25 + 250 * 10) / 1e6)
    assert run_with(bench, loopback, {}) == 0


def test_a_dry_run_tells_cost_and_touches_nothing(
    bench: Project, loopback: LoopbackJudge, capsys: pytest.CaptureFixture[str]
) -> None:
    """Samples, requests, tokens, dollars; no request."""
    params = {
        "bench_evaluate.is_free": False,
        "bench_evaluate.judge.name": "gemini-2.5-pro",
        "bench_evaluate.seed": 8,
        "dry_run": True,
    }
    before = len(loopback.asked)
    with pytest.raises(SystemExit) as ended:
        bench.run_here("bench_evaluate", params=params)
    assert ended.value.code == 0
    assert "39 samples, 39 requests to ask (known" in capsys.readouterr().out
    assert len(loopback.asked) == before


def test_another_model_that_answers_leaves_the_table(bench: Project, loopback: LoopbackJudge) -> None:
    """A part is asked again, and another model answers: refused, and the tables stay."""
    before = tables_of(bench)
    repeats = {"bench_evaluate.repeats": 2, "bench_evaluate.repeated_samples": 2}
    loopback.answer = lambda asked: replace(sensible(asked), model="its-successor")
    try:
        with pytest.raises(ModelError, match="Two models have answered"):
            run_with(bench, loopback, repeats)
    finally:
        loopback.answer = sensible
    for table, again in zip(before, tables_of(bench), strict=True):
        assert_frame_equal(again, table)


def test_frames_and_schema_by_the_other_protocol(
    bench: Project, loopback: LoopbackJudge, tmp_path: Path
) -> None:
    """Some samples, as frames, to a server that speaks OpenAI's protocol; the other rows say that they were not asked."""
    params = {
        "bench_evaluate.judge.backend": "server",
        "bench_evaluate.judge.url": loopback.openai_url,
        "bench_evaluate.judge.video_part": "frames",
        "bench_evaluate.frame_rate": 2.0,
        "bench_evaluate.models": "good",
        "bench_evaluate.limit": 2,
    }
    try:
        assert run_with(bench, loopback, params) == 2
        judgments, _ = tables_of(bench)
        assert loopback.asked[-1].pictures == 2 * 5
        counts = dict(judgments["state"].value_counts().iter_rows())
        assert counts == {"judged": 2, "not_asked": JUDGED - 2, "broken": 6, "missing_edited": 3}
    finally:
        bench.run_here("bench_evaluate")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rubric": "sparkel"}, "did you mean 'sparkle'?"),
        ({"rubric_checkout": "/nowhere"}, "git clone"),
        ({"judge": {"backend": "server"}, "frame_rate": 4.0}, "bench_evaluate.judge.video_part=frames"),
        ({"judge": {"backend": "server", "url": None}}, "bench_evaluate.judge.url"),
        ({"judge": {"backend": "transformers", "name": "Somebody/Else"}}, "not pinned"),
        ({"frame_rate": 99.0}, "up to 24"),
        ({"judge": {"backend": "gemnii"}}, "gemini, server or transformers"),
        ({"prices": [{"model": "x", "input": -1.0, "output": 1.0}]}, "from 0"),
        ({"max_cots": 5}, "did you mean 'bench_evaluate.max_cost'?"),
    ],
)
def test_a_wrong_parameter_is_reported(
    changes: dict[str, Any], told: str, base_parameters: dict[str, Any]
) -> None:
    """With what is allowed and what to do, before anything is asked."""
    group = base_parameters["bench_evaluate"]
    judge = {**group["judge"], **changes.get("judge", {})}
    changed = {**base_parameters, "bench_evaluate": {**group, **changes, "judge": judge}}
    with pytest.raises((ParameterError, ModelError)) as error:
        choose_bench_judge(
            pl.LazyFrame({"theme": ["season"]}),
            rubric_files(),
            "",
            "",
            check_parameters(changed).bench_evaluate,
        )
    assert told in str(error.value)


def test_what_is_not_named_is_told(bench: Project) -> None:
    """The folder of a model, or that of the benchmark, in this run: the tables alone show nobody a video."""
    journal = Journal(bench.output("journals", "unused.journal"), JOURNAL_SCHEMA)
    judgments, _ = tables_of(bench)
    jobs = judgments.select("model", model_root=pl.lit(None, pl.String), is_asked=pl.lit(value=True))
    files = ReleaseFiles(str(MODELS))
    for benchmark, models, told in ((None, {}, "bench_root"), (files, {"good": "x"}, "bench_models.poor")):
        with pytest.raises(ParameterError) as error:
            ask_bench_judge(jobs, None, benchmark, models, journal, None, dry_run=False)  # type: ignore[arg-type]
        assert told in str(error.value)


def test_folders_need_not_be_given_twice(bench: Project, loopback: LoopbackJudge, tmp_path: Path) -> None:
    """A benchmark elsewhere, and a model: the tables know where they lie. One model is judged alone, as it is named."""
    shutil.copytree(BENCHMARK, tmp_path / "a benchmark")
    told = {name: value for name, value in bench.params.items() if not name.startswith("bench_models.")}
    later = replace(bench, data_root=tmp_path / "data", params=told)
    later.run_here("bench_ingest", params={"bench_root": tmp_path / "a benchmark"})
    later.run_here(
        "bench_outputs", params={f"bench_models.{name}": MODELS / name for name in ("good", "poor")}
    )
    poor = {"bench_models.poor": MODELS / "poor"}
    assert run_with(later, loopback, poor | {"bench_evaluate.seed": 5}) == JUDGED - 24
    later.run_here("bench_report", params={"bench_report.resamples": 200})
    results = pl.read_parquet(later.output("08_reporting", "benchmark", "bench_results.parquet"))
    assert results["model"].unique().to_list() == ["poor"]
    page = later.output("08_reporting", "benchmark", "samples.html").read_text("utf-8")
    assert page.count("<video") == 24 + 15
    assert "a%20benchmark/source_videos/" in page
    assert run_with(later, loopback, {"bench_evaluate.seed": 5}) == 24, "all, where none is named"
    with pytest.raises(ParameterError, match="outputs were not looked at") as error:
        run_with(later, loopback, poor | {"bench_models.new": MODELS / "good"})
    assert "bench_outputs --params bench_models.new=" in str(error.value.todo)


def test_published_scores_of_others_are_read(bench: Project, tmp_path: Path) -> None:
    """From the folder of a model, checked against the benchmark: what it lacks is told."""
    samples = pl.read_parquet(bench.output("02_intermediate", "benchmark", "bench_samples.parquet"))
    theme, first = samples.row(0, named=True)["theme"], samples.row(0, named=True)
    (tmp_path / "other").mkdir()
    record = {"id": first["sample_id"], "scores": [3, 3, 3, 3, 3, 3], "result": lines(3, 4, 5, 3, 3, 3)}
    path = tmp_path / "other" / f"{theme}_gemini-2.5-pro_sparkle_score.jsonl"
    path.write_text(f"{pl.DataFrame([record]).write_ndjson()}", encoding="utf-8")
    only = replace(bench, params={"bench_models.other": tmp_path / "other"})
    only.run_here("bench_published")
    scores = pl.read_parquet(bench.output("07_model_output", "bench_published_scores.parquet"))
    assert scores["score"].to_list() == [3] * 6
    faults = pl.read_csv(bench.output("08_reporting", "benchmark", "bench_published_faults.csv"))
    assert dict(faults["fault"].value_counts().iter_rows()) == {"missing_id": 5, "missing_file": 3}


def test_the_report_counts_what_failed_and_shows_it(bench: Project) -> None:
    """Of the poor model nine samples are the worst score in the headline; its mean over judged ones stands beside it."""
    bench.run_here("bench_report", params={"bench_report.resamples": 200})
    documents = bench.output("08_reporting", "benchmark", "documents")
    text = (documents / "results.md").read_text("utf-8")
    assert text.startswith("# made Sparkle-Bench\n")
    assert "**poor: 2 outputs are copies of their sources, byte by byte.**" in text
    assert (documents / "../samples.html").is_file()
    assert "(../samples.html)" in text
    page = (documents / "../samples.html").read_text("utf-8")
    assert page.count("the output is missing</p>") == 3
    assert page.count("the output is broken: ") == 6
    assert page.count("a copy of the source, byte by byte") == 2
    results = pl.read_parquet(bench.output("08_reporting", "benchmark", "bench_results.parquet"))
    judgments, _ = tables_of(bench)
    macro = (pl.col("level") == "macro") & (pl.col("dimension") == "overall") & (pl.col("judge") == NAME)
    good, poor = results.filter(macro).sort("model").to_dicts()
    assert (good["n_rows"], good["n_judged"], poor["n_rows"], poor["n_judged"]) == (24, 24, 24, 15)
    overall = pl.col("overall").fill_null(1.0)  # the worst
    by_theme = judgments.filter(pl.col("model") == "poor").group_by("theme").agg(overall.mean())
    assert poor["mean_failures_worst"] == pytest.approx(by_theme["overall"].mean())
    assert poor["mean_failures_worst"] < poor["mean_judged"]
    page = bench.output("08_reporting", "benchmark", "samples.html").read_text(encoding="utf-8")
    assert page.count("<section") == 24
    assert (
        page.count("<video") == 24 * 3 - 3 - 6
    )  # all sources, and outputs but for what is missing or broken
