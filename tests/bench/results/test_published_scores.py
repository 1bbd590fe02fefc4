"""Score files of the published evaluator: read as far as they are sound, and all that is wrong with them told."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from tests.made.judgments import SCALES, bench_samples, judged
from tests.truth.record_bench import score_record

from sparkle_curation.bench.results.means import measure
from sparkle_curation.bench.results.panel import build_panels
from sparkle_curation.bench.results.published_scores import merge_published, read_published_scores
from sparkle_curation.spec.codes.published_score_faults import PublishedFault
from sparkle_curation.spec.themes import THEMES

THEME = THEMES[0]
SAMPLES = bench_samples(*((name, THEME, "made", None) for name in "abc"))
FILE = f"{THEME}_some_judge_sparkle_score.jsonl"
SOUND = [score_record(name, THEME, "443322") for name in "abc"]


def text(*records: dict[str, Any] | str) -> bytes:
    """The content of a score file."""
    return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in records).encode()


def read(*records: dict[str, Any] | str, samples: pl.DataFrame = SAMPLES, file: str = FILE) -> Any:
    """What is read of one file of one model."""
    return read_published_scores({"theirs": {file: text(*records)}}, samples, SCALES)


def test_sound_files_have_no_faults() -> None:
    """Judgments of each sample with the judge of the file's name, scores as they are, and the judge's words."""
    found = read(*SOUND)
    assert found.faults.height == 0
    assert found.judgments["state"].unique().to_list() == ["judged"]
    assert found.judgments["judge"].unique().to_list() == ["some_judge"]
    assert found.scores["capped_score"].to_list() == [4, 4, 3, 3, 2, 2] * 3
    assert found.judgments["answer_text"][0] == "Brief reasoning: fine."


A = SOUND[0]
CASES: list[tuple[list[dict[str, Any] | str], str, str | None]] = [
    ([*SOUND, score_record("a", THEME, "111111")], "duplicate_id", "a"),
    ([*SOUND, score_record("zz", THEME, "555555")], "unknown_id", "zz"),
    ([A, SOUND[1]], "missing_id", "c"),
    ([A, SOUND[2], SOUND[1]], "wrong_order", None),
    ([*SOUND[:2], score_record("c", THEME, "443322", scores=[4, 4, 9, 3, 2, 2])], "out_of_range", "c"),
    ([*SOUND[:2], score_record("c", THEME, "443322", scores=[4, 4.5, 3, 3, 2, 2])], "bad_scores", "c"),
    ([*SOUND[:2], score_record("c", THEME, "443322", scores=None)], "bad_scores", "c"),
    ([*SOUND[:2], score_record("c", THEME, "24")], "bad_scores", "c"),
    ([*SOUND[:2], score_record("c", THEME, "255555")], "not_capped", "c"),
    ([*SOUND[:2], score_record("c", THEME, "443322", prompt="Another.")], "other_prompt", "c"),
    ([*SOUND[:2], score_record("c", THEME, "443322", scene="an alley")], "other_scene", "c"),
    ([*SOUND[:2], score_record("c", THEMES[1], "443322")], "other_theme", "c"),
    ([*SOUND, '{"id": "b", "sco'], "broken_line", None),
    ([*SOUND, "[1]"], "broken_line", None),
]


@pytest.mark.parametrize(("records", "fault", "sample_id"), CASES, ids=[f"{place}_{case[1]}" for place, case in enumerate(CASES)])
def test_each_fault_is_told(records: list[dict[str, Any] | str], fault: str, sample_id: str | None) -> None:
    """With its sample; a record that does not count leaves its sample without scores."""
    found = read(*records)
    told = found.faults.filter(pl.col("fault") == fault)
    assert told["sample_id"].to_list() == [sample_id]
    counted = PublishedFault(fault).is_counted
    lost = {each["sample_id"] for each in found.judgments.to_dicts() if each["state"] != "judged"}
    assert lost == ({sample_id} if not counted and sample_id == "c" else set())


def test_the_first_of_two_records_counts_and_the_cap_is_put_back() -> None:
    """Whatever the later one says; a score above its cap counts as the cap."""
    found = read(score_record("a", THEME, "255555"), score_record("a", THEME, "111111"), *SOUND[1:])
    assert found.scores.filter(pl.col("sample_id") == "a")["capped_score"].to_list() == [2] * 6


def test_files_that_are_missing_or_of_no_theme_are_told() -> None:
    """A theme without a file has the worst scores, and not fewer themes in the macro."""
    samples = bench_samples(("a", THEME, "made", None), ("x", THEMES[1], "made", None))
    found = read(SOUND[0], samples=samples)
    assert found.faults.select("fault", "file").rows() == [("missing_file", THEMES[1])]
    results, _ = measure(build_panels(samples, found.judgments, found.scores, SCALES), resamples=200, seed=0)
    macro = results.filter((pl.col("level") == "macro") & (pl.col("dimension") == "instruction")).row(0, named=True)
    assert (macro["mean_failures_worst"], macro["mean_judged"]) == (2.5, None)
    assert macro["cut_by_cap"] is None
    assert read(*SOUND, file="elsewhere_j_sparkle_score.jsonl").faults["fault"].to_list() == ["unknown_file"]


def test_scores_before_the_cap_are_unknown() -> None:
    """So what the cap cut is null, and not 0."""
    found = read(*SOUND)
    results, _ = measure(build_panels(SAMPLES, found.judgments, found.scores, SCALES), resamples=200, seed=0)
    assert results["cut_by_cap"].null_count() == results.height
    assert results["cut_share"].null_count() == results.height


def test_published_models_stand_beside_ones_own() -> None:
    """One that was judged here by the same judge is not taken from the files, too."""
    own = judged({"theirs": {name: [5] * 6 for name in "abc"}}, judge="some_judge")
    judgments, scores = merge_published(*own, read(*SOUND))
    assert judgments.height == 3
    assert scores["capped_score"].unique().to_list() == [5]
    other = judged({"ours": {name: [5] * 6 for name in "abc"}}, judge="some_judge")
    judgments, _ = merge_published(*other, read(*SOUND))
    (panel,) = build_panels(SAMPLES, judgments, _, SCALES)
    assert panel.models == ("ours", "theirs")
