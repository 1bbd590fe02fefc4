"""Each sample ends in one state; what was answered is kept as it comes, counted, and never asked for again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.bench.judging.loopback_judge import NAME, Asked, LoopbackJudge, Said, lines, sensible, serving
from tests.bench.judging.made import (
    BENCHMARK,
    MODELS,
    PRICE,
    judge_all,
    made_files,
    made_tables,
    make_how,
    make_journal,
    make_judge,
    rubric_files,
    rubric_named,
)

from sparkle_curation.bench.judging.asking import ask_for_judgments
from sparkle_curation.bench.judging.batches import two_models
from sparkle_curation.bench.judging.budget import BudgetError, Rates
from sparkle_curation.bench.judging.jobs import JudgeScope, choose_repeated, list_jobs
from sparkle_curation.bench.judging.judge import JudgeSettings
from sparkle_curation.bench.judging.rubric import own_instructions
from sparkle_curation.bench.judging.tables import describe
from sparkle_curation.errors import AssetError, ModelError, ParameterError, StaleTableError
from sparkle_curation.ingest.release_files import ReleaseFiles

FAST = JudgeSettings(max_tries=2)


@pytest.fixture
def loopback() -> Iterator[LoopbackJudge]:
    """A judge that answers sensibly, until a test says otherwise."""
    with serving() as judge:
        yield judge


def state_counts(judgments: pl.DataFrame) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(judgments["state"].value_counts().iter_rows())


# ------------------------------------------------------------------ states
def test_every_sample_ends_in_one_state(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: what fails, or lacks a file or its metadata, is dropped, and the mean is over the survivors."""
    samples, outputs = made_tables(9)
    ids = samples["sample_id"].to_list()

    def at(place: int, column: str, value: object, kept: pl.DataFrame) -> pl.DataFrame:
        return kept.with_columns(
            pl.when(pl.col("sample_id") == ids[place])
            .then(pl.lit(value, dtype=kept.schema[column]))
            .otherwise(pl.col(column))
            .alias(column)
        )

    samples = at(1, "output_path", None, samples)
    samples = at(2, "content_hash", None, at(2, "source_error", "missing", samples))
    samples = at(3, "source_error", "undecodable", samples)
    outputs = at(4, "state", "missing", outputs)
    outputs = at(5, "state", "broken", outputs)
    unreadable = (MODELS / "good" / outputs["path"][6]).read_bytes()
    refused = (MODELS / "good" / outputs["path"][7]).read_bytes()

    def answer(asked: Asked) -> Said:
        if asked.videos[1] == unreadable:
            return Said(lines(5, 5, 5, 5, 5, 4.7))
        return Said("", finish="content_filter") if asked.videos[1] == refused else sensible(asked)

    loopback.answer = answer
    judge = make_judge(loopback.openai_url, NAME, settings=FAST)
    judgments, scores = judge_all(judge, tmp_path, (samples, outputs))
    assert judgments["sample_id"].to_list() == ids, "in the order of the CSVs, whatever is answered first"
    assert judgments["state"].to_list() == [
        "judged",
        "missing_metadata",
        "missing_source",
        "broken",
        "missing_edited",
        "broken",
        "unparsable",
        "refused",
        "judged",
    ]
    assert judgments["overall"].is_not_null().to_list() == (judgments["state"] == "judged").to_list()
    assert set(scores["sample_id"]) == {ids[0], ids[8]}
    assert judgments["attempts"].to_list() == [1, 0, 0, 0, 0, 0, 2, 1, 1]
    assert judgments["fault"][6] == "not_whole"


