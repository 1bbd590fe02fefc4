"""What a benchmark shares with what a model is trained on: by id, by prompt, and by what the source clip is and shows.

A near duplicate is told as ``near_duplicates`` tells it, by hashes of the first frame. A sample of any theme may leak one of
any other: clips of one source stand in several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame, frame_schema
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.spec.codes.bench_reasons import Likeness
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.sample_ids import SAMPLE_ID
from sparkle_curation.spec.tables.benchmark import BENCH_COMPARISON_COLUMNS, BENCH_LEAKAGE_COLUMNS
from sparkle_curation.variant.near_duplicates import prompt_words
from sparkle_curation.variant.near_hashes import near_between
from sparkle_curation.variant.sample_groups import LikenessParams, hashes_of

_ID = {"id": pl.String}


@dataclass(frozen=True)
class KnownSamples:
    """What is known of the samples that a benchmark is compared with, each frame with ``id``.

    Attributes:
        samples: once each, ``is_pair``: whether the release's CSVs have it.
        prompts: ``prompt``; a sample may have several.
        videos: ``index_hash`` and ``content_hash`` of whole source videos.
        hashes: ``frame_hash``, ``fine_hash`` and ``detail`` of first frames.
    """

    samples: pl.DataFrame
    prompts: pl.DataFrame
    videos: pl.DataFrame
    hashes: pl.DataFrame

    def only(self, ids: pl.Series) -> KnownSamples:
        """The same of some samples alone."""
        is_in = pl.col("id").is_in(ids.implode())
        return KnownSamples(
            *(frame.filter(is_in) for frame in (self.samples, self.prompts, self.videos, self.hashes))
        )


def gather_known(
    annotations: AnyFrame,
    media: AnyFrame,
    frame_hashes: AnyFrame,
    assets: AnyFrame,
    records: Sequence[AnyFrame],
) -> KnownSamples:
    """The samples of a release; a table that was never made is a frame without columns, and says nothing.

    Args:
        annotations: as ingested.
        media: as inspected.
        frame_hashes: of ``near_duplicates``.
        assets: as ingested.
        records: other ingested tables with ``id`` and ``prompt``: scores and groundings.
    """
    told = [_columns(table, ["id", "prompt"]) for table in (annotations, *records)]
    prompts = pl.concat(told).unique(maintain_order=True)
    pairs = (
        annotations.lazy().select("id", "csv_line").drop_nulls()
        if _has(annotations, "csv_line")
        else pl.LazyFrame(schema=_ID)
    )
    videos = pl.DataFrame(schema={**_ID, "index_hash": pl.String, "content_hash": pl.String})
    if _has(media, "kind"):
        whole = media.lazy().filter(pl.col("kind") == KIND.source_video, pl.col("error").is_null())
        videos = prefer_loose(whole.collect()).select("id", "index_hash", "content_hash")
    known = pl.concat([prompts.select("id"), _columns(assets, ["id"])])
    return KnownSamples(
        known.unique()
        .sort("id")
        .join(pairs.select("id", is_pair=True).collect(), on="id", how="left")
        .with_columns(pl.col("is_pair").fill_null(value=False)),
        prompts,
        videos,
        _columns(frame_hashes, ["id", "frame_hash", "fine_hash", "detail"]),
    )


def find_leakage(
    bench: pl.DataFrame, known: KnownSamples, likeness: LikenessParams, name: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each sample of the benchmark with each known sample that it is alike to, and how much could be compared.

    Args:
        bench: ``BENCH_SAMPLE_COLUMNS``, or those of them that are compared.
        known: the samples of a release or variant.
        likeness: when two first frames are taken for one clip's.
        name: of the benchmark.

    Returns:
        ``BENCH_LEAKAGE_COLUMNS``, by the order of the benchmark, then by id and likeness; ``BENCH_COMPARISON_COLUMNS``.
    """
    own = bench.rename({"sample_id": "id"}).with_row_index("place")
    bench_prompts = own.select("id", pl.col("edit_prompt").alias("prompt"))
    told, known_told = (_told(frame, likeness.min_detail) for frame in (own, known.hashes))
    hashes = ["index_hash", "content_hash"]
    has_file = pl.any_horizontal(pl.col(hashes).is_not_null())
    compared = {
        Likeness.ID: (own, known.samples),
        Likeness.PROMPT: (bench_prompts, known.prompts),
        Likeness.CONTENT: (own.filter(has_file), known.videos.filter(has_file)),
        Likeness.NEAR_DUPLICATE: (told, known_told),
    }
    pairs = {
        Likeness.ID: own.select("id", pl.col("id").alias("release_id")).join(
            known.samples.select(pl.col("id").alias("release_id")), on="release_id"
        ),
        Likeness.PROMPT: _equal(
            *(
                frame.select("id", prompt_words(pl.col("prompt")).alias("value"))
                for frame in compared[Likeness.PROMPT]
            )
        ),
        Likeness.CONTENT: pl.concat(
            _equal(
                *(frame.select("id", pl.col(column).alias("value")) for frame in compared[Likeness.CONTENT])
            )
            for column in hashes
        ).unique(),
        Likeness.NEAR_DUPLICATE: _near(told, known_told, likeness),
    }
    leakage = _as_table(own, known.samples, pairs)
    rows = [
        {
            "benchmark": name,
            "likeness": each.value,
            "bench_count": own.height,
            "bench_compared_count": compared[each][0]["id"].n_unique(),
            "release_count": known.samples.height,
            "release_compared_count": compared[each][1]["id"].n_unique(),
            "pair_count": alike.height,
            "bench_leaking_count": alike["sample_id"].n_unique(),
            "release_leaking_count": alike["release_id"].n_unique(),
        }
        for each in Likeness
        for alike in [leakage.filter(pl.col("likeness") == each.value)]
    ]
    return leakage, pl.DataFrame(rows, schema=frame_schema(BENCH_COMPARISON_COLUMNS))


