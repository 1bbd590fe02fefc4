"""Whether the headers of a sample's assets fit each other: no file is opened."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sparkle_curation.media.bboxes.sampled_frames import sampled_frame_count
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.consistency import HEADER_CHECKS

_EQUAL_FPS = 1e-3
_SIZE = ("width_px", "height_px")
_SHAPE = ("frame_count", *_SIZE)

_COMPARED: dict[str, tuple[str, str, Sequence[str]]] = {
    "is_pair_frame_count_equal": (KIND.source_video, KIND.edited_video, ("frame_count",)),
    "is_pair_size_equal": (KIND.source_video, KIND.edited_video, _SIZE),
    "is_mask_shape_equal": (KIND.mask, KIND.source_video, _SHAPE),
    "is_source_frame0_size_equal": (KIND.source_frame0, KIND.source_video, _SIZE),
    "is_edited_frame0_size_equal": (KIND.edited_frame0, KIND.edited_video, _SIZE),
    "is_edges_shape_equal": (KIND.edges_video, KIND.edited_video, _SHAPE),
}
"""Check -> the two kinds, and the columns of ``media`` in which they agree."""
_KINDS = sorted({kind for first, second, _ in _COMPARED.values() for kind in (first, second)})


def check_headers(media: pl.DataFrame, grounding_r2: pl.LazyFrame) -> pl.DataFrame:
    """``id``, ``theme`` and the ``HEADER_CHECKS``: one row per sample of the media, by first appearance.

    Args:
        media: columns of ``media``, one row per sample and kind.
        grounding_r2: with ``id``, ``frame_objects``.
    """
    samples = media.lazy().select("id", "theme").unique().sort("theme", "id")
    for kind in _KINDS:
        # The facts under the name of the kind; of broken assets none.
        whole = media.lazy().filter(pl.col("kind") == kind, pl.col("error").is_null())
        facts = whole.select("id", *(pl.col(name).alias(f"{kind}_{name}") for name in (*_SHAPE, "fps")))
        samples = samples.join(facts, on="id", how="left", maintain_order="left")
    grounded = grounding_r2.select("id", pl.col("frame_objects").list.len().alias("grounded_count"))
    samples = samples.join(grounded, on="id", how="left", maintain_order="left")
    source_fps, edited_fps = _fact(KIND.source_video, "fps"), _fact(KIND.edited_video, "fps")
    has_edges = _fact(KIND.edges_video, "frame_count").is_not_null()
    # Null without an edited video, and where no sample of the theme has an edges video: that part is not here.
    is_expected = has_edges.any().over("theme") & _fact(KIND.edited_video, "frame_count").is_not_null()
    checks = {
        **{
            check: pl.all_horizontal(_fact(first, name) == _fact(second, name) for name in columns)
            for check, (first, second, columns) in _COMPARED.items()
        },
        "is_pair_fps_equal": (source_fps - edited_fps).abs() < _EQUAL_FPS,
        "has_edges_video": pl.when(is_expected).then(has_edges),
        "is_grounding_frame_count_equal": pl.col("grounded_count")
        == sampled_frame_count(_fact(KIND.source_video, "frame_count"), source_fps),
    }
    return samples.select(
        "id", "theme", *(checks[field.name].alias(field.name) for field in HEADER_CHECKS)
    ).collect()


def _fact(kind: str, name: str) -> pl.Expr:
    return pl.col(f"{kind}_{name}")
