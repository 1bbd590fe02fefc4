"""What a decision is bound to: a digest of what a person saw of a sample when deciding."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import polars as pl
from xxhash import xxh3_128

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.spec.stages import CRITERIA

BOUND_TO = "bound_to"


def bind(
    ids: Collection[str],
    annotations: AnyFrame,
    scores: Mapping[str, AnyFrame],
    assets: AnyFrame,
    media: AnyFrame,
) -> pl.DataFrame:
    """What decisions about these samples are bound to: ``id``, ``bound_to``, one row for each of ``ids``, sorted.

    The digest is of the prompt, of each criterion's score as the release has it, and of each asset's kind, size and header
    facts (``index_hash``: sizes and times of a video's frames, a picture's checksums). Where the tar lies that holds an
    asset does not matter, nor do thresholds and rescores.

    Args:
        ids: of samples; no table is read where there is none.
        annotations: as ingested.
        scores: by the stage's name, as ingested.
        assets: as ingested.
        media: as inspected.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return pl.DataFrame(schema={"id": pl.String, BOUND_TO: pl.String})
    seen: dict[str, list[object]] = {key: [] for key in wanted}
    is_wanted = pl.col("id").is_in(wanted)
    parts = [annotations.lazy().filter(is_wanted).select("id", "prompt")]
    parts += [
        scores[each.stage].lazy().filter(is_wanted).select("id", pl.col(each.score_column).cast(pl.Float64))
        for each in CRITERIA
    ]
    for number, part in enumerate(parts):
        for key, value in part.collect().iter_rows():
            seen[key].append((number, value))
    hashes = media.lazy().filter(is_wanted).select("id", "kind", "container", "path", "index_hash")
    files = (
        assets.lazy()
        .filter(is_wanted)
        .select("id", "kind", "container", "path", "size")
        .join(hashes, on=["id", "kind", "container", "path"], how="left", nulls_equal=True)
        .select("id", "kind", "size", "index_hash")
        .sort("id", "kind", "size", "index_hash")
        .collect()
    )
    for key, *facts in files.iter_rows():
        seen[key].append(facts)
    return pl.DataFrame(
        {"id": wanted, BOUND_TO: [xxh3_128(json.dumps(seen[key]).encode()).hexdigest() for key in wanted]}
    )
