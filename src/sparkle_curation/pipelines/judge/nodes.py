"""The steps of judging: cut-offs, verdicts, split, composition, counts."""

from __future__ import annotations

import polars as pl

from sparkle_curation.curation import emission, funnel
from sparkle_curation.curation.frames import Frame
from sparkle_curation.curation.prompt_hazards import find_prompt_hazards
from sparkle_curation.curation.verdicts import MissingScores, judge, list_known, split
from sparkle_curation.pipelines.judge.params import Thresholds
from sparkle_curation.release.stages import STAGE_NAMES


def resolve_cut_offs(threshold: float | None, thresholds: Thresholds) -> dict[str, float]:
    """The cut-off of each stage by its name; a ``threshold`` that is set replaces all of them.

    Raises:
        pydantic.ValidationError: ``threshold`` is no number of 0 to 10.
    """
    if threshold is not None:
        thresholds = Thresholds.model_validate(dict.fromkeys(STAGE_NAMES, threshold))
    return {stage: getattr(thresholds, stage) for stage in STAGE_NAMES}


def list_known_samples(
    annotations: Frame,
    edited_frame0_scores: Frame,
    foreground_removed_scores: Frame,
    edited_video_scores: Frame,
    grounding_r1: Frame,
    grounding_r2: Frame,
    assets: Frame,
) -> pl.DataFrame:
    """One row per sample id of any table, by theme and in the order of the release: ``id, theme, is_released``."""
    others = (
        edited_frame0_scores,
        foreground_removed_scores,
        edited_video_scores,
        grounding_r1,
        grounding_r2,
        assets,
    )
    return list_known(annotations, others)


def judge_samples(
    samples_known: Frame,
    edited_frame0_scores: Frame,
    foreground_removed_scores: Frame,
    edited_video_scores: Frame,
    cut_offs: dict[str, float],
    missing_scores: MissingScores,
) -> pl.DataFrame:
    """The verdicts: one row per known sample with each stage's score, cut-off and outcome.

    Raises:
        ReleaseError: scores are missing that ``missing_scores`` asks for.
        ConservationError: the verdicts are not one per known sample.
    """
    scores = (edited_frame0_scores, foreground_removed_scores, edited_video_scores)
    return judge(samples_known, dict(zip(STAGE_NAMES, scores, strict=True)), cut_offs, missing_scores)


def split_by_verdict(verdicts: Frame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The verdicts of the kept and of the rejected samples.

    Raises:
        ConservationError: kept and rejected are not all known samples.
    """
    return split(verdicts)


def look_up_prompts(
    samples_kept: Frame,
    annotations: Frame,
    edited_frame0_scores: Frame,
    foreground_removed_scores: Frame,
    edited_video_scores: Frame,
    grounding_r1: Frame,
    grounding_r2: Frame,
) -> pl.DataFrame:
    """Prompts of kept samples that the annotations lack: from the scores by stage, then the groundings."""
    tables = {
        "edited_frame0_scores": edited_frame0_scores,
        "foreground_removed_scores": foreground_removed_scores,
        "edited_video_scores": edited_video_scores,
        "grounding_r1": grounding_r1,
        "grounding_r2": grounding_r2,
    }
    return emission.find_prompts(samples_kept, annotations, tables)


def compose_variant(
    samples_kept: Frame, annotations: Frame, prompts_found: Frame, assets: Frame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The emitted samples, the kept ones that cannot be emitted, and the prompts that pandas changes.

    Raises:
        ConservationError: emitted and not emitted are not all kept samples.
    """
    emitted, not_emitted = emission.compose(samples_kept, annotations, prompts_found, assets)
    return emitted, not_emitted, find_prompt_hazards(emitted)


def measure_curation(
    verdicts: Frame,
    samples_not_emitted: Frame,
    prompt_warnings: Frame,
    cut_offs: dict[str, float],
    missing_scores: MissingScores,
) -> tuple[funnel.Metrics, pl.DataFrame, pl.DataFrame]:
    """The metrics, the funnel by theme and stage, and the funnel as a table to print.

    Raises:
        ConservationError: the counts do not add up.
    """
    counts = funnel.count_samples(verdicts, samples_not_emitted, prompt_warnings)
    return (
        funnel.build_metrics(counts, cut_offs, missing_scores),
        funnel.list_stages(counts, cut_offs),
        funnel.tabulate_funnel(counts),
    )
