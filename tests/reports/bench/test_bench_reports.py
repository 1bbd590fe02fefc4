"""What is shown of a benchmark: the table in the terminal, documents, metrics, the figure, the page."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console
from tests.browser import needs_chromium, show
from tests.made.judgments import JUDGE, RUBRIC, even_samples, judged, panel_of

from sparkle_curation.bench.results.filter_agreement import measure_filter_agreement
from sparkle_curation.bench.results.means import measure
from sparkle_curation.bench.results.noise import measure_judge_noise, split_variances
from sparkle_curation.reports.bench.documents import BenchFacts, write_bench_documents
from sparkle_curation.reports.bench.figure import draw_bench_results
from sparkle_curation.reports.bench.metrics import flat_metrics
from sparkle_curation.reports.bench.page import write_bench_page
from sparkle_curation.reports.bench.terminal import result_tables
from sparkle_curation.spec.themes import THEMES

SAMPLES = even_samples(count=4)
IDS = SAMPLES["sample_id"].to_list()
ANSWERS: dict[str, Any] = {
    "good": {each: [4 + place % 2] * 6 for place, each in enumerate(IDS)},
    "po_or|x": {each: [1 + place % 3, 5, 1, 2, 3, 4] for place, each in enumerate(IDS)}
    | {IDS[0]: "missing_edited"},
}


@pytest.fixture(scope="module")
def facts() -> BenchFacts:
    """All tables of a report about two models, one of them with a failure and a name that Markdown would obey."""
    panel = panel_of(SAMPLES, ANSWERS)
    results, differences = measure([panel], resamples=200, seed=0)
    tables = [judged(ANSWERS, repeat=repeat) for repeat in (0, 1)]
    noise = measure_judge_noise(*map(pl.concat, zip(*tables, strict=True)))
    scores = pl.DataFrame({"id": IDS, "mean": [float(place % 10) for place in range(len(IDS))]})
    return BenchFacts(
        bench="Sparkle-Bench",
        results=results.with_columns(pl.lit("yes").alias("tuned_on_bench")),
        differences=differences,
        noise=noise,
        variances=split_variances([panel], {"strict": list(ANSWERS)}, noise),
        agreement=measure_filter_agreement([panel], "good", scores, "mean", 8.0),
    )


def test_the_terminal_has_a_row_a_model_the_best_first(facts: BenchFacts) -> None:
    """Headline, interval of the macro, how many were judged, the mean over those, and whether it was tuned on it."""
    console = Console(file=io.StringIO(), width=100)
    for table in result_tables(facts.results):
        console.print(table)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    good, poor = (re.search(rf"^ {re.escape(name)} .*$", told, re.MULTILINE) for name in ANSWERS)
    assert good
    assert poor
    assert good.start() < poor.start()
    assert re.search(r"4\.50 \[4\.\d\d, 4\.\d\d\] +16/16 +4\.50 +yes", good[0])
    assert re.search(r"15/16", poor[0])
    unknown = facts.results.with_columns(pl.lit("unknown").alias("tuned_on_bench"))
    headers = [column.header for column in next(result_tables(unknown)).columns]
    assert headers == ["model", "Macro", "judged", "judged alone", "Location", "Season"]


def test_markdown_has_every_table_and_obeys_no_name(facts: BenchFacts) -> None:
    """A heading for each; a name with a bar stays in its cell."""
    text = write_bench_documents(facts)["results.md"]
    titles = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert titles == [
        "Overall",
        "By dimension, macro over themes",
        "By subtheme, overall",
        "Differences on the same samples, macro",
        "How one judge's answers about one sample differ",
        "Training runs, samples and judge apart",
        "The judge that filtered the data beside this one",
    ]
    assert "| po_or\\|x |" in text
    for table in text.split("### ")[1:]:
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_tables_without_rows_are_left_out(facts: BenchFacts) -> None:
    """Of one model, judged once, there is no difference and no noise."""
    one = pl.col("model") == "good"
    alone = BenchFacts(
        facts.bench,
        facts.results.filter(one),
        facts.differences.clear(),
        facts.noise.clear(),
        facts.variances.clear(),
        facts.agreement.clear(),
    )
    documents = write_bench_documents(alone)
    assert documents["results.md"].count("###") == 3
    assert documents["tables.tex"].count(r"\begin{table}") == 2


def test_latex_escapes_names_and_says_what_its_numbers_are(facts: BenchFacts) -> None:
    """Three tables; the caption tells how failures count and what the intervals are."""
    text = write_bench_documents(facts)["tables.tex"]
    assert text.count(r"\begin{table}") == 3
    assert r"po\_or\textbar{}x" in text
    assert "failures as the worst score" in text
    assert r"95\% bootstrap intervals" in text


def test_metrics_are_flat_numbers(facts: BenchFacts) -> None:
    """The headline of each theme and of the macro with its interval; no name has a dot, which DVC takes for a level."""
    metrics = flat_metrics(facts.results)
    assert metrics[f"{RUBRIC}_{JUDGE}_good_macro"] == 4.5
    assert metrics[f"{RUBRIC}_{JUDGE}_po_or-x_macro_n_judged"] == 15
    assert f"{RUBRIC}_{JUDGE}_good_{THEMES[0]}" in metrics
    assert all(isinstance(value, int | float) and "." not in name for name, value in metrics.items())


def test_the_figure_has_a_panel_for_the_macro_and_each_theme(facts: BenchFacts) -> None:
    """In each the headlines with arms, and the means over judged alone."""
    figure = draw_bench_results(facts.results, facts.bench)
    assert len(figure["data"]) == 2 * 3
    headline = figure["data"][1]
    assert headline["error_x"]["array"][0] > 0
    assert figure["layout"]["annotations"][0]["text"].startswith("<b>Macro")


HOSTILE = '</pre><script>document.title = "run"</script>'


def page_of(folder: Path) -> str:
    """The page of two samples, one with words that would run."""
    judgments, scores = judged(ANSWERS)
    judgments = judgments.with_columns(
        pl.when(pl.col("sample_id") == IDS[1])
        .then(pl.lit(HOSTILE))
        .otherwise("answer_text")
        .alias("answer_text")
    )
    outputs = pl.DataFrame(
        {
            "model": list(ANSWERS),
            "sample_id": [IDS[1], IDS[0]],
            "path": [str(folder / "a b#1.mp4"), str(folder / "absent.mp4")],
            "state": ["there", "missing"],
        }
    )
    return write_bench_page("Sparkle-Bench", SAMPLES, outputs, judgments, scores, str(folder))


def test_the_page_shows_models_side_by_side_with_the_judges_words(tmp_path: Path) -> None:
    """Each sample has its source, the output of each model, scores before and after the cap, and states of failures."""
    page = page_of(tmp_path)
    assert page.count("<section") == len(IDS)
    assert "capped from" in page
    assert "missing edited" in page
    assert f'src="{(tmp_path / "a b#1.mp4").as_uri()}"' in page
    assert "absent.mp4" not in page
    assert "&lt;/pre&gt;&lt;script&gt;" in page
    assert "<script" not in page


@needs_chromium
def test_the_page_shows_the_sample_behind_the_hash_and_runs_nothing(tmp_path: Path) -> None:
    """The first one without; words of a judge stay words."""
    path = tmp_path / "samples.html"
    path.write_text(page_of(tmp_path), encoding="utf-8")
    dom = show(f"{path.as_uri()}#{IDS[1]}", tmp_path / "page.png", size_px=(1200, 800))
    assert "<title>Sparkle-Bench" in dom
    assert (tmp_path / "page.png").stat().st_size > 10_000
