"""A made benchmark of one CSV, as OpenVE-Bench is, and the outputs of a made model: all there but one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparkle_curation.bench.samples.checking import FACTS_NAME
from sparkle_curation.spec.benchmark import OTHER_BENCHMARKS
from sparkle_curation.spec.description.benchmarks import ListedBenchmark
from sparkle_curation.spec.themes import THEMES
from synthetic.clips import draw_clip
from synthetic.encode import mp4_bytes
from synthetic.plan import plan_theme
from synthetic.texts import keywords_of

SAMPLES_A_KIND = 2
MODEL = "made"
MISSING = 3
"""Place of the sample that the model has no output of."""
_FRAME_COUNT = 17
_NAME_CHARS = 20


def listed() -> ListedBenchmark:
    """The first one of the description."""
    return OTHER_BENCHMARKS[0]


def write_listed_benchmark(folder: Path, models: Path, seed: int) -> None:
    """Write the made benchmark into one folder, and the outputs of the model into a folder of the other."""
    for path, content in _files(seed):
        root, _, rest = path.partition("/")
        target = folder / rest if root == listed().name else models / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _files(seed: int) -> Iterator[tuple[str, bytes]]:
    """Every file with its path, the name of the benchmark or of the model before it."""
    known = listed()
    kinds = [kind for kind in known.themes for _ in range(SAMPLES_A_KIND)] + list(known.left_out)
    rng = np.random.default_rng([seed, len(kinds)])
    keywords = keywords_of(THEMES[0])
    rows = []
    for place, (kind, plan) in enumerate(
        zip(kinds, plan_theme(THEMES[0], len(kinds), seed + 2), strict=True)
    ):
        keyword = keywords[place % len(keywords)]
        prompt = f"{kind.replace('_', ' ').capitalize()}: {keyword.partition(': ')[2]}."
        name = f"{place:04d}_{kind}_{prompt[:_NAME_CHARS].translate(str.maketrans(' :', '__'))}"
        rows.append((kind, prompt, f"{known.name}/videos/{name}.mp4"))
        clip = draw_clip(plan.figure, plan.source_scene, keyword, _FRAME_COUNT, rng)
        yield rows[-1][2], mp4_bytes(clip.source)
        if place != MISSING and kind in known.themes:
            yield f"{MODEL}/{known.output.format(id=name)}", mp4_bytes(clip.edited)
    columns = known.columns
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([(columns.theme, columns.prompt, columns.source), *rows])
    yield f"{known.name}/{known.annotations}", text.getvalue().encode()
    counts = {
        "records": len(rows),
        "samples": SAMPLES_A_KIND * len(known.themes),
        "themes": len(known.themes),
    }
    facts = {"name": f"made {known.name}", "counts": counts}
    yield f"{known.name}/{FACTS_NAME}", (json.dumps(facts, indent=2) + "\n").encode()
