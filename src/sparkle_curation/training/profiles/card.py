"""The ``README.md`` beside the files of profiles: which trainer takes which, and what it is told."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from sparkle_curation.training.profiles.exporting import Fitted, file_name
from sparkle_curation.training.profiles.profile import ExportProfile, Preset

CARD_NAME = "README.md"
REPORT_NAME = "report.csv"

_CARD = """\
# The variant for other trainers

Of variant `{version}` ({pairs:,} pairs), for {preset}: {width} x {height}, {frames} frames.
Made by `kedro run --pipelines profiles`, which replaces this folder whole: keep nothing of your own in it.

| trainer | pairs | left out | told as |
|---|---|---|---|
{rows}

`{report}` has each pair that is left out, or odd, with its reason. Paths are from the folder of the media:
`kedro run --pipelines training_kit,extract` brings source and edited videos to `../extracted`.
"""


def describe_profiles(
    profiles: Sequence[ExportProfile],
    fitted: Mapping[str, Fitted],
    variant: tuple[str, int],
    preset_name: str,
    preset: Preset,
) -> str:
    """The card.

    Args:
        profiles: that were asked for, in their order.
        fitted: their pairs, by name.
        variant: its version, and how many pairs it has.
        preset_name: the size that was asked for.
        preset: what it means.
    """
    rows = []
    for profile in profiles:
        pairs, report = fitted[profile.name]
        left_out = report.filter(~report["is_exported"])["id"].n_unique()
        told = profile.how.format(
            file=file_name(profile), media=posixpath.join("..", "extracted"), **preset._asdict()
        )
        rows.append(f"| {profile.title} | {pairs.height:,} | {left_out:,} | `{told}` |")
    version, pair_count = variant
    return _CARD.format(
        version=version[:12],
        pairs=pair_count,
        preset=preset_name,
        width=preset.width_px,
        height=preset.height_px,
        frames=preset.num_frames,
        rows="\n".join(rows),
        report=REPORT_NAME,
    )
