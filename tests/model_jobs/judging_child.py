"""Scores or grounds in a process of its own, to be killed: torch is imported once, and each run is a fork."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from tests.made.killed import serve_runs

from sparkle_curation.engine.shards import WorkPlace

BATCH = 2
HERE = WorkPlace()
LOCAL = 24
"""Samples that a model in this process is asked about."""
SERVED = 5
"""Samples that a server is asked about."""


@dataclass(frozen=True)
class Noted:
    """A function of batches that notes the keys of each before it is asked for.

    Attributes:
        function: the function itself.
        log: where it notes, with the process.
        has_torch: whether a model in this process answers.
    """

    function: Any
    log: Path
    has_torch: bool

    def __call__(self, batch: list[Any]) -> pa.Table:
        """Both steps."""
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[Any]) -> Any:
        """The function's own first step; in an actor of Ray nothing has made torch ready."""
        if self.has_torch:
            from tests.models.torch_operators import declare_operators  # noqa: PLC0415

            declare_operators()
        return self.function.prepare(batch)

    def finish(self, batch: list[Any], prepared: Any) -> pa.Table:
        """What the function makes of the batch."""
        with self.log.open("a", encoding="utf-8") as log:
            log.writelines(f"{job.key} {os.getpid()}\n" for job in batch)
        table: pa.Table = self.function.finish(batch, prepared)
        return table


def main() -> None:
    """Serve runs until standard input ends."""
    if "torch" in sys.argv:
        from tests.models.torch_operators import declare_operators  # noqa: PLC0415

        declare_operators()
        import torch  # noqa: PLC0415 -- so that no child has to
        import transformers  # noqa: F401, PLC0415

        torch.set_num_threads(1)
    from sparkle_curation.models.servers import chat_client  # noqa: F401, PLC0415

    serve_runs(run)


def run(what: str, tables: str, release: str, checkpoint: str) -> None:
    """Score or ground into a folder of tables."""
    {"score": score, "ground": ground}[what](Path(tables), Path(release), Path(checkpoint), HERE, LOCAL)


def model_of(checkpoint: Path) -> Any:
    """The tiny model, for short replies; or the model of a server, where this file holds its address."""
    from sparkle_curation.models.choice import choose_model  # noqa: PLC0415
    from sparkle_curation.models.params import ModelParams  # noqa: PLC0415
    from sparkle_curation.models.questions import Sampling  # noqa: PLC0415

    params = ModelParams(name=str(checkpoint), device="cpu", dtype="float32")
    if checkpoint.is_file():
        params = ModelParams(name="tiny", backend="server", url=checkpoint.read_text(encoding="utf-8"))
    return choose_model(params, Sampling(max_new_tokens=12))


def score(
    tables: Path, release: Path, checkpoint: Path, place: WorkPlace = HERE, limit: int | None = None
) -> None:
    """Score the first frames of the release."""
    from sparkle_curation.ingest.assets.store import AssetStore  # noqa: PLC0415
    from sparkle_curation.scoring import batches as score_batches  # noqa: PLC0415
    from sparkle_curation.scoring import jobs as score_jobs  # noqa: PLC0415
    from sparkle_curation.scoring import tables as score_tables  # noqa: PLC0415
    from sparkle_curation.scoring.editscore.judge import Judge  # noqa: PLC0415
    from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate  # noqa: PLC0415
    from sparkle_curation.scoring.editscore.score_scale import ScoreScale  # noqa: PLC0415
    from sparkle_curation.scoring.editscore.scoring import ScoreSettings  # noqa: PLC0415
    from sparkle_curation.spec.stages import STAGES  # noqa: PLC0415

    model = model_of(checkpoint)
    texts = PromptTemplate("<instruction>", "Is it good?", "test")
    judge = Judge(model, texts, ScoreSettings(ScoreScale(passes=2), max_tries=1))
    media = pl.read_parquet(tables / "media.parquet")
    prompts = pl.DataFrame({"id": media["id"].unique(), **{stage.name: "Dusk" for stage in STAGES}})
    limit = SERVED if checkpoint.is_file() else limit
    rules = score_jobs.ShowRules({stage.name: "{prompt}" for stage in STAGES})
    jobs = score_jobs.list_jobs(
        media, prompts, score_jobs.Scope(["edited_frame0"], limit), rules, judge.digest
    )
    store = AssetStore(str(release), tables / "assets.parquet")
    function = score_batches.BatchScore(store, model, judge.prompt_template, judge.settings)
    answers = ask(jobs, function, model, score_jobs.ScoreJob, tables, score_batches.JOURNAL_SCHEMA, place)
    save(
        score_tables.stream_table(jobs, answers, STAGES[0], judge.settings.score_scale, judge.provenance),
        tables,
    )


def ground(
    tables: Path, release: Path, checkpoint: Path, place: WorkPlace = HERE, limit: int | None = None
) -> None:
    """Look for a dog in the source videos of the release."""
    from sparkle_curation.grounding import batches as ground_batches  # noqa: PLC0415
    from sparkle_curation.grounding import jobs as ground_jobs  # noqa: PLC0415
    from sparkle_curation.grounding import tables as ground_tables  # noqa: PLC0415
    from sparkle_curation.grounding.grounder import Grounder, GroundSettings  # noqa: PLC0415
    from sparkle_curation.ingest.assets.store import AssetStore  # noqa: PLC0415

    settings = GroundSettings(max_tries=1)
    grounder = Grounder(model_of(checkpoint), "<instruction>", "Where are <labels>?", settings)
    media = pl.read_parquet(tables / "media.parquet")
    dog = [{"bbox_2d": [1.0, 2.0, 3.0, 4.0], "label": "dog"}]
    round1 = pl.DataFrame({"id": media["id"].unique(), "prompt": "Dusk"}).with_columns(
        round1_labels=pl.lit(["dog"]), round1_objects=pl.lit(dog)
    )
    limit = SERVED if checkpoint.is_file() else limit
    jobs = ground_jobs.list_round2(media, round1, grounder.digest, limit)
    function = ground_batches.BatchGround(AssetStore(str(release), tables / "assets.parquet"), grounder)
    answers = ask(
        jobs, function, grounder.model, ground_batches.GroundJob, tables, ground_batches.JOURNAL_SCHEMA, place
    )
    save(ground_tables.stream_round2(jobs, answers, round1, grounder.provenance), tables)


def ask(
    jobs: pl.DataFrame,
    function: Any,
    model: Any,
    make_job: Any,
    tables: Path,
    schema: pa.Schema,
    place: WorkPlace,
) -> Any:
    """What the journal has in the end."""
    from sparkle_curation.engine.journal.journal import Journal  # noqa: PLC0415
    from sparkle_curation.model_jobs.asking import AskConfig  # noqa: PLC0415
    from sparkle_curation.model_jobs.asking import ask as ask_missing  # noqa: PLC0415

    asking = AskConfig(
        "tests",
        "score",
        "is_constrained",
        Noted(function, tables / "asked.log", model.provenance["backend"] == "transformers"),
        make_job,
        model,
        BATCH,
        pl.lit(1),
    )  # type: ignore[arg-type]
    return ask_missing(jobs, asking, Journal(tables / "made.journal", schema, place=place))


def save(table: Any, tables: Path) -> None:
    """Write the table."""
    from sparkle_curation.datasets.tables.table_dataset import TableDataset  # noqa: PLC0415

    TableDataset(filepath=str(tables / "made.parquet")).save(table)


if __name__ == "__main__":
    main()
