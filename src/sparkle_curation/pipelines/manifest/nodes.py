"""The nodes of ``manifest``."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import xxhash

from sparkle_curation.datasets.pipeline_code_dataset import PipelineCode
from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.ingest import manifest, sources_at_hand
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.benchmark import benchmark_below


def require_release(release: ReleaseFiles, allow_empty: bool) -> ReleaseFiles:
    """The release, once it is known to be one.

    Raises:
        ReleaseError: nothing of a release is there.
    """
    sources_at_hand.check_release(release, sources_at_hand.NO_SOURCES, allow_empty=allow_empty)
    return release


def list_release_texts(release: ReleaseFiles) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The manifest of the release's texts, one row per file, known by its content; and those contents."""
    return manifest.list_texts(release)


def list_release_media(release: ReleaseFiles) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The manifest of the release's media, one row per tar and folder of loose assets; and contents that were read."""
    return manifest.list_media(release)


def list_benchmark(benchmark: ReleaseFiles | None) -> pl.DataFrame:
    """The manifest of the benchmark, one row per text and folder of media; without rows where there is none."""
    return manifest.list_benchmark(benchmark, benchmark_below(benchmark.find) if benchmark else None)


def digest_code(pipeline_code: Mapping[str, PipelineCode]) -> dict[str, str]:
    """A digest of the code of each pipeline, by its name: what DVC runs a stage again for."""
    return {
        name: xxhash.xxh3_128_hexdigest(f"{code_digest(*code.modules)} {code.wiring}".encode())
        for name, code in sorted(pipeline_code.items())
    }
