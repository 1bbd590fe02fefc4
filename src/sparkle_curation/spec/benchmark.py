"""Where each file of the benchmark and each output of a model lies, and the names that they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

import xxhash

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.benchmarks import Benchmark, ListedBenchmark
from sparkle_curation.spec.layout import ASSET_KINDS, KIND

BENCHMARK: Benchmark | None = dataset().benchmark
"""The benchmark of the dataset; None for a dataset without."""

OTHER_BENCHMARKS: tuple[ListedBenchmark, ...] = dataset().other_benchmarks
"""Benchmarks of others that models of the dataset are compared on too."""

_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_MAX_NAME_BYTES = 200
"""Of the 255 that a file system takes: other programs put something before or behind a name."""


def benchmark_of(themes: Iterable[str]) -> Benchmark | ListedBenchmark | None:
    """The described benchmark that samples of these themes are of; None for a dataset without one."""
    found = set(themes)
    return next((each for each in OTHER_BENCHMARKS if found & set(each.themes)), BENCHMARK)


def benchmark_below(has_file: Callable[[str], object]) -> Benchmark | ListedBenchmark | None:
    """The described benchmark that a folder holds: another one where its CSV is there, else the dataset's, there or not.

    Args:
        has_file: whether there is a file at a path from the folder.
    """
    return next((each for each in OTHER_BENCHMARKS if has_file(each.annotations)), BENCHMARK)


def annotations_path(benchmark: Benchmark, theme: str) -> str:
    """Path of a theme's CSV, from the benchmark's root."""
    return benchmark.annotations.format(theme=theme)


def metadata_path(benchmark: Benchmark, theme: str) -> str:
    """Path of a theme's metadata JSONL."""
    return benchmark.metadata.format(theme=theme)


def source_video_path(benchmark: Benchmark, theme: str, sample_id: str) -> str:
    """Path of a source video."""
    suffix = ASSET_KINDS[KIND.source_video].suffix
    return f"{benchmark.source_videos}/{theme}/{sample_id}.{suffix}"


def ref_image_path(benchmark: Benchmark, theme: str, sample_id: str) -> str:
    """Path of the image of the new background."""
    suffix = ASSET_KINDS[KIND.clean_frame0].suffix if KIND.clean_frame0 else "png"
    return f"{benchmark.ref_images}/{theme}/{sample_id}.{suffix}"


def split_keyword(keyword: str, separator: str) -> tuple[str, str] | None:
    """Subtheme and scene of a ``chosen_keyword``, split at the first separator; None where one of them is empty.

    >>> split_keyword("era: a cafe: at night", ": ")
    ('era', 'a cafe: at night')
    >>> split_keyword("a cafe", ": ") is None
    True
    """
    subtheme, found, scene = keyword.partition(separator)
    return (subtheme, scene) if found and subtheme.strip() and scene.strip() else None


def published_key(scene: str) -> str:
    """The scene as the published scripts write it into a path: spaces become ``_``, and nothing else is changed.

    >>> published_key("a cafe/bar at night")
    'a_cafe/bar_at_night'
    """
    return scene.replace(" ", "_")


def safe_name(text: str) -> str:
    """The text as one name that every file system takes; itself where it is one.

    >>> safe_name("a_cafe/bar"), safe_name(".."), safe_name("neon_alley")
    ('a_cafe-bar', '--', 'neon_alley')
    """
    name = _UNSAFE.sub("-", text)
    # A name of dots climbs, one that begins with a dot is hidden; some systems drop dots and spaces at the end.
    name = re.sub(r"^\.+|[. ]+$", lambda found: "-" * len(found[0]), name) or "-"
    if len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    ending = f"-{xxhash.xxh3_64_hexdigest(name.encode())}"
    return name.encode()[: _MAX_NAME_BYTES - len(ending)].decode(errors="ignore") + ending


def scene_key(scene: str) -> str:
    """What stands for a scene in the path of an output: the published key where that is a safe name.

    >>> scene_key("ancient stone ruins"), scene_key("a cafe/bar")
    ('ancient_stone_ruins', 'a_cafe-bar')
    """
    return safe_name(published_key(scene))


def output_path(benchmark: Benchmark, theme: str, subtheme: str, scene: str, sample_id: str) -> str:
    """Path of a model's edited video of a sample, from the model's folder; no part of it leads elsewhere."""
    return benchmark.output.format(
        theme=theme, subtheme=safe_name(subtheme), scene_key=scene_key(scene), id=sample_id
    )


def published_output_path(
    benchmark: Benchmark, theme: str, subtheme: str, scene: str, sample_id: str
) -> str | None:
    """The same as the published inference script writes it; None where that leads out of the model's folder."""
    path = benchmark.output.format(
        theme=theme, subtheme=subtheme, scene_key=published_key(scene), id=sample_id
    )
    is_inside = not path.startswith("/") and ".." not in PurePosixPath(path).parts and "\0" not in path
    return path if is_inside else None
