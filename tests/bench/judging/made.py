"""What the tests of judging share: rubrics of the configuration, and tables of the made benchmark without a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import xxhash

from sparkle_curation.bench.judging.asking import How, ask_for_judgments
from sparkle_curation.bench.judging.batches import JOURNAL_SCHEMA
from sparkle_curation.bench.judging.budget import Price, Rates
from sparkle_curation.bench.judging.jobs import JudgeScope, list_jobs
from sparkle_curation.bench.judging.judge import BenchJudge, JudgeSettings
from sparkle_curation.bench.judging.rubric import Rubric, choose_rubric, own_instructions
from sparkle_curation.bench.judging.tables import Judged, tabulate
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.models.choice import choose_video_model
from sparkle_curation.models.params import VideoModelParams
from sparkle_curation.models.questions import Sampling

CHECKOUT = Path(__file__).resolve().parents[3]
BENCHMARK = CHECKOUT / "data" / "01_raw" / "sparkle_bench_sample"
MODELS = CHECKOUT / "data" / "01_raw" / "sparkle_bench_models"
RETRIED = ["no_reply", "out_of_memory", "gone", "changed", "stopped"]
PRICE = Price("*", 1000.0, 1000.0)
"""A dollar for a thousand tokens."""


def rubric_files() -> dict[str, str]:
    """The rubrics of the configuration, by file name."""
    folder = CHECKOUT / "conf" / "base" / "prompts" / "rubrics"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def rubric_named(name: str) -> Rubric:
    """A rubric of the configuration."""
    return choose_rubric(name, rubric_files())


def make_judge(
    url: str, name: str, *, backend: str = "server", settings: JudgeSettings | None = None, **params: Any
) -> BenchJudge:
    """A judge behind an address, asked with little patience."""
    patience = {"timeout_s": 20.0, "deadline_s": 20.0, "concurrency": 4}
    model = VideoModelParams(backend=backend, name=name, url=url, **patience | params)  # type: ignore[arg-type]
    sampling = Sampling(temperature=0.0, top_p=1.0, top_k=None, max_new_tokens=512)
    return BenchJudge(
        choose_video_model(model, sampling, None, None),
        own_instructions("sparkle", rubric_named("sparkle"), rubric_files()),
        settings or JudgeSettings(),
    )


def made_tables(count: int | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``bench_samples`` and ``bench_outputs`` of the good model, with the columns that judging reads.

    Args:
        count: of samples; None for all 24.
    """
    sources = sorted((BENCHMARK / "source_videos").glob("*/*.mp4"))[:count]
    samples, outputs = [], []
    for source in sources:
        (edited,) = MODELS.glob(f"good/*/*/{source.stem}_edited.mp4")
        path = edited.relative_to(MODELS / "good").as_posix()
        _, folder, _ = path.split("/")
        subtheme, scene = folder.split("---")
        sample = {"sample_id": source.stem, "theme": source.parent.name}
        facts = {"frames": 33, "fps": 16.0}
        samples.append(
            {
                **sample,
                "subtheme": subtheme,
                "scene": scene.replace("_", " "),
                "edit_prompt": f"Put it into {scene}.",
                "source_path": source.relative_to(BENCHMARK).as_posix(),
                "content_hash": xxhash.xxh3_128_hexdigest(source.read_bytes()),
                "source_error": None,
                "output_path": path,
                **facts,
            }
        )
        outputs.append(
            {
                "model": "good",
                "sample_id": source.stem,
                "path": path,
                "content_hash": xxhash.xxh3_128_hexdigest(edited.read_bytes()),
                "state": "there",
                "error": None,
                "error_detail": None,
                "differences": [],
                "model_root": None,
                **facts,
            }
        )
    texts = dict.fromkeys(("source_error", "error", "error_detail"), pl.String)
    return (
        pl.DataFrame(samples, schema_overrides={"source_error": pl.String}),
        pl.DataFrame(
            outputs,
            schema_overrides={k: v for k, v in texts.items() if k != "source_error"}
            | {"differences": pl.List(pl.String)},
        ),
    )


def made_files() -> tuple[ReleaseFiles, Mapping[str, ReleaseFiles]]:
    """The files of the made benchmark and of its models."""
    return ReleaseFiles(str(BENCHMARK)), {name: ReleaseFiles(str(MODELS / name)) for name in ("good", "poor")}


def make_journal(folder: Path) -> Journal:
    """A journal as the catalog has it."""
    return Journal(folder / "bench.journal", JOURNAL_SCHEMA, retried_errors=RETRIED)


def make_how(**changes: Any) -> How:
    """Four requests at once, of a judge that costs nothing."""
    usual = {"price": None, "max_cost": None, "rates": Rates(), "threads": 4, "batch_size": 2}
    return How(**{**usual, "give_up_after": None, "is_paid": changes.get("price") is not None, **changes})


def judge_all(
    judge: BenchJudge,
    folder: Path,
    tables: tuple[pl.DataFrame, pl.DataFrame],
    *,
    scope: JudgeScope | None = None,
    files: tuple[ReleaseFiles, Mapping[str, ReleaseFiles]] | None = None,
    **changes: Any,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments and scores of the tables, with a journal in a folder."""
    how = make_how(**changes)
    jobs = list_jobs(*tables, scope or JudgeScope(), judge, how.rates)
    answers = ask_for_judgments(jobs, judge, files or made_files(), make_journal(folder), how)
    assert not isinstance(answers, str)
    return tabulate(jobs, answers, Judged(judge, how.price, ["old-*"]))
