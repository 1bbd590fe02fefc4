"""A built benchmark as files: the published CSVs and metadata, its media, its card, and what it says of itself."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from xxhash import xxh3_128

from sparkle_curation.bench.samples.building import UNLISTED, BuildParams, Chosen, Fate
from sparkle_curation.bench.samples.checking import FACTS_NAME
from sparkle_curation.escaping import markdown_code, markdown_prose, markdown_text
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.spec.benchmark import (
    annotations_path,
    metadata_path,
    ref_image_path,
    source_video_path,
)
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.licences import UNKNOWN, licence_of, licence_terms
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.metadata_text import write_metadata

CARD_NAME = "README.md"


@dataclass(frozen=True)
class BuiltBenchmark:
    """A benchmark that is to be written.

    Attributes:
        samples: see ``building.Chosen``.
        texts: by path, from its root.
        store: where its media are taken from.
        benchmark: with the layout.
    """

    samples: pl.DataFrame
    texts: Mapping[str, bytes]
    store: AssetStore
    benchmark: Benchmark

    def media(self) -> Iterator[tuple[str, str, str]]:
        """The path of each media file, the sample that it is of, and its kind in the release."""
        for sample_id, theme, has_image in self.samples.select("id", "theme", "has_ref_image").rows():
            yield source_video_path(self.benchmark, theme, sample_id), sample_id, KIND.source_video
            if has_image:
                yield ref_image_path(self.benchmark, theme, sample_id), sample_id, KIND.clean_frame0


def compose(
    chosen: Chosen,
    benchmark: Benchmark,
    params: BuildParams,
    store: AssetStore,
    thresholds: Mapping[str, float],
    data: str,
    *,
    is_near_compared: bool,
) -> BuiltBenchmark:
    """The benchmark with its texts; the same samples give the same bytes.

    Args:
        chosen: its samples, and what became of the other candidates.
        benchmark: as described, with the layout.
        params: what it was made by.
        store: the assets of the release.
        thresholds: of the verdicts, by the name of the criterion.
        data: the version of the release.
        is_near_compared: whether near duplicates were looked for.
    """
    name = params.name or f"{dataset().title}-Bench-own"
    texts: dict[str, bytes] = {}
    for theme in THEMES:
        rows = chosen.samples.filter(pl.col("theme") == theme)
        if rows.height:
            texts[annotations_path(benchmark, theme)] = _csv(rows, benchmark)
            metadata = io.BytesIO()
            write_metadata(rows, metadata)
            texts[metadata_path(benchmark, theme)] = metadata.getvalue()
    version = xxh3_128(b"".join(texts[path] for path in sorted(texts))).hexdigest()
    facts = {
        "name": name,
        "version": version,
        "counts": {
            "samples": chosen.samples.height,
            "themes": chosen.samples["theme"].n_unique(),
            "subthemes": chosen.samples.n_unique(["theme", "subtheme"]),
            "scenes": chosen.samples.n_unique(["theme", "subtheme", "scene"]),
        },
        "rule": {
            "passed": list(benchmark.passed),
            "failed": benchmark.failed,
            "thresholds": dict(thresholds),
        },
        "settings": params.model_dump(exclude={"name"}),
        "data": data,
    }
    texts[FACTS_NAME] = (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
    texts[CARD_NAME] = _card(chosen, facts, benchmark, is_near_compared=is_near_compared).encode()
    return BuiltBenchmark(chosen.samples, texts, store, benchmark)


def _csv(rows: pl.DataFrame, benchmark: Benchmark) -> bytes:
    columns = benchmark.columns
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow([columns.theme, columns.prompt, columns.source])
    for sample_id, theme, prompt in rows.select("id", "theme", "prompt").rows():
        writer.writerow([theme, prompt, source_video_path(benchmark, theme, sample_id)])
    return text.getvalue().encode()


_CARD = """\
---
pretty_name: {title}
license: {licence_id}
task_categories: [video-to-video]
tags: [benchmark, {tags}]
---

# {name}

