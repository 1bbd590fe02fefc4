"""Makes new samples of full size from clips, on a processor: ``python -m benchmarks.new_sample_chain --clips FOLDER``.

81 frames of 1280x720, from a clip to a row that ``curate`` emits, each step a ``kedro run`` of its own that is timed.
Generators have random weights and next to no width, but compress as the published ones do (8x8 pixels and four frames to a
latent of Wan, 8x8 to one of FLUX.2): 75,600 tokens each look at all others, as with real weights. Their pictures are noise;
a written-down judge lets all pass. What is shown: sizes, frames and files of full length go through, and what that takes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from tests.made.scripted_judge import ScriptedJudge
from tests.models.generators.tiny_generators import write_tiny_generator
from tests.models.loopback import NAME, serve
from tests.models.tiny_tracker import write_tiny_tracker

from benchmarks.measure import run_once
from sparkle_curation.spec.tables.generated import GENERATED_STAGES

_KEDRO = """
from tests.models.torch_operators import declare_operators
declare_operators()
from kedro.framework.cli import main
main()
"""
"""A ``kedro`` that also runs where torchvision was built for another torch, as on machines without a GPU."""

STEPS = (
    "clips",
    "instruct",
    "ingest,inspect",
    "edit_frame0",
    "score,gate",
    "remove_foreground",
    "score,gate",
    "background_video",
    "ground",
    "track",
    "edges",
    "synthesize",
    "score,gate",
    "assemble",
)
"""As docs/new_samples.md has them."""


def main() -> None:
    """Run the steps, print a line of each as a Markdown table, and the videos of the rows that come of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.new_sample_chain", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="a folder of clips")
    parser.add_argument("--limit", type=int, default=1, help="of its clips, by name; 1 if not given")
    parser.add_argument(
        "--work", type=Path, help="a folder that keeps what is made; what is there is not made again"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparkle-chain-") as scratch:
        work = (options.work or Path(scratch)).resolve()
        with serve(ScriptedJudge()) as url:
            params = _params(work, options.clips.resolve(), options.limit, url)
            print("| step | s | s of cores | peak MB | load |\n|---|---|---|---|---|")
            for step in STEPS:
                _run(step, params, "--env", "new")
            made = {"release_root": work / "05_model_input" / "new_release", "data_root": work / "curated"}
            _run("curate", made)
            _tell_rows(work / "curated")


def _run(pipelines: str, params: Mapping[str, object], *options: str) -> None:
    load = os.getloadavg()[0]
    items = ",".join(f"{name}={value}" for name, value in params.items())
    command = [sys.executable, "-c", _KEDRO, "run", *options, "--pipelines", pipelines, "--params", items]
    used = run_once(command)
    print(
        f"| {pipelines} | {used.wall_s:.0f} | {used.cpu_s:.0f} | {used.peak_mb:,.0f} | {load:.1f} |",
        flush=True,
    )


def _tell_rows(data_root: Path) -> None:
    """Print the videos of the pairs that ``curate`` emits, as their headers are."""
    rows = pl.read_csv(data_root / "05_model_input" / "kiwi_edit" / "prompts" / "location_train.csv")
    media = pl.read_parquet(data_root / "02_intermediate" / "media.parquet")
    pairs = media.filter(
        pl.col("id").is_in(rows["task"].implode()), pl.col("kind").is_in(["source_video", "edited_video"])
    )
    for each in pairs.sort("id", "kind").iter_rows(named=True):
        size = f"{each['width_px']}x{each['height_px']}"
        print(f"{each['id']} {each['kind']}: {size}, {each['frame_count']} frames, {each['fps']:g} a second")


def _params(work: Path, clips: Path, limit: int, url: str) -> dict[str, object]:
    """Of every step: the models, and all in this folder."""
    params: dict[str, object] = {
        "release_root": work / "draft_release",
        "data_root": work,
        "compared_root": work / "none",
        "clips.folder": clips,
        "clips.theme": "location",
        "clips.limit": limit,
        "score.passes": 1,
        "score.prompt_template": "own",
        "track.model.name": _made(work, "sam3"),
        "track.model.device": "cpu",
        "track.model.dtype": "float32",
    }
    for asking in ("instruct", "score", "ground"):
        params |= {f"{asking}.model.backend": "server", f"{asking}.model.url": url}
        params |= {f"{asking}.model.name": NAME, f"{asking}.model.adapter": "null"}
    for stage, kind in zip(GENERATED_STAGES, ("flux", "flux", "wan", "vace"), strict=True):
        params |= {f"{stage}.model.name": _made(work, kind), f"{stage}.model.device": "cpu"}
        params |= {f"{stage}.model.dtype": "float32", f"{stage}.model.offload": "none"}
        params |= {f"{stage}.steps": 1, f"{stage}.guidance": 1.0}
    return params


def _made(work: Path, kind: str) -> Path:
    """The folder of a checkpoint, made where it is not there."""
    folder = work / "models" / kind
    if not folder.is_dir():
        if kind == "sam3":
            write_tiny_tracker(folder, "sam3")
        else:
            write_tiny_generator(folder, kind, "full")
    return folder


if __name__ == "__main__":
    main()
