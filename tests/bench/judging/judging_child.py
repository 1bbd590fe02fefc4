"""Judges in a process of its own, to be killed: importing takes seconds, so it is started once and forks."""

from __future__ import annotations

from pathlib import Path

from tests.bench.judging.loopback_judge import NAME
from tests.bench.judging.made import judge_all, made_tables, make_judge
from tests.made.killed import serve_runs


def main() -> None:
    """Serve runs until standard input ends."""
    from sparkle_curation.models.servers import chat_client  # noqa: F401, PLC0415 -- so that no child has to

    serve_runs(judge)


def judge(made: str, url: str) -> None:
    """Judge the made benchmark, and write the tables into a folder."""
    folder = Path(made)
    folder.mkdir(exist_ok=True)
    judgments, scores = judge_all(make_judge(url, NAME), folder, made_tables())
    judgments.write_parquet(folder / "judgments.parquet")
    scores.write_parquet(folder / "scores.parquet")


if __name__ == "__main__":
    main()
