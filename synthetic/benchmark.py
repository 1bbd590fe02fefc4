"""A made benchmark, and the outputs of two made models: one that did all, and one with every fault that outputs have."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sparkle_curation.bench.samples.checking import FACTS_NAME
from sparkle_curation.spec.benchmark import (
    annotations_path,
    metadata_path,
    output_path,
    ref_image_path,
    source_video_path,
    split_keyword,
)
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.themes import THEMES
from synthetic.clips import Clip, Frames, draw_clip
from synthetic.encode import mp4_bytes, png_bytes
from synthetic.plan import SamplePlan, plan_theme
from synthetic.records import json_line, metadata_record
from synthetic.texts import edit_prompt, keywords_of

SAMPLES_A_THEME = 6
FIRST_NUMBER = 900_000
"""Of the ids: behind all of the made release, so that the two share none."""
FRAME_COUNT = 33
_OPENING = "Edit the background alone."  # so that no prompt is one of the release by chance
GOOD, POOR = "good", "poor"

Fault = Callable[[Clip], bytes | None]
"""The output of a model for a clip; None for none."""


@dataclass(frozen=True)
class MadeBenchSample:
    """One sample of the made benchmark.

    Attributes:
        plan: what it was made from.
        clip: its frames.
    """

    plan: SamplePlan
    clip: Clip

    @property
    def path(self) -> str:
        """Where a model's output for it lies."""
        parts = split_keyword_or_fail(self.plan.keyword)
        return output_path(benchmark(), self.plan.id.theme, *parts, str(self.plan.id))


def split_keyword_or_fail(keyword: str) -> tuple[str, str]:
    """Subtheme and scene of a keyword of ours."""
    found = split_keyword(keyword, benchmark().keyword_separator)
    if found is None:
        raise ValueError(f"{keyword!r} has no subtheme")
    return found


def benchmark() -> Benchmark:
    """The benchmark that the description tells."""
    found = dataset().benchmark
    if found is None:
        raise ValueError("the description of the dataset has no benchmark")
    return found


def write_benchmark(folder: Path, models: Path, seed: int) -> None:
    """Write the made benchmark into one folder, and the outputs of each model into a folder of the other."""
    samples = made_samples(seed)
    files = [*benchmark_files(samples, seed), *model_files(samples)]
    for path, content in files:
        root, _, rest = path.partition("/")
        target = folder / rest if root == benchmark().name else models / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def made_samples(seed: int) -> list[MadeBenchSample]:
    """The samples, theme by theme, each scene of a theme in turn."""
    return [
        MadeBenchSample(plan, _clip(plan, seed))
        for theme in benchmark().themes
        for plan in plan_bench_theme(theme, seed)
    ]


def plan_bench_theme(theme: str, seed: int, count: int = SAMPLES_A_THEME) -> list[SamplePlan]:
    """The samples of a theme: each passed the stages before the last and failed that, as the published rule has it."""
    rng = np.random.default_rng([seed, THEMES.index(theme), FIRST_NUMBER])
    keywords = keywords_of(theme)
    plans = []
    for place, plan in enumerate(plan_theme(theme, count, seed + 1)):
        keyword = keywords[place % len(keywords)]
        plans.append(
            replace(
                plan,
                id=SampleId(theme, FIRST_NUMBER + plan.id.number),
                rejected_at=benchmark().failed,
                frame_count=FRAME_COUNT,
                keyword=keyword,
                prompt=f"{_OPENING} {edit_prompt(theme, keyword, rng)}",
            )
        )
    return plans


def benchmark_files(samples: Sequence[MadeBenchSample], seed: int) -> Iterator[tuple[str, bytes]]:
    """Every file of the benchmark with its path, the benchmark's name before it."""
    known = benchmark()
    yield f"{known.name}/README.md", _readme(len(samples), seed)
    yield f"{known.name}/{FACTS_NAME}", _facts(samples)
    for theme in known.themes:
        plans = [sample.plan for sample in samples if sample.plan.id.theme == theme]
        yield (
            f"{known.name}/{annotations_path(known, theme)}",
            bench_csv_bytes(_csv_row(plan) for plan in plans),
        )
        lines = b"".join(json_line(metadata_record(plan)) for plan in plans)
        yield f"{known.name}/{metadata_path(known, theme)}", lines
    for sample in samples:
        where = (sample.plan.id.theme, str(sample.plan.id))
        yield f"{known.name}/{source_video_path(known, *where)}", mp4_bytes(sample.clip.source)
        yield f"{known.name}/{ref_image_path(known, *where)}", png_bytes(sample.clip.background[0])


