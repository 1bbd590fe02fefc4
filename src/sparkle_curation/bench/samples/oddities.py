"""What is odd about the samples of a benchmark, whatever its layout: their files, and what several of them share."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from sparkle_curation.bench.samples.probing import MISSING, SourceFacts
from sparkle_curation.loader.kiwi_edit import FRAME_STEP
from sparkle_curation.spec.codes.bench_reasons import BenchReason


def oddities_of_source(
    source_path: str, found: SourceFacts, ref_path: str | None
) -> Iterator[tuple[BenchReason, str]]:
    """What is odd about the files of a sample.

    Args:
        source_path: of the source video.
        found: what is known of the files.
        ref_path: of the reference image; None for a benchmark without such images.
    """
    if found.error == MISSING:
        yield BenchReason.MISSING_SOURCE, f"{source_path} is not there"
    elif found.error:
        yield BenchReason.BROKEN_SOURCE, f"{found.error}: {found.error_detail}"
    elif found.video.frame_count and (found.video.frame_count - 1) % FRAME_STEP:
        detail = f"{found.video.frame_count} frames; {(found.video.frame_count - 1) // FRAME_STEP * FRAME_STEP + 1} would do"
        yield BenchReason.UNEVEN_LENGTH, detail
    if not found.has_ref_image:
        yield BenchReason.MISSING_REF_IMAGE, f"{ref_path}: {found.ref_image_error}"


def what_is_shared(samples: pl.DataFrame) -> dict[str, list[tuple[BenchReason, str]]]:
    """By sample what it shares with others: the folder of another scene, or the source video."""
    told: dict[str, list[tuple[BenchReason, str]]] = defaultdict(list)
    scenes: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    sources: dict[str, list[str]] = defaultdict(list)
    rows = samples.select("sample_id", "theme", "subtheme", "scene", "output_path", "index_hash").rows()
    for sample_id, theme, subtheme, scene, path, index_hash in rows:
        if path is not None:
            # Some file systems take names that differ in case alone for one.
            scenes[theme, posixpath.dirname(path).casefold()].add((subtheme, scene))
        if index_hash is not None:
            sources[index_hash].append(sample_id)
    for sample_id, theme, subtheme, scene, path, index_hash in rows:
        others = scenes[theme, posixpath.dirname(path).casefold()] - {(subtheme, scene)} if path else set()
        if others:
            named = ", ".join(sorted(repr(": ".join(other)) for other in others))
            told[sample_id].append(
                (BenchReason.SHARED_FOLDER, f"{posixpath.dirname(path)} is that of {named} too")
            )
        if index_hash is not None and len(sources[index_hash]) > 1:
            named = ", ".join(other for other in sources[index_hash] if other != sample_id)
            told[sample_id].append((BenchReason.SHARED_SOURCE, f"the source video is that of {named} too"))
    return told