{samples:,} samples of {dataset} to compare models of instruction-guided video editing on, in the layout of {published}:
a CSV and a metadata file a theme, source videos, and images of the new background that are **not curated**. Version
`{version}`, a digest of its rows; data version `{data}`.

## Rule

Each sample passed {passed} and failed {failed}; it is in no training CSV of the variant that it was made beside.

{thresholds}

{leaks}

## Samples

{table}

At most {per_scene} a scene{in_all}, seed {seed}, one of each source clip and prompt. Of {candidates:,} candidates were left
out:

{left_out}
{unlisted}
## Use

```bash
kedro run --pipelines bench_ingest --params bench_root=/path/to/this/folder
kedro run --pipelines bench_outputs --params bench_root=/path/to/this/folder,bench_models.NAME=/path/to/its/outputs
```

A model's edited video of a sample is to lie at `{output}` in the folder of its outputs. Curate again after `bench_ingest`,
and what is alike to a sample of it is left out of the variant.

## Licence

{licence}
"""


_UNLISTED = """
**{count:,} samples stand under `{name}: {name}`**, since the release has no keyword of them.
"""


def _card(chosen: Chosen, facts: Mapping[str, Any], benchmark: Benchmark, *, is_near_compared: bool) -> str:
    counts, rule, settings = facts["counts"], facts["rule"], facts["settings"]
    themes = [theme for theme in THEMES if theme in set(chosen.samples["theme"])]
    licences = {licence_of(theme, KIND.source_video).id or UNKNOWN for theme in themes}
    left = chosen.candidates.filter(pl.col("fate") != Fate.CHOSEN.value)
    fates = dict(left.group_by("fate").len().rows())
    unlisted = chosen.samples.filter(pl.col("subtheme") == UNLISTED).height
    by_theme = [
        (
            markdown_code(theme),
            f"{rows.height:,}",
            f"{rows['subtheme'].n_unique():,}",
            f"{rows.n_unique(['subtheme', 'scene']):,}",
        )
        for theme in themes
        for rows in [chosen.samples.filter(pl.col("theme") == theme)]
    ]
    total = ("total", *(f"{counts[name]:,}" for name in ("samples", "subthemes", "scenes")))
    bounds = [
        f"{markdown_code(each.name)} {'>=' if each.is_at_least else '<='} {exact(rule['thresholds'][each.name])}"
        for each in CRITERIA
    ]
    near = (
        "by id, prompt, source file and first frame" if is_near_compared else "by id, prompt and source file"
    )
    not_near = (
        ""
        if is_near_compared
        else " **Near duplicates were not looked for** (`kedro run --pipelines near_duplicates`)."
    )
    leaking = "left out" if settings["leaking"] == "drop" else "**kept in**"
    return _CARD.format(
        title=json.dumps(facts["name"], ensure_ascii=False),
        name=markdown_text(facts["name"]),
        licence_id=licences.pop() if len(licences) == 1 and UNKNOWN not in licences else "other",
        tags=", ".join(dataset().tags),
        samples=counts["samples"],
        dataset=markdown_text(dataset().title),
        published=markdown_text(benchmark.name),
        version=facts["version"],
        data=facts["data"],
        passed=" and ".join(markdown_code(stage) for stage in rule["passed"]) or "no stage before",
        failed=markdown_code(rule["failed"]),
        thresholds="Thresholds: " + ", ".join(bounds) + ".",
        leaks=f"What is alike to a pair of that variant, {near}, was {leaking}.{not_near}",
        table=_table(("theme", "samples", "subthemes", "scenes"), [*by_theme, total]),
        per_scene=settings["per_scene"] or "any number",
        in_all=f", {settings['samples']:,} in all" if settings["samples"] else "",
        seed=settings["seed"],
        candidates=chosen.candidates.height,
        left_out="\n".join(f"- {fates[fate.value]:,}: {fate.meaning}" for fate in Fate if fate.value in fates)
        or "- none",
        unlisted=_UNLISTED.format(count=unlisted, name=UNLISTED) if unlisted else "",
        output=benchmark.output,
        licence="\n\n".join(map(markdown_prose, licence_terms(themes))) or "See the release.",
    )


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headers, ("---",) * len(headers), *rows))
