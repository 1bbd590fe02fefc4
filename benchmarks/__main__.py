"""Times ingest, validation, filtering and a repeated run at the size of the real release: ``make bench``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.asset_tables import write_asset_table
from benchmarks.measure import Commands, Usage, as_table, run_in_turn, run_once
from synthetic.large import write_large_release

ANNOTATIONS, ASSETS = (Path("02_intermediate", f"{name}.parquet") for name in ("annotations", "assets"))


def main() -> None:
    """Make the releases, time everything, print the tables and write them to a file if one is named."""
    options = _options()
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        report = "\n\n".join(_sections(work, options.samples, options.rounds))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
    print(report)
    if options.out:
        options.out.write_text(f"{report}\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--samples", type=int, default=140_000, help="samples in the made release")
    parser.add_argument("--rounds", type=int, default=5, help="times that each command runs")
    parser.add_argument("--work", type=Path, help="a folder to keep the made releases in, for the next time")
    parser.add_argument("--out", type=Path, help="write the tables to this Markdown file too")
    return parser.parse_args()


def _sections(work: Path, samples: int, rounds: int) -> list[str]:
    clean = _release(work / "clean", samples, bad_line_share=0.0)
    damaged = _release(work / "damaged", samples, bad_line_share=0.01)
    out = work / "out"
    ingest = {
        "ours": _contender("ingest_ours", clean, out / "ours"),
        "ours, 1% bad lines": _contender("ingest_ours", damaged, out / "ours_damaged"),
        "duckdb": _contender("ingest_duckdb", clean, out / "duckdb"),
        "polars": _contender("ingest_polars", clean, out / "polars"),
        "json loop": _contender("ingest_loop", clean, out / "loop"),
    }
    judge = {
        "ours": _contender("filter_ours", out / "ours", out / "filter_ours"),
        "pandas": _contender("filter_pandas", out / "ours", out / "filter_pandas"),
    }
    cores = len(os.sched_getaffinity(0))
    return [
        f"# Benchmarks\n\n{samples:,} made samples, {cores} cores; whole processes, taken in turn; medians of {rounds}.",
        "## Ingest\n\n" + as_table(_fresh_runs(ingest, out, rounds), "duckdb"),
        "## Validate, against ingesting the same tables\n\n"
        + as_table(_validated(clean, out / "validated", rounds), "ingest"),
        "## Filter and export\n\n" + as_table(run_in_turn(judge, rounds), "pandas"),
        "## The whole command again, with another threshold\n\n" + _repeated(clean, out / "data", rounds),
    ]


def _release(root: Path, samples: int, bad_line_share: float) -> Path:
    if not root.exists():
        partial = root.with_name(f"{root.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        print(f"making {root} ({samples:,} samples)", flush=True)
        write_large_release(partial, samples=samples, bad_line_share=bad_line_share)
        partial.rename(root)
    return root


def _contender(name: str, source: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.contenders", name, str(source), str(out)]


def _fresh_runs(commands: Commands, out: Path, rounds: int) -> dict[str, list[Usage]]:
    """As ``run_in_turn``, but each run starts without the tables of the one before."""
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        for name, runs in run_in_turn(commands, 1).items():
            used[name] += runs
    return used


def _validated(release: Path, out: Path, rounds: int) -> dict[str, list[Usage]]:
    """What it takes to ingest, to validate, to do so again with nothing changed, and to validate all assets too."""
    tables, with_assets = out / "tables", out / "with_assets"
    commands = {
        "ingest": _kedro("ingest", release, tables),
        "validate": _kedro("validate", release, tables),
        "again, unchanged": _kedro("validate", release, tables),
        "validate, eight assets a sample": _kedro("validate", release, with_assets),
    }
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for _ in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        for name, command in commands.items():
            if name.endswith("assets a sample"):
                shutil.copytree(tables / "02_intermediate", with_assets / "02_intermediate")
                write_asset_table(tables / ANNOTATIONS, with_assets / ASSETS)
            used[name] += run_in_turn({name: command}, 1)[name]
    return used


def _repeated(release: Path, data_root: Path, rounds: int) -> str:
    first = run_once(_kedro("curate", release, data_root, threshold=8.5))
    again = run_in_turn({"kedro run": _kedro("curate", release, data_root, threshold=9)}, rounds)
    return f"The first `kedro run --pipelines curate` took {first.wall_s:.1f} s.\n\n" + as_table(
        again, "kedro run"
    )


def _kedro(pipeline: str, release: Path, data_root: Path, **params: float) -> Sequence[str]:
    given = {**params, "release_root": release, "data_root": data_root}
    shown = ",".join(f"{name}={value}" for name, value in given.items())
    return [sys.executable, "-m", "kedro", "run", "--pipelines", pipeline, "--params", shown]


if __name__ == "__main__":
    main()
