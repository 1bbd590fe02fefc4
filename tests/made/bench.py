"""The made benchmark as a copy that a test may spoil."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import CHECKOUT

from sparkle_curation.bench.samples.reading import ReadBenchmark, read_benchmark
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.benchmark import BENCHMARK
from sparkle_curation.spec.description.benchmarks import Benchmark

ROOT = CHECKOUT / "data" / "01_raw" / "sparkle_bench_sample"
MODELS = CHECKOUT / "data" / "01_raw" / "sparkle_bench_models"
THEME = "location"
FIRST, SECOND, THIRD = (f"Sparkle_location_9000{number}" for number in ("00", "05", "09"))


def described() -> Benchmark:
    """The benchmark of the description."""
    assert BENCHMARK is not None
    return BENCHMARK


class MadeBench:
    """A copy of the made benchmark under a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root)

    def read(self) -> ReadBenchmark:
        """What is read of it."""
        return read_benchmark(ReleaseFiles(str(self.root)), described())

    def edit_csv(self, change: Callable[[list[list[str]]], None], theme: str = THEME) -> None:
        """Change the records of a theme's CSV, the header first."""
        path = self.root / f"{theme}_bench.csv"
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
        change(rows)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        path.write_text(text.getvalue(), "utf-8")

    def edit_metadata(self, change: Callable[[list[dict[str, Any]]], None], theme: str = THEME) -> None:
        """Change the records of a theme's metadata."""
        path = self.root / f"{theme}_metadata.jsonl"
        records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        change(records)
        path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")

    def set_keyword(self, place: int, keyword: str | None) -> None:
        """Give a sample of the first theme another keyword."""

        def change(records: list[dict[str, Any]]) -> None:
            records[place]["metadata"]["chosen_keyword"] = keyword

        self.edit_metadata(change)

    def source(self, sample_id: str) -> Path:
        """The source video of a sample of the first theme."""
        return self.root / "source_videos" / THEME / f"{sample_id}.mp4"


def reasons(read: ReadBenchmark) -> list[tuple[str | None, str, bool]]:
    """Sample, reason and whether its row is kept, of each row of the quarantine."""
    return read.quarantine.select("id", "reason", "is_row_kept").rows()