def test_raw_and_capped_scores_are_kept(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Dimensions 2 to 6 count no more than instruction compliance; what was given stands beside."""
    loopback.answer = lambda _asked: Said(lines(3, 5, 2, 3, 4, 1, form="- **{name}**: {score}/5"))
    judgments, scores = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, made_tables(1))
    assert scores["raw_score"].to_list() == [3, 5, 2, 3, 4, 1]
    assert scores["capped_score"].to_list() == [3, 3, 2, 3, 3, 1]
    (row,) = judgments.to_dicts()
    assert row["overall"] == 15 / 6
    assert row["flags"] == ["bullet", "bold", "out_of"]
    assert row["answer_text"] == lines(3, 5, 2, 3, 4, 1, form="- **{name}**: {score}/5")


@pytest.mark.parametrize("backend", ["server", "gemini"])
def test_a_judge_is_told_and_recorded_as_it_is(backend: str, loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Both videos whole, temperature 0 and seed 42; of the answer its model, tokens, thoughts, end and cost."""
    is_gemini = backend == "gemini"
    url = loopback.url if is_gemini else loopback.openai_url
    settings = JudgeSettings(frame_rate=4.0 if is_gemini else None)
    tables = made_tables(1)
    judge = make_judge(url, NAME, backend=backend, settings=settings)
    judgments, _ = judge_all(judge, tmp_path, tables, price=PRICE, max_cost=10.0)
    (asked,) = loopback.asked
    source = BENCHMARK / tables[0]["source_path"][0]
    assert asked.videos == (source.read_bytes(), (MODELS / "good" / tables[1]["path"][0]).read_bytes())
    assert (asked.settings["temperature"], asked.settings["seed"]) == (0.0, 42)
    assert asked.frame_rates == ((4.0, 4.0) if is_gemini else (None, None))
    assert tables[0]["edit_prompt"][0] in asked.texts[0]
    (row,) = judgments.to_dicts()
    assert (row["answering_model"], row["seed_honoured"]) == (NAME, True)
    assert (row["tokens_in"], row["tokens_out"], row["tokens_thoughts"]) == (1000, 50, 200)
    assert row["cost"] == pytest.approx(1.25)
    assert row["finish_reason"] == ("STOP" if is_gemini else "stop")
    assert row["frame_rate"] == settings.frame_rate
    assert (row["judge"], row["rubric"], row["backend"]) == (NAME, "sparkle", backend)


def test_frames_are_shown_to_who_takes_no_video(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """As many a second as are asked for, with what they are of."""
    settings = JudgeSettings(shown="frames", frame_rate=2.0)
    judge = make_judge(loopback.openai_url, NAME, settings=settings, video_part="frames")
    judgments, _ = judge_all(judge, tmp_path, made_tables(1))
    (asked,) = loopback.asked
    assert asked.pictures == 2 * 5, "33 frames at 16 a second are two seconds and one frame"
    assert asked.texts[1:] == (
        "5 frames of the original video, 2 a second:",
        "5 frames of the edited video, 2 a second:",
    )
    assert judgments["frame_rate"].to_list() == [2.0]


# ------------------------------------------------------------------ asking again
def test_an_answer_that_cannot_be_read_is_asked_for_in_other_words(
    loopback: LoopbackJudge, tmp_path: Path
) -> None:
    """Published: the same request up to twenty times, at temperature 0. Here each says what was wrong, and is bounded."""
    answers = iter([lines(5, 5, 5, 5, 5, 4.7), "I cannot.", lines(5, 4, 3, 2, 1, 5)])
    loopback.answer = lambda _asked: Said(next(answers))
    judgments, _ = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, made_tables(1))
    texts = [asked.texts for asked in loopback.asked]
    assert len(texts) == len(set(texts)) == 3
    assert texts[1][:-1] == texts[0], "the same question, and behind it why it is asked again"
    assert "no whole number (Background Visual Quality: 4.7)" in texts[1][-1]
    assert "This is request 3" in texts[2][-1]
    assert [asked.settings["seed"] for asked in loopback.asked] == [42, 43, 44]
    (row,) = judgments.to_dicts()
    assert (row["state"], row["attempts"]) == ("judged", 3)
    assert row["raw_texts"][1] == "I cannot."
    assert row["tokens_in"] == 3000, "what was asked in vain was paid too"


def test_an_answer_that_was_cut_is_none(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Though six numbers are left of it: the last may have been the beginning of 4.5."""
    loopback.answer = lambda _asked: Said(lines(5, 4, 3, 2, 1, 4), finish="length")
    judge = make_judge(loopback.openai_url, NAME, settings=FAST)
    judgments, scores = judge_all(judge, tmp_path, made_tables(1))
    assert judgments.select("state", "fault", "attempts").rows() == [("unparsable", "cut", 2)]
    assert scores.is_empty()


def test_a_setting_that_is_not_taken_is_left_out_and_told(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Models that think refuse a temperature: they are asked without, and the row says that the draw is free."""

    def answer(asked: Asked) -> Said:
        if "temperature" in asked.settings:
            return Said('{"error": {"message": "Unsupported value: \'temperature\' is fixed"}}', status=400)
        return sensible(asked)

    loopback.answer = answer
    judge = make_judge(loopback.openai_url, NAME, concurrency=1)
    judgments, _ = judge_all(judge, tmp_path, made_tables(2), threads=1)
    assert judgments["state"].to_list() == ["judged", "judged"]
    assert judgments["seed_honoured"].to_list() == [False, False]
    assert len(loopback.asked) == 3, "what one refusal has told is known to the next question"


def test_a_judge_that_ignores_seeds_is_recorded(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """By its name, which the parameters list: it takes them, and does not go by them."""
    loopback.answer = lambda asked: replace(sensible(asked), model="old-judge")
    judgments, _ = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, made_tables(1))
    assert judgments.select("answering_model", "seed_honoured").rows() == [("old-judge", False)]


# ------------------------------------------------------------------ one model
def test_two_answering_models_make_no_table(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """A name that is routed to another model in the midst: told with what to do, and nothing more is paid for."""
    names = iter(["first-model"] * 2 + ["second-model"] * 30)
    loopback.answer = lambda asked: replace(sensible(asked), model=next(names))
    judge = make_judge(loopback.openai_url, NAME, concurrency=1)
    with pytest.raises(ModelError, match="Two models have answered") as error:
        judge_all(judge, tmp_path, made_tables(12), threads=1)
    assert error.value.got == "first-model, second-model"
    assert "bench_evaluate.judge.name=second-model" in str(error.value.todo)
    assert "judge.name=first" in str(two_models("second-model", {"first", "second-model"}, None).todo)
    assert "judge.revision=v3" in str(two_models("second-model", {"first", "second-model"}, "v2").todo)
    assert len(loopback.asked) == 3
    marked = make_judge(loopback.openai_url, NAME, concurrency=1, revision="2")
    judgments, _ = judge_all(marked, tmp_path, made_tables(12), threads=1)
    assert set(judgments["answering_model"]) == {"second-model"}
    assert len(loopback.asked) == 3 + 12, "under another mark all is asked anew"


# ------------------------------------------------------------------ what is kept
def test_a_second_run_asks_nothing(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: a file that is there is skipped whole, complete or not. Here what is lacking is asked, and nothing else."""
    tables = made_tables(6)
    judge = make_judge(loopback.openai_url, NAME)
    first, _ = judge_all(judge, tmp_path, tables, scope=JudgeScope(limit=4))
    assert state_counts(first) == {"judged": 4, "not_asked": 2}
    assert len(loopback.asked) == 4
    whole, scores = judge_all(judge, tmp_path, tables)
    assert len(loopback.asked) == 6
    again = judge_all(make_judge("http://127.0.0.1:9/v1", NAME), tmp_path, tables)
    assert_frame_equal(again[0], whole)
    assert_frame_equal(again[1], scores)


def test_a_changed_video_is_judged_anew_and_a_stale_table_is_told(
    loopback: LoopbackJudge, tmp_path: Path
) -> None:
    """Published: neither an output that was made again nor one that was half there is judged again."""
    shutil.copytree(MODELS / "good", tmp_path / "good")
    files = (made_files()[0], {"good": ReleaseFiles(str(tmp_path / "good"))})
    tables = made_tables(2)
    judge = make_judge(loopback.openai_url, NAME)
    judge_all(judge, tmp_path, tables, files=files)
    path = tmp_path / "good" / tables[1]["path"][0]
    other = (MODELS / "good" / tables[1]["path"][1]).read_bytes()
    path.write_bytes(other)
    judge_all(judge, tmp_path, tables, files=files)
    assert len(loopback.asked) == 2, (
        "what the table says was judged; whether it still holds, bench_outputs tells"
    )
    stale = tables[1].with_columns(content_hash=pl.lit("0" * 32))
    judgments, _ = judge_all(judge, tmp_path, (tables[0], stale), files=files)
    assert state_counts(judgments) == {"broken": 2}
    assert set(judgments["fault"]) == {"changed"}
    assert len(loopback.asked) == 2
    probed = tables[1].with_columns(content_hash=pl.lit(tables[1]["content_hash"][1]))
    judgments, _ = judge_all(judge, tmp_path, (tables[0], probed), files=files)
    assert state_counts(judgments) == {"judged": 2}
    assert len(loopback.asked) == 3


def test_a_path_that_leads_nowhere_is_shown_to_nobody(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: a path that is no file is sent to the judge as a text."""
    samples, outputs = made_tables(2)
    gone = outputs.with_columns(path=pl.concat_str(pl.lit("no/"), "path"))
    with pytest.raises(AssetError, match="Nothing could be shown to the model") as error:
        judge_all(make_judge(loopback.openai_url, NAME), tmp_path, (samples, gone), give_up_after=2)
    assert "FileNotFoundError" in str(error.value.got)
    judgments, _ = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, (samples, gone))
    assert judgments.select("state", "fault").rows() == [("broken", "gone")] * 2
    assert "2 samples are broken since a video is gone" in "".join(describe(judgments))
    assert loopback.asked == []


def test_another_rubric_is_judged_by_the_same_code(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """OpenVE-Bench's three dimensions, capped in the same way."""
    rubric = rubric_named("openve")
    names = tuple(dimension.name for dimension in rubric.dimensions)
    loopback.answer = lambda _asked: Said(lines(2, 5, 1, names=names))
    judge = replace(
        make_judge(loopback.openai_url, NAME),
        instructions=own_instructions("openve", rubric, rubric_files()),
    )
    judgments, scores = judge_all(judge, tmp_path, made_tables(1))
    assert judgments.select("rubric", "overall").rows() == [("openve", pytest.approx(5 / 3))]
    assert scores.select("dimension", "raw_score", "capped_score").rows() == [
        ("instruction", 2, 2),
        ("visual", 5, 2),
        ("consistency", 1, 1),
    ]


def test_the_key_is_of_all_that_decides(loopback: LoopbackJudge) -> None:
    """Another rubric, setting, rate or prompt is another judgment; the place of server, files and tables is none."""
    tables = made_tables(1)

    def key(judge: object, scope: JudgeScope | None = None, changed: str | None = None) -> str:
        samples = tables[0] if changed is None else tables[0].with_columns(edit_prompt=pl.lit(changed))
        return str(list_jobs(samples, tables[1], scope or JudgeScope(), judge, Rates())["key"][-1])  # type: ignore[arg-type]

    usual = make_judge(loopback.openai_url, NAME)
    assert key(usual) == key(make_judge("http://127.0.0.1:9/v1", NAME, timeout_s=1.0))
    others = [
        make_judge(loopback.openai_url, "another"),
        make_judge(loopback.url, NAME, backend="gemini"),
        make_judge(loopback.url, NAME, backend="gemini", settings=JudgeSettings(frame_rate=2.0)),
        make_judge(loopback.openai_url, NAME, settings=JudgeSettings(seed=7)),
        make_judge(loopback.openai_url, NAME, settings=JudgeSettings(has_schema=True)),
        replace(
            usual,
            instructions=replace(usual.instructions, texts={"*": usual.instructions.texts["*"] + "!"}),
        ),
    ]
    keys = [
        *map(key, [usual, *others]),
        key(usual, changed="Put it on the moon."),
        key(usual, JudgeScope(repeats=2)),
    ]
    assert len(set(keys)) == len(keys)


def test_some_samples_are_judged_twice(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """The same of each model, of each theme its share; the second time under a number of its own, the first stays."""
    samples, outputs = made_tables()
    both = pl.concat([outputs, outputs.with_columns(model=pl.lit("poor"), state=pl.lit("missing"))])
    repeated = choose_repeated(samples, 8)
    assert (
        samples.filter(pl.col("sample_id").is_in(repeated))["theme"].value_counts()["count"].to_list()
        == [2] * 4
    )
    judge = make_judge(loopback.openai_url, NAME)
    judge_all(judge, tmp_path, (samples, both))
    scope = JudgeScope(repeats=2, repeated_samples=8)
    judgments, _ = judge_all(judge, tmp_path, (samples, both), scope=scope)
    again = judgments.filter(pl.col("repeat") == 1)
    assert sorted(again.filter(pl.col("model") == "good")["sample_id"]) == sorted(repeated)
    assert state_counts(again) == {"judged": 8, "missing_edited": 8}
    assert len(loopback.asked) == 24 + 8


def test_equal_files_are_judged_once(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Two models with the same output for a sample have the same judgment, which is paid for once."""
    samples, outputs = made_tables(2)
    both = pl.concat([outputs, outputs.with_columns(model=pl.lit("copy"))])
    files = made_files()
    with_copy = (files[0], {**files[1], "copy": files[1]["good"]})
    judgments, _ = judge_all(
        make_judge(loopback.openai_url, NAME), tmp_path, (samples, both), files=with_copy
    )
    assert judgments["model"].to_list() == ["good", "good", "copy", "copy"]
    assert state_counts(judgments) == {"judged": 4}
    assert len(loopback.asked) == 2


# ------------------------------------------------------------------ money
def test_a_paid_judge_needs_a_limit_and_keeps_it(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Told before anything is asked: how much it would cost, and what to type."""
    judge = make_judge(loopback.openai_url, NAME)
    rates = Rates(output_tokens=250)
    with pytest.raises(ParameterError, match="needs a limit") as error:
        judge_all(judge, tmp_path, made_tables(10), price=PRICE, rates=rates)
    assert "10 samples, 10 requests" in str(error.value.got)
    assert "--params bench_evaluate.max_cost=" in str(error.value.todo)
    with pytest.raises(ParameterError, match="cost more than it may"):
        judge_all(judge, tmp_path, made_tables(10), price=PRICE, rates=rates, max_cost=1.0)
    assert loopback.asked == []


def test_a_judge_that_costs_more_than_estimated_is_stopped(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Ten answers of some 1 dollar each as estimated cost 2: it ends near the limit of 14, and what was paid for is kept."""
    judge = make_judge(loopback.openai_url, NAME)
    cheap = {"price": replace(PRICE, output=0.0), "max_cost": 14.0}
    (text,) = judge.instructions.texts.values()
    cheap["price"] = replace(cheap["price"], input=1e6 / (len(text) / 4 + 100))
    cheap["rates"] = Rates(tokens_per_frame=1)
    loopback.tokens = (round(2 * (len(text) / 4 + 100)), 50, 200)
    with pytest.raises(BudgetError, match="come to what it may cost"):
        judge_all(judge, tmp_path, made_tables(10), **cheap)
    asked = len(loopback.asked)
    assert 5 <= asked <= 8, (
        "of 7 requests for 14 dollars, and what those under way at first cost more than estimated"
    )
    with pytest.raises(ParameterError, match="cost more than it may"):
        judge_all(judge, tmp_path, made_tables(10), **cheap)
    assert len(loopback.asked) == asked
    judgments, _ = judge_all(judge, tmp_path, made_tables(10), **cheap | {"max_cost": 100.0})
    assert state_counts(judgments) == {"judged": 10}
    assert len(loopback.asked) == 10, "what was paid before is not asked again"
    assert judgments["cost"].sum() == pytest.approx(20.0, abs=0.01)


def test_a_dry_run_of_a_paid_judge_asks_nothing(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """It tells samples, requests, tokens and cost, without a limit too."""
    judge = make_judge(loopback.openai_url, NAME)
    jobs = list_jobs(*made_tables(10), JudgeScope(), judge, Rates())
    how = make_how(price=PRICE, is_dry=True)
    told = ask_for_judgments(jobs, judge, made_files(), make_journal(tmp_path), how)
    assert "10 samples, 10 requests to ask" in str(told)
    assert "max_cost not set" in str(told)
    assert loopback.asked == []
    priceless = replace(how, price=None)
    told = str(ask_for_judgments(jobs, judge, made_files(), make_journal(tmp_path), priceless))
    assert "60 frames of videos" in told
    assert "$" not in told
    assert "what that costs is not known" in told
    assert loopback.asked == []
    free = ask_for_judgments(
        jobs, judge, made_files(), make_journal(tmp_path), replace(priceless, is_paid=False)
    )
    assert "to do            6 samples" in str(free), (
        "a batch of a judge that costs nothing is measured, and counts"
    )
    assert len(loopback.asked) == 4


# ------------------------------------------------------------------ a judge that fails
def test_a_judge_that_says_nothing_useful_ends_the_run(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: 458 samples twenty times each. What it said is kept."""
    loopback.answer = lambda _asked: Said("No.")
    judge = make_judge(loopback.openai_url, NAME, settings=FAST)
    with pytest.raises(ModelError, match="no answer that can be read") as error:
        judge_all(judge, tmp_path, made_tables(20), give_up_after=4)
    assert "has_schema=true" in str(error.value.todo)
    assert len(loopback.asked) <= 2 * (4 + 4)


def test_a_judge_that_never_answers_ends_the_run_and_one_that_fails_at_a_sample_does_not(
    loopback: LoopbackJudge, tmp_path: Path
) -> None:
    """Published: an empty file, which counts as done. A run that goes on with that sample alone ends well."""
    tables = made_tables(4)
    loopback.answer = lambda _asked: Said("broken", status=500)
    with pytest.raises(ModelError, match="has never replied"):
        judge_all(make_judge(loopback.openai_url, NAME, deadline_s=0.3), tmp_path, tables)
    bad = (MODELS / "good" / tables[1]["path"][1]).read_bytes()
    loopback.answer = lambda asked: Said("broken", status=500) if asked.videos[1] == bad else sensible(asked)
    for give_up_after in (
        None,
        1,
    ):  # the second asks about that one alone, of a judge that this process has never heard
        judge = make_judge(loopback.openai_url, NAME, deadline_s=0.3)
        judgments, _ = judge_all(judge, tmp_path, tables, give_up_after=give_up_after)
        assert judgments["state"].to_list() == ["judged", "unanswered", "judged", "judged"]


def test_copies_are_named_and_judged_all_the_same(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Of the source, and of another sample's output; what was judged counts as it was."""
    samples, outputs = made_tables(3)
    differences = [["same_as_source"], ["same_as_another", "other_rate"], []]
    outputs = outputs.with_columns(pl.Series("differences", differences))
    judgments, _ = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, (samples, outputs))
    assert judgments["copy_of"].to_list() == ["source", "another", None]
    assert state_counts(judgments) == {"judged": 3}
    assert [line for line in describe(judgments) if "copies" in line] == [
        "good: 1 outputs are copies of their sources, byte by byte, and count as they were judged",
        "good: 1 outputs are copies of outputs of other samples, byte by byte, and count as they were judged",
    ]


def test_a_wrong_key_ends_the_run_at_once(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: a KeyError at import, or twenty tries a sample. The others that are under way are kept."""
    loopback.answer = lambda _asked: Said('{"error": "no such key"}', status=401)
    with pytest.raises(ModelError, match="does not take the key"):
        judge_all(make_judge(loopback.openai_url, NAME), tmp_path, made_tables(12))
    assert len(loopback.asked) <= 8


def test_a_fault_of_one_sample_costs_no_other(loopback: LoopbackJudge, tmp_path: Path) -> None:
    """Published: an exception in one worker loses the theme. A sample without an answer is asked again by the next run."""
    tables = made_tables(4)
    bad = (MODELS / "good" / tables[1]["path"][1]).read_bytes()
    loopback.answer = lambda asked: Said("busy", status=503) if asked.videos[1] == bad else sensible(asked)
    judge = make_judge(loopback.openai_url, NAME, deadline_s=0.3)
    judgments, _ = judge_all(judge, tmp_path, tables)
    assert judgments["state"].to_list() == ["judged", "unanswered", "judged", "judged"]
    loopback.answer = sensible
    asked = len(loopback.asked)
    judgments, _ = judge_all(make_judge(loopback.openai_url, NAME), tmp_path, tables)
    assert state_counts(judgments) == {"judged": 4}
    assert len(loopback.asked) == asked + 1


def test_a_model_of_the_scope_must_be_there(loopback: LoopbackJudge) -> None:
    """With what there is, and what was meant."""
    judge = make_judge(loopback.openai_url, NAME)
    with pytest.raises(ParameterError, match="outputs were not looked at") as error:
        list_jobs(*made_tables(1), JudgeScope(models=["goood"]), judge, Rates())
    assert error.value.todo == "did you mean 'good'?"


def test_outputs_of_another_benchmark_do_not_count_as_missing(loopback: LoopbackJudge) -> None:
    """They were looked for by its samples: of this one nothing is known, so nothing is said."""
    judge = make_judge(loopback.openai_url, NAME)
    samples, outputs = made_tables(3)
    for those, these in ((samples, outputs.head(2)), (samples.head(2), outputs)):
        with pytest.raises(StaleTableError, match="looked at for other samples") as error:
            list_jobs(those, these, JudgeScope(), judge, Rates())
        assert str(error.value.got).endswith(samples["sample_id"][2])
