"""Scores in a process of its own, to be killed: started once, since importing torch takes seconds, and forked each time.

Reads a line from standard input for each run, forks, tells the child's process id, waits for it, and tells how it ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa


def main(tables: Path, release: Path, checkpoint: Path) -> None:
    """Serve runs until standard input ends."""
    from tests.models.torch_operators import declare_operators  # noqa: PLC0415

    declare_operators()
    import torch  # noqa: F401, PLC0415 -- so that no child has to
    import transformers  # noqa: F401, PLC0415

    for _ in sys.stdin:
        child = os.fork()
        if not child:
            run(tables, release, checkpoint)
            os._exit(0)
        tell(str(child))
        _, status = os.waitpid(child, 0)
        tell(str(os.waitstatus_to_exitcode(status)))


def tell(line: str) -> None:
    """Say a line to the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(tables: Path, release: Path, checkpoint: Path) -> None:
    """Score the first frames of the release; each batch is noted in a log before it is asked for."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    from sparkle_curation.datasets.table_dataset import TableDataset  # noqa: PLC0415
    from sparkle_curation.engine.journal import Journal  # noqa: PLC0415
    from sparkle_curation.judges import asking, score_batches, score_jobs, score_tables  # noqa: PLC0415
    from sparkle_curation.judges.instructions import Instructions  # noqa: PLC0415
    from sparkle_curation.judges.judge import Judge  # noqa: PLC0415
    from sparkle_curation.judges.rubric import Rubric  # noqa: PLC0415
    from sparkle_curation.judges.scoring import ScoreSettings  # noqa: PLC0415
    from sparkle_curation.models.choice import choose_model  # noqa: PLC0415
    from sparkle_curation.models.params import ModelParams  # noqa: PLC0415
    from sparkle_curation.models.questions import Sampling  # noqa: PLC0415
    from sparkle_curation.reading.asset_store import AssetStore  # noqa: PLC0415
    from sparkle_curation.release.stages import STAGES  # noqa: PLC0415

    asked = score_batches.BatchScore.__call__

    def noted(self: score_batches.BatchScore, jobs: list[score_jobs.ScoreJob]) -> pa.Table:
        with (tables / "asked.log").open("a", encoding="utf-8") as log:
            log.writelines(f"{job.key}\n" for job in jobs)
        return asked(self, jobs)

    score_batches.BatchScore.__call__ = noted  # type: ignore[method-assign]
    model = choose_model(
        ModelParams(name=str(checkpoint), device="cpu", dtype="float32"), Sampling(max_new_tokens=12)
    )
    judge = Judge(
        model,
        Instructions("<instruction>", "Is it good?", "test"),
        ScoreSettings(Rubric(passes=1), max_tries=1),
    )
    media = pl.read_parquet(tables / "media.parquet")
    prompts = pl.DataFrame({"id": media["id"].unique(), **{stage.name: "Dusk" for stage in STAGES}})
    rules = score_jobs.ShowRules({stage.name: "{prompt}" for stage in STAGES})
    jobs = score_jobs.list_jobs(media, prompts, score_jobs.Scope(["edited_frame0"]), rules, judge.digest)
    store = AssetStore(str(release), tables / "assets.parquet")
    batch = score_batches.BatchScore(store, model, judge.instructions, judge.settings)
    how = asking.Asking("scores", batch, score_jobs.ScoreJob, model, 2)
    answers = asking.ask(jobs, how, Journal(tables / "score.journal", score_batches.JOURNAL_SCHEMA))
    table = score_tables.stream_table(jobs, answers, STAGES[0], judge.settings.rubric, judge.provenance)
    TableDataset(filepath=str(tables / "rescores.parquet")).save(table)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