def model_files(samples: Sequence[MadeBenchSample]) -> Iterator[tuple[str, bytes]]:
    """Every output of both models with its path, the model's name before it."""
    for place, sample in enumerate(samples):
        yield f"{GOOD}/{sample.path}", mp4_bytes(sample.clip.edited)
        made = POOR_OUTPUTS[place % len(POOR_OUTPUTS)](sample.clip)
        if made is not None:
            yield f"{POOR}/{sample.path}", made


def bench_csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV of the benchmark, with its header."""
    columns = benchmark().columns
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([columns.theme, columns.prompt, columns.source])
    writer.writerows(rows)
    return text.getvalue().encode()


def _csv_row(plan: SamplePlan) -> tuple[str, str, str]:
    theme = plan.id.theme
    return theme, plan.prompt, source_video_path(benchmark(), theme, str(plan.id))


def _clip(plan: SamplePlan, seed: int) -> Clip:
    rng = np.random.default_rng([seed, THEMES.index(plan.id.theme), plan.id.number])
    return draw_clip(plan.figure, plan.source_scene, plan.keyword, plan.frame_count, rng)


# ------------------------------------------------------------------ what the poor model made
def _pale(frames: Frames) -> Frames:
    """The frames with half of their contrast: a poor edit, and a whole video."""
    return (frames // 2 + 64).astype(np.uint8)


def _whole(clip: Clip) -> bytes:
    return mp4_bytes(_pale(clip.edited))


def _missing(_clip: Clip) -> None:
    return None


def _at_15_fps(clip: Clip) -> bytes:
    """As the published inference script writes it: sources have 16 frames a second, its outputs 15."""
    return mp4_bytes(_pale(clip.edited), fps=15)


def _lower(clip: Clip) -> bytes:
    """As its height of 704 for sources of 720: the sides are multiples of 32 or so."""
    return mp4_bytes(_pale(clip.edited)[:, :64])


def _shorter(clip: Clip) -> bytes:
    return mp4_bytes(_pale(clip.edited)[:-8])


def _cut(clip: Clip) -> bytes:
    """What is left of a file when writing it is killed."""
    content = _whole(clip)
    return content[: len(content) // 2]


def _empty(_clip: Clip) -> bytes:
    return b""


def _no_video(_clip: Clip) -> bytes:
    return b"RuntimeError: CUDA out of memory\n"


def _unedited(clip: Clip) -> bytes:
    return mp4_bytes(clip.source)


POOR_OUTPUTS: tuple[Fault, ...] = (
    _whole, _missing, _at_15_fps, _lower, _shorter, _whole, _cut, _empty, _unedited, _no_video, _whole,
)  # fmt: skip
"""What the poor model made of one sample after the other, over and over."""


def _facts(samples: Sequence[MadeBenchSample]) -> bytes:
    """What the benchmark says of itself: fewer samples than are published."""
    labels = {(sample.plan.id.theme, *split_keyword_or_fail(sample.plan.keyword)) for sample in samples}
    counts = {
        "samples": len(samples),
        "themes": len({theme for theme, _, _ in labels}),
        "subthemes": len({(theme, subtheme) for theme, subtheme, _ in labels}),
        "scenes": len(labels),
    }
    return (json.dumps({"name": f"made {benchmark().name}", "counts": counts}, indent=2) + "\n").encode()


def _readme(count: int, seed: int) -> bytes:
    known = benchmark()
    return f"""# A made {known.name}

{count} samples in the layout of the published benchmark, all of it made up: drawn clips, invented instructions. Beside it
lie the outputs of two made models, `{GOOD}` and `{POOR}`; of those of `{POOR}` some are missing, cut, broken, unedited, or
of another length, size or rate.

Made by `make sample` with seed {seed}.
""".encode()
