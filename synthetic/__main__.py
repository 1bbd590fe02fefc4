"""``python -m synthetic``: write the made release that tests and first runs use, or the made benchmark."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.spec.layout import parse_shard_path
from synthetic.benchmark import write_benchmark
from synthetic.listed_benchmark import write_listed_benchmark
from synthetic.release_writer import write_release

SEED = 20261
SAMPLES_A_THEME = 24


def main(arguments: list[str] | None = None) -> None:
    """Write the release beside its place, move it there, and print what is in it."""
    options = _parser().parse_args(arguments)
    console = Console()
    if options.benchmark:
        write = write_listed_benchmark if options.one_csv else write_benchmark
        with atomic_folder(options.benchmark) as folder, atomic_folder(options.models) as models:
            write(folder, models, options.seed)
        console.print(_summary(options.benchmark), _summary(options.models))
        return
    with atomic_folder(options.out) as folder:
        write_release(
            folder,
            options.samples,
            options.seed,
            lambda plans: track(plans, description="Drawing and encoding samples", console=console),
        )
    console.print(_summary(options.out))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("data/01_raw/sparkle_sample"), help="folder to write"
    )
    parser.add_argument("--samples", type=_positive, default=SAMPLES_A_THEME, help="samples a theme")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed gives the same bytes")
    parser.add_argument("--benchmark", type=Path, help="folder of a benchmark to write instead")
    parser.add_argument(
        "--one-csv", action="store_true", help="a benchmark of one CSV, as OpenVE-Bench, and a model on it"
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("data/01_raw/sparkle_bench_models"),
        help="folder for the outputs of models on it",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _summary(root: Path) -> Table:
    table = Table(title=str(root))
    for column in ("what", "files", "kB"):
        table.add_column(column, justify="left" if column == "what" else "right")
    files, sizes = Counter[str](), Counter[str]()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            what = _what(path.relative_to(root).as_posix())
            files[what] += 1
            sizes[what] += path.stat().st_size
    for what in sorted(files):
        table.add_row(what, str(files[what]), f"{sizes[what] / 1000:.0f}")
    table.add_section()
    table.add_row("total", str(files.total()), f"{sizes.total() / 1000:.0f}")
    return table


def _what(path: str) -> str:
    if parse_shard_path(path):
        return "shards, .tar"
    return f"loose, .{path.rpartition('.')[2]}"


if __name__ == "__main__":
    main()
