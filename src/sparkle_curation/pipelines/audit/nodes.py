"""The step of the audit: draw the sample."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.audit_sample import draw_audit_sample
from sparkle_curation.pipelines.audit.params import AuditGroup

logger = logging.getLogger(__name__)


def draw_sample(verdicts: AnyFrame, params: AuditGroup) -> pl.DataFrame:
    """The samples to be judged, in an order that tells nothing: ``id``, ``stratum``, which is a digest."""
    drawn = draw_audit_sample(verdicts, params.size, params.seed)
    logger.info(
        "%s samples of %s strata are drawn; judge them blind: kedro explore, and ?blind=audit before the # of its address",
        f"{drawn.height:,}",
        f"{drawn['stratum'].n_unique():,}",
    )
    return drawn
