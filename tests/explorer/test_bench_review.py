"""Models side by side in the explorer: the samples on which two differ most first, outputs in step, words of the judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.explorer.conftest import opened
from tests.explorer.serving import asked, made_store, made_tables, served
from tests.live_browser import Page
from tests.made.judgments import JUDGE, even_samples, judged, panel_of

from sparkle_curation.bench.results.means import measure
from sparkle_curation.explorer.bench_review.models import ModelsReview
from sparkle_curation.explorer.bench_review.tables import BenchTables, collect_bench, no_tables

SAMPLES = even_samples(count=2)
FIRST, SECOND, *_ = IDS = SAMPLES["sample_id"].to_list()
ANSWERS = {
    "good": dict.fromkeys(IDS, [4] * 6),
    "poor": dict.fromkeys(IDS, [4] * 6) | {FIRST: "missing_edited", SECOND: [3] * 6},
}
RUBRICS = {
    path.name: path.read_text("utf-8")
    for path in (Path(__file__).parents[2] / "conf/base/prompts/rubrics").iterdir()
}


@pytest.fixture(scope="module")
def tables(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> BenchTables:
    """Two judged models, of which one has lost an output; and one that nobody judged."""
    folder = tmp_path_factory.mktemp("bench")
    clip = (sample_release / "location" / "source_video" / "Sparkle_location_000000.mp4").read_bytes()
    for name in ("source.mp4", "good/out.mp4", "poor/out.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(clip)
    samples = SAMPLES.with_columns(source_path=pl.lit("source.mp4"), edit_prompt=pl.lit("<b>Night</b>"))
    outputs = pl.DataFrame(
        {
            "model": ["good", "good", "poor", "new"],
            "sample_id": [FIRST, SECOND, SECOND, FIRST],
            "path": ["out.mp4", "out.mp4", "out.mp4", None],
            "state": ["there", "there", "there", "missing"],
        }
    )
    _, differences = measure([panel_of(SAMPLES, ANSWERS)], resamples=50, seed=0)
    roots = {"good": str(folder / "good"), "poor": str(folder / "poor")}
    judgments, scores = judged(ANSWERS)
    none = pl.DataFrame()
    return collect_bench(samples, outputs, judgments, scores, none, differences, RUBRICS, str(folder), roots)


def test_a_failure_counts_as_the_worst_and_is_named(tables: BenchTables) -> None:
    """As in the headline of a report; a model that nobody judged has no score."""
    listed = ModelsReview(lambda: tables).listed()
    assert listed["models"] == ["good", "new", "poor"]
    rows = {each[0]: each[3][0] for each in listed["rows"]}
    assert rows[FIRST] == [[4.0, 4.0, 4.0, None], None, [1.0, 1.0, 1.0, "missing_edited"]]
    assert rows[SECOND][2] == [3.0, 3.0, 3.0, None]


def test_the_judge_of_most_models_is_first(tables: BenchTables) -> None:
    """Not the one whose name is, with a single model that nothing stands beside."""
    single = tables.judgments.filter(model="poor").with_columns(judge=pl.lit("a-judge"))
    both = replace(tables, judgments=pl.concat([single, tables.judgments]))
    listed = ModelsReview(lambda: both).listed()
    assert [judge for _, judge in listed["judges"]] == [JUDGE, "a-judge"]
    rows = {each[0]: each[3] for each in listed["rows"]}
    assert rows[FIRST][1] == [None, None, [1.0, 1.0, 1.0, "missing_edited"]]


def test_a_sample_has_outputs_words_and_the_difference_of_its_theme(tables: BenchTables) -> None:
    """An output that is lacking says so; the interval is that of the report."""
    sample = ModelsReview(lambda: tables).sample(FIRST)
    assert sample is not None
    assert [(each["title"], each["absent"]) for each in sample["videos"]] == [
        ("source", None),
        ("good", None),
        ("new", "the output is missing"),
        ("poor", "the output is not known here"),
    ]
    assert sample["models"][0]["answers"][0]["answer_text"] == f"{FIRST} is fine."
    assert sample["models"][1]["answers"] == []
    (difference,) = sample["differences"]
    assert (difference["model"], difference["other_model"]) == ("good", "poor")


def test_without_a_benchmark_there_is_nothing() -> None:
    """And no error."""
    review = ModelsReview(no_tables)
    assert review.listed() == {"models": [], "judges": [], "rows": []}
    assert review.sample(FIRST) is None
    assert review.path("source", FIRST) is None


@pytest.fixture(scope="module")
def address(
    sample_release: Path, tables: BenchTables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A running explorer."""
    store = made_store(sample_release, tmp_path_factory.mktemp("explorer"))
    with served(made_tables(), store, bench=lambda: tables) as (running, _):
        yield running


def test_files_are_asked_for_by_role_and_id_alone(address: str) -> None:
    """A part of one is sent as a part; nothing else lies behind any other word."""
    status, headers, body = asked(f"{address}/bench/media/0/{FIRST}", headers={"Range": "bytes=4-7"})
    assert (status, headers["Content-Type"], body) == (206, "video/mp4", b"ftyp")
    for which in ("1", "9", "reference", "-1", "\u0662", "..%2fsource.mp4"):
        assert asked(f"{address}/bench/media/{which}/{FIRST}")[0] == 404
    assert asked(f"{address}/bench/media/source/nobody")[0] == 404
    assert "root" not in json.dumps(json.loads(asked(f"{address}/api/bench/sample/{FIRST}")[2]))


def test_the_largest_difference_is_first_and_videos_go_in_step(address: str, browser: Page) -> None:
    """State is in the address; markup in a prompt is text."""
    page = opened(browser, f"{address}/bench")
    rows = "[...document.querySelectorAll('.review-row')].map((row) => row.dataset.id)"
    assert page.run(rows)[:2] == [FIRST, SECOND]
    assert page.run("location.hash") == f"#id={FIRST}"
    assert page.run("document.querySelector('.prompt').textContent") == "<b>Night</b>"
    page.key("ArrowDown")
    page.until(f"location.hash === '#id={SECOND}'")
    page.until("document.querySelectorAll('video:not([hidden])').length === 3")
    page.until("[...document.querySelectorAll('video:not([hidden])')].every((each) => each.readyState > 1)")
    page.key("ArrowRight")
    page.until("/frame 1$/.test(document.querySelector('.time').textContent)")
    page.until(
        "new Set([...document.querySelectorAll('video:not([hidden])')].map((each) => each.currentTime)).size === 1"
    )
    browser.send("Page.navigate", url="about:blank")