def no_leakage() -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two tables where there is no benchmark: without rows."""
    return pl.DataFrame(schema=frame_schema(BENCH_LEAKAGE_COLUMNS)), pl.DataFrame(
        schema=frame_schema(BENCH_COMPARISON_COLUMNS)
    )


def _has(table: AnyFrame, column: str) -> bool:
    return column in table.lazy().collect_schema().names()


def _columns(table: AnyFrame, names: Sequence[str]) -> pl.DataFrame:
    """Columns of a table; no rows where it was never made."""
    if not _has(table, "id"):
        types = {"detail": pl.Float64()}
        return pl.DataFrame(schema={name: types.get(name, pl.String()) for name in names})
    return table.lazy().select(names).collect()


def _told(frame: pl.DataFrame, min_detail: float) -> pl.DataFrame:
    """Those whose first frame can be compared: it was read, and is not flat."""
    return frame.filter(
        pl.col("frame_hash").is_not_null(), pl.col("fine_hash").is_not_null(), pl.col("detail") >= min_detail
    )


def _equal(own: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """``id`` and ``release_id`` of equal values; null equals nothing."""
    others = known.drop_nulls("value").unique().rename({"id": "release_id"})
    return own.drop_nulls("value").join(others, on="value").select("id", "release_id")


def _near(own: pl.DataFrame, known: pl.DataFrame, likeness: LikenessParams) -> pl.DataFrame:
    schema = {**_ID, "release_id": pl.String, "distance": pl.Int32}
    if own.is_empty() or known.is_empty():
        return pl.DataFrame(schema=schema)
    few, many = (hashes_of(frame, likeness) for frame in (own, known))
    lefts, rights = near_between(few, many)
    distance = sum(
        np.bitwise_count(left[lefts] ^ right[rights])
        for left, right in zip(few[0].words, many[0].words, strict=True)
    )
    return pl.DataFrame(
        {"id": own["id"].gather(lefts), "release_id": known["id"].gather(rights), "distance": distance},
        schema_overrides={"distance": pl.Int32},
    )


def _as_table(own: pl.DataFrame, known: pl.DataFrame, pairs: Mapping[Likeness, pl.DataFrame]) -> pl.DataFrame:
    order = {each.value: place for place, each in enumerate(Likeness)}
    rows = pl.concat(
        [frame.with_columns(pl.lit(each.value).alias("likeness")) for each, frame in pairs.items()],
        how="diagonal",
    )
    return (
        rows.join(own.select("id", "theme", "place"), on="id")
        .join(known.select(pl.col("id").alias("release_id"), "is_pair"), on="release_id")
        .with_columns(pl.col("release_id").str.extract(f"^{SAMPLE_ID.pattern}$", 1).alias("release_theme"))
        .sort("place", "release_id", pl.col("likeness").replace_strict(order, return_dtype=pl.Int32))
        .rename({"id": "sample_id"})
        .select(pl.col(name).cast(dtype) for name, dtype in frame_schema(BENCH_LEAKAGE_COLUMNS).items())
    )
