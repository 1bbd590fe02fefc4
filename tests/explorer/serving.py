"""A running explorer of made tables, and of a release with what can be wrong in it."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from aiohttp import web
from tests.made.assets import ingested, tar_bytes, write_files
from tests.made.scores import still, stills
from tests.made.tables import THRESHOLDS, annotations, csv_row, known, metadata, scores

from sparkle_curation.explorer.data import ExplorerTables
from sparkle_curation.explorer.server import Settings, create_app
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.masks.masks import save_mask
from sparkle_curation.new_samples.release.origins import ORIGINS
from sparkle_curation.spec.layout import asset_path

WHOLE, IN_TAR, BROKEN, ALONE = (f"Sparkle_time_{number:06d}" for number in range(4))
"""A pair of loose files; one in tars; one whose edited video is no video; one without media."""
HOSTILE = "<img src=x onerror=\"document.title='run'\"> & <b>bold</b> \u0627\u0644\u0645\u062f\u064a\u0646\u0629 \U0001f319"

SCORES = {
    WHOLE: {"edited_frame0": 9.0, "foreground_removed": 9.1, "edited_video": 8.4},
    IN_TAR: {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0},
    BROKEN: {"edited_frame0": 7.9, "foreground_removed": 9.5, "edited_video": 9.0},
    ALONE: {"edited_frame0": 9.5, "foreground_removed": 9.5},
}

ORIGIN = {
    "id": IN_TAR,
    "clip": {"clip": "coast.mp4", "licence": "cc-by-4.0", "source_url": None, "creator": "<u>Ann</u>"},
    "prompt": {"model": "Qwen/Qwen3-VL-32B-Instruct", "revision": None},
    "generated": [
        {
            "kind": kind,
            "generator": name,
            "repository": name,
            "revision": "abc",
            "licence": licence,
            "is_generated": True,
        }
        for kind, name, licence in (
            ("background_video", "wan_image_to_video", "apache-2.0"),
            ("clean_frame0", "flux2_klein", None),
            ("edited_frame0", "flux2_klein", None),
        )
    ],
}
"""Where one of them is from: a new sample."""


def made_release(sample_release: Path, root: Path) -> None:
    """Write a release of three pairs: of real clips, loose and in tars, and of one that is broken."""
    clips = [
        (sample_release / "location" / kind / "Sparkle_location_000000.mp4").read_bytes()
        for kind in ("source_video", "edited_video")
    ]
    mask = io.BytesIO()
    save_mask(mask, np.pad(np.ones((81, 36, 64), bool), ((0, 0), (18, 18), (32, 32))))
    write_files(root, {asset_path("time", "source_video_mask", WHOLE): mask.getvalue()})
    for kind, clip in zip(("source_video", "edited_video"), clips, strict=True):
        write_files(
            root,
            {
                f"time/{kind}/{WHOLE}.mp4": clip,
                f"time/{kind}/{BROKEN}.mp4": clip if kind == "source_video" else b"no video" * 400,
                f"time_{kind}_part00.tar": tar_bytes(
                    [(f"time/{kind}/filler.txt", b"x" * 700), (f"time/{kind}/{IN_TAR}.mp4", clip)]
                ),
            },
        )


def made_tables() -> ExplorerTables:
    """The tables of four samples, curated at the published thresholds: the first two are kept."""
    by_stage: dict[str, dict[str, float]] = {}
    for name, values in SCORES.items():
        for stage, value in values.items():
            by_stage.setdefault(stage, {})[name] = value
    known_samples = known(*SCORES)
    frame0 = stills(
        "edited_frame0_scores", {IN_TAR: still([(20, 20, 20)], SC_reasoning="A halo. <i>Fine.</i>")}
    )
    return ExplorerTables(
        verdicts=apply_thresholds(known_samples, scores(**by_stage), THRESHOLDS, "reject"),
        annotations=annotations(
            csv_row(WHOLE, 2, prompt=HOSTILE, subtheme="night", chosen_keyword="night: <u>dunes</u>"),
            csv_row(
                IN_TAR, 3, prompt="Put a lighthouse behind her", subtheme="dawn", chosen_keyword="dawn: coast"
            ),
            metadata(BROKEN, prompt="Broken", subtheme="dawn", chosen_keyword="dawn: bay"),
            csv_row(ALONE, 4, prompt="Nothing to see"),
        ),
        scores={"edited_frame0": frame0},
        preflight=pl.DataFrame(
            {
                "id": [WHOLE, IN_TAR],
                "outcome": ["loads", "refused"],
                "reasons": [[], ["too_short"]],
                "is_dropped": [False, True],
                "detail": [None, "source_video: 3 frames"],
            }
        ),
        boxes=pl.DataFrame(
            {
                "id": [WHOLE] * 2,
                "round": [1, 2],
                "frame_index": [0, 0],
                "label": ["<s>walker</s>", "walker"],
                "bbox_2d": [[0.0, 0.0, 10.0, 10.0], [250.0, 250.0, 750.0, 750.0]],
                "is_found": [True, True],
            }
        ),
        policies={"missing_scores": "reject", "imputed_scores": "keep"},
        origins=pl.DataFrame([(IN_TAR, True, json.dumps(ORIGIN))], ORIGINS, orient="row"),
    )


@contextmanager
def served(tables: ExplorerTables, store: AssetStore, **settings: Any) -> Iterator[tuple[str, Settings]]:
    """The address of a running explorer, and what it was started with."""
    chosen = Settings(port=0, **settings)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(create_app(tables, store, chosen), access_log=None)
    loop.run_until_complete(runner.setup())
    loop.run_until_complete(web.TCPSite(runner, chosen.host, 0).start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", chosen
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def made_store(sample_release: Path, folder: Path) -> AssetStore:
    """The store of ``made_release``, written into a folder."""
    made_release(sample_release, folder / "release")
    return ingested(folder / "release", folder)


def asked(
    address: str, method: str = "GET", headers: Mapping[str, str] | None = None, content: object = None
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of an answer; ``content`` is sent as JSON."""

    async def ask() -> tuple[int, Mapping[str, str], bytes]:
        import aiohttp  # noqa: PLC0415

        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, headers=headers, json=content) as answer,
        ):
            return answer.status, answer.headers, await answer.read()

    return asyncio.run(ask())
