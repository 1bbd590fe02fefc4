"""Times what this project does beside what one would write otherwise, at sizes to choose: ``make bench``."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.measure import Usage, run_once
from benchmarks.page import write_page
from benchmarks.registry import BENCHMARKS, MOST_SHORT, Place
from benchmarks.results import Result, read_results, write_results

_PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the benchmarks, add their results to the file, write the page."""
    options = _options()
    failed = []
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        for samples in options.sizes:
            for name in options.only:
                try:
                    found = list(_run(name, samples, work, options.rounds))
                except RuntimeError as error:  # a contender ended otherwise than it should: the others go on
                    print(error, flush=True)
                    failed.append(f"{name} at {samples:,}")
                    continue
                if found:
                    write_results(options.results, found)
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
        write_page(read_results(options.results), options.page, options.page.parent / "images")
    print(f"{options.page}, from {options.results}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}; what they said is above")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default="14K,140K", help="samples, such as 14K,140K,1.4M,14M")
    parser.add_argument(
        "--only", type=_names, default=",".join(BENCHMARKS), help=f"some of {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--rounds", type=_positive, default=3, help="times that each contender runs")
    parser.add_argument("--work", type=Path, help="a folder to keep what is made in, for the next time")
    parser.add_argument(
        "--results",
        type=Path,
        default=_PROJECT / "benchmarks" / "results.jsonl",
        help="results are added here",
    )
    parser.add_argument(
        "--page", type=Path, default=_PROJECT / "docs" / "benchmarks.md", help="written anew from the results"
    )
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    """The sizes, rising; ``14K`` and ``1.4M`` are 14,000 and 1,400,000."""
    sizes = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([KM]?)", part.strip(), re.IGNORECASE)
        size = round(float(found[1]) * {"": 1, "K": 1_000, "M": 1_000_000}[found[2].upper()]) if found else 0
        if size < 1:
            raise argparse.ArgumentTypeError(
                f"got {part!r}, allowed numbers such as 14K, 140K, 1.4M, by commas"
            )
        sizes.append(size)
    return sorted(set(sizes))


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    if unknown := [name for name in names if name not in BENCHMARKS]:
        raise argparse.ArgumentTypeError(f"got {', '.join(unknown)}, allowed {', '.join(BENCHMARKS)}")
    return names


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed an integer of at least 1")
    return int(text)


def _run(name: str, samples: int, work: Path, rounds: int) -> Iterator[Result]:
    """The results of one benchmark at one size; none where it is not run."""
    benchmark = BENCHMARKS[name]
    if samples > benchmark.most:
        print(f"{name}: not run at {samples:,}, at most at {benchmark.most:,}", flush=True)
        return
    print(f"{name}, {samples:,} samples (load {os.getloadavg()[0]:.1f})", flush=True)
    place = Place(work / str(samples), samples)
    place.work.mkdir(parents=True, exist_ok=True)
    _describe_ids(place)
    commands = benchmark.contenders(place)
    if not commands:
        print(f"  {name}: what it needs is not here", flush=True)
    for number in range(1, rounds + 1):
        for contender, command in commands.items():
            benchmark.before(place, contender)
            load = os.getloadavg()[0]
            usage = run_once(command)
            print(
                f"  round {number}: {contender}: {usage.wall_s:.2f} s, {usage.cpu_s:.2f} s of cores, "
                f"{usage.peak_mb:.0f} MB",
                flush=True,
            )
            yield _result(name, contender, samples, number, load, usage)


def _result(name: str, contender: str, samples: int, number: int, load: float, usage: Usage) -> Result:
    told = dict(usage.told)
    lines = [
        line.strip("| ").replace(" | ", ": ") for line in usage.output.splitlines() if line.startswith("| ")
    ]
    return Result(
        name,
        contender,
        samples,
        number,
        round(usage.wall_s, 3),
        round(usage.work_s, 3),
        round(usage.cpu_s, 3),
        round(usage.peak_mb, 1),
        told.get("bytes"),
        told.get("requests"),
        round(load, 2),
        {"lines": lines} if lines else {},
    )


def _describe_ids(place: Place) -> None:
    """Let all processes describe the dataset with ids that are long enough."""
    if place.samples <= MOST_SHORT:
        os.environ.pop("SPARKLE_DATASET", None)
        return
    described = yaml.safe_load((_PROJECT / "conf" / "base" / "dataset.yml").read_text(encoding="utf-8"))
    described["identity"]["digits"] = 7
    path = place.work / "dataset.yml"
    path.write_text(yaml.safe_dump(described, allow_unicode=True, sort_keys=False), encoding="utf-8")
    os.environ["SPARKLE_DATASET"] = str(path)


if __name__ == "__main__":
    main()
