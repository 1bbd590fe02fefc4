"""The table of signals: what a mask lets one measure of a pair, and what the prompt tells without one.

Sources: the aim that the foreground stays and the background is another one that moves is the dataset card's ("decoupled
guidance"); that no measure may see light, and the numbers of real pairs, are this project's own measurements, told in
``docs/decisions/0040-signals-see-no-light.md``.
"""

from __future__ import annotations

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, THEME


def _signal(name: str, description: str, minimum: float, maximum: float) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=minimum, maximum=maximum)


_LEVELS = 255.0

MASK_SIGNALS: tuple[Field, ...] = (
    _signal(
        "foreground_fidelity_min",
        "Whether lines in the foreground run as in the source: mean of cos 2d, where d is the angle between the gradients, "
        "weighted by the source's gradient, inside of the eroded mask; 1 the same lines, 0 unrelated ones. Of the measured "
        "frame where it is least.",
        -1,
        1,
    ),
    _signal("foreground_fidelity_mean", "The same, mean over the measured frames.", -1, 1),
    _signal(
        "background_novelty",
        "1 less the correlation of texture (what stands out of 9 x 9 pixels, at one contrast) outside of the mask, mean "
        "over the measured frames; 0 the same background, about 1 another one.",
        0,
        2,
    ),
    _signal(
        "background_liveliness",
        "Mean absolute change outside of the mask from one measured frame of the edited video to the next, "
        "`signals.frame_step` frames later, in grey levels of 0-255.",
        0,
        _LEVELS,
    ),
    _signal("source_background_liveliness", "The same of the source video.", 0, _LEVELS),
    _signal(
        "flicker_excess",
        "Mean absolute second difference in time inside of the mask over three frames that follow each other, in grey "
        "levels: that of the edited video less that of the source, which has the same motion.",
        -4 * _LEVELS,
        4 * _LEVELS,
    ),
)
"""Signals that need both videos and a mask."""

PROMPT_SIGNALS: tuple[Field, ...] = (
    Field(
        "prompt_chars", "int64", "Characters of the prompt; null without one.", is_optional=True, minimum=0
    ),
    Field(
        "same_prompt_count",
        "int64",
        "Samples of the release with exactly this prompt, itself among them; null without a prompt.",
        is_optional=True,
        minimum=1,
    ),
)
"""Signals that need no asset."""

CAMERA_SIGNALS: tuple[Field, ...] = (
    _signal(
        "camera_is_fixed",
        "1 where `camera` has the source's camera as fixed, 0 where as moving; null where it cannot tell, or was not run.",
        0,
        1,
    ),
    Field(
        "camera_drift_px",
        "float64",
        "The lesser of `drift_px` and `similarity_drift_px` of `camera`.",
        is_optional=True,
        minimum=0,
    ),
    Field("camera_shake_px", "float64", "`shake_px` of `camera`.", is_optional=True, minimum=0),
)
"""Signals of the source's camera, which `camera` measures."""

SIGNALS: tuple[Field, ...] = (*MASK_SIGNALS, *PROMPT_SIGNALS, *CAMERA_SIGNALS)
"""What a bound may be set to."""

MEASURED: tuple[Field, ...] = (
    *MASK_SIGNALS,
    Field("measured_count", "int64", "Frames that were measured.", is_optional=True, minimum=1),
    Field(
        "worst_frame",
        "int64",
        "The frame of `foreground_fidelity_min`, counted from 0 in either video.",
        is_optional=True,
        minimum=0,
    ),
)
"""What is seen only by reading both videos and the mask."""

SIGNAL_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    *MEASURED,
    *PROMPT_SIGNALS,
    *CAMERA_SIGNALS,
    Field(
        "error",
        "string",
        "Why signals are lacking: `no_video`, `no_mask`, `mask_shape`, `pair_shape`, `too_few_frames`, `too_few_pixels`, or "
        "a code of the media.",
        is_optional=True,
    ),
    Field("error_detail", "string", "What was found.", is_optional=True),
)
"""Columns of ``signals``: one row per sample that has a prompt or one of the three assets."""
