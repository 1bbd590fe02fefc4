"""Times the explorer in a browser: ``python -m benchmarks.explorer``; needs Chromium and the packages of the tests.

Makes the tables that the page counts with, of as many samples as the release has, starts ``kedro explore`` on them as a
person would, and opens its page in headless Chromium.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

ROUNDS = 60

_SLIDE = """(async () => {
  const slider = document.querySelector(".slider");
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let round = 0; round < %d; round += 1) {
    await frame();
    const before = document.getElementById("kept").textContent;
    const start = performance.now();
    slider.value = String(7 + (round %% 40) * 0.05);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();  // in which the page counts and draws
    await new Promise((done) => {  // after which it is painted
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      port2.postMessage(0);
    });
    if (document.getElementById("kept").textContent !== before) times.push(performance.now() - start);
  }
  return times;
})()"""


def main() -> None:
    """Make the tables, start the server, use its page, print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer", description=__doc__)
    parser.add_argument("--rows", type=int, default=140_000, help="samples")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparkle-bench-") as folder:
        make_tables(Path(folder) / "data", options.rows)
        print(
            "\n".join(f"| {name} | {value} |" for name, value in measured(Path(folder), options.rows).items())
        )


def make_tables(data_root: Path, count: int) -> None:
    """Write verdicts, annotations, assets and media of made samples, as ``curate`` leaves them behind."""
    from sparkle_curation.datasets.tables.table_dataset import TableDataset
    from sparkle_curation.filtering.verdicts import apply_thresholds
    from sparkle_curation.spec.fields import arrow_schema
    from sparkle_curation.spec.layout import KIND, asset_path
    from sparkle_curation.spec.sample_ids import SampleId
    from sparkle_curation.spec.stages import CRITERIA
    from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, ASSET_COLUMNS
    from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
    from sparkle_curation.spec.themes import THEMES

    def complete(table: pl.DataFrame, columns: Any) -> pl.DataFrame:
        schema = pl.DataFrame(pl.from_arrow(arrow_schema(columns).empty_table())).schema
        return table.select(
            (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
            for name, kind in schema.items()
        )

    draw = random.Random(15)
    each_theme = -(-count // len(THEMES))
    ids = [str(SampleId(theme, number)) for theme in THEMES for number in range(each_theme)][:count]
    themes = [theme for theme in THEMES for _ in range(each_theme)][:count]
    known = pl.DataFrame({"id": ids, "theme": themes, "is_released": True})
    scores: dict[str, Any] = {
        each.stage: pl.DataFrame(
            {"id": ids, each.score_column: [min(max(draw.gauss(8.6, 0.7), 0), 10) for _ in ids]}
        )
        for each in CRITERIA
    }
    words = [
        "lavender",
        "rows",
        "below",
        "a",
        "windmill",
        "dunes",
        "under",
        "drifting",
        "sand",
        "harbour",
        "at",
        "dawn",
        "neon",
        "rain",
        "forest",
    ]
    annotations = known.select("id", "theme").with_columns(
        pl.Series("prompt", [" ".join(draw.choices(words, k=45)) for _ in ids]),
        pl.Series("chosen_keyword", [f"{draw.choice(words[:5])}: {draw.choice(words)}" for _ in ids]),
    )
    pair = {"src_video": KIND.source_video, "tgt_video": KIND.edited_video}
    annotations = annotations.with_columns(
        pl.col("chosen_keyword").str.split(": ").list.first().alias("subtheme"),
        pl.int_range(2, pl.len() + 2).alias("csv_line"),
        *(pl.format(asset_path("{}", kind, "{}"), "theme", "id").alias(name) for name, kind in pair.items()),
    )
    files = pl.concat(
        known.select(
            "id",
            "theme",
            pl.lit(kind).alias("kind"),
            pl.format(asset_path("{}", kind, "{}"), "theme", "id").alias("path"),
            pl.format(f"{kind} {{}}", "id").alias("index_hash"),
            pl.lit(0).alias("offset"),
            pl.lit(1).alias("size_bytes"),
            pl.lit(1).alias("size"),
            pl.lit(1280).alias("width_px"),
            pl.lit(720).alias("height_px"),
            pl.lit(81).alias("frame_count"),
            pl.lit(0).alias("lost_frame_count"),
            pl.lit(0).alias("repeated_frame_count"),
            pl.lit(16.0).alias("fps"),
        )
        for kind in pair.values()
    )
    thresholds = {each.name: each.published_threshold for each in CRITERIA}
    tables = {
        "03_primary/verdicts": apply_thresholds(known, scores, thresholds, "reject"),
        "02_intermediate/annotations": complete(annotations, ANNOTATION_COLUMNS),
        "02_intermediate/assets": complete(files, ASSET_COLUMNS),
        "02_intermediate/media": complete(files, MEDIA_COLUMNS),
    }
    for name, table in tables.items():
        TableDataset(filepath=str(data_root / f"{name}.parquet")).save(table)


def measured(folder: Path, count: int) -> dict[str, str]:
    """What it took, in words, by what it was."""
    from tests.live_browser import live_page

    command = [
        sys.executable,
        "-m",
        "kedro",
        "explore",
        "--port",
        "0",
        "--params",
        f"data_root={folder / 'data'}",
    ]
    with live_page(folder / "profile") as page:
        # As installed packages have it: what was compiled once is not compiled again, so the second start is timed.
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        missing = [*command[:-1], f"data_root={folder / 'nothing'}"]
        subprocess.run(missing, env=environment, capture_output=True, check=False)
        start = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            try:
                lines = iter(server.stdout or ())
                address = next(found[0] for line in lines if (found := re.match(r"http://\S+", line)))
                ready_s = time.monotonic() - start
                ready_cpu_s = cpu_s(server.pid)
                opened = time.monotonic()
                page.open(address)
                page.until("document.body?.dataset.counted === 'yes'")
                shown_s = time.monotonic() - opened
                page.until("document.body.dataset.ready === 'yes'")
                complete_s = time.monotonic() - opened
                times = sorted(page.run(_SLIDE % ROUNDS))
                searched = page.run(
                    """(async () => {
                    await fetch("/api/find?q=the");  // the first one makes what is searched
                    const start = performance.now();
                    await (await fetch("/api/find?q=windmill+neon+dawn")).arrayBuffer();
                    return performance.now() - start;
                    })()"""
                )
                status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
                memory = re.findall(r"Vm(?:HWM|RSS):\s+(\d+)", status)
            finally:
                server.terminate()
    return {
        "samples": f"{count:,}",
        "start of the command to its address, s": f"{ready_s:.1f}",
        "of it processor time, s": f"{ready_cpu_s:.1f}",
        "page opened to counts shown, s": f"{shown_s:.1f}",
        "page opened to all that it starts with, s": f"{complete_s:.1f}",
        "load of the machine over the last minute": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
        "slider to painted counts, ms: median, 95th percentile, worst": f"{statistics.median(times):.0f}, "
        f"{times[int(len(times) * 0.95)]:.0f}, {times[-1]:.0f}",
        "search of three words, ms": f"{searched:.0f}",
        "memory of the server, MB: peak, then": ", ".join(str(int(each) // 1024) for each in memory),
    }


def cpu_s(process: int) -> float:
    """Processor time that a process has taken, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
