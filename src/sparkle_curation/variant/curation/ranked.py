"""What the samples that could be exported are selected by, looked up in the tables that know it."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import join_by_id
from sparkle_curation.filtering.overrides.decisions import Decision
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.selection.ranking import rank_score
from sparkle_curation.variant import export


def rank_candidates(
    loadable: pl.DataFrame,
    verdicts: AnyFrame,
    annotations: AnyFrame,
    source_groups: AnyFrame,
    params: SelectionParams,
) -> pl.DataFrame:
    """One row per sample in its order, with the columns that ``select`` takes; what no limit asks for is not read.

    Args:
        loadable: the samples that could be exported: ``id``, ``theme``, ``prompt``.
        verdicts: with ``is_kept``, their scores, and what was kept by hand.
        annotations: with their subthemes.
        source_groups: of source clips: ``id``, ``group``.
        params: the limits.
    """
    ranked = loadable.select("id", "theme", *(["prompt"] if params.per_prompt is not None else []))
    if "subtheme" in params.balance:
        ranked = export.look_up(ranked, annotations, ["subtheme"])
    if params.per_source_clip is not None:
        clips = source_groups.lazy().select("id", pl.col("group").alias("clip"))
        ranked = join_by_id(ranked, clips.collect())
    judged = (
        verdicts.lazy()
        .filter("is_kept")
        .select(
            "id",
            rank_score(params.rank_by).alias("rank_score"),
            (pl.col("override") == Decision.KEEP.value).fill_null(value=False).alias("is_hand_kept"),
        )
    )
    return join_by_id(ranked, judged.collect())
