"""The tables of a mix: what became of each sample of each member, and the media that the mix needs."""

from __future__ import annotations

from enum import StrEnum

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS


class MixOutcome(StrEnum):
    """What became of a sample of a member."""

    TRAIN = "train"
    VAL = "val"
    REJECTED = "rejected"
    NOT_EXPORTED = "not_exported"
    UNLOADABLE = "unloadable"
    BENCHMARK_LEAK = "benchmark_leak"
    HELD_OUT = "held_out"
    NEAR_DUPLICATE = "near_duplicate"
    QUOTA = "quota"
    WEIGHT = "weight"
    BUDGET = "budget"


_MEMBER = Field("member", "string", "Name of the member, as `mix.members` has it; its folder in the mix.")

MIX_SAMPLE_COLUMNS: tuple[Field, ...] = (
    _MEMBER,
    Field("id", "string", "Id of the sample in its own dataset; two members may have it."),
    Field("theme", "string", "Theme, as its own dataset calls it."),
    Field(
        "outcome",
        "string",
        "`train`, `val`: in that CSV of the mix. Else why not: `rejected` by a threshold or by hand, `not_exported`, "
        "`unloadable` (the preflight), `benchmark_leak`, `held_out` (a member validates on its clip), `near_duplicate` "
        "(of another member), `quota`, `weight` (its member has more than its share), `budget`.",
    ),
    Field(
        "reason",
        "string",
        "The reason in its own words, such as the criterion; null where there is none.",
        True,
    ),
    Field("detail", "string", "What was found and what is allowed; null where the outcome says all.", True),
    Field("prompt", "string", "The edit prompt; null where the sample could not be exported.", True),
    Field(
        "src_video", "string", "Path of the source video in the mix, below the folder of its member.", True
    ),
    Field("tgt_video", "string", "Path of the edited video, likewise.", True),
    Field("licence", "string", "Licences of its two videos, as its own description has them, or `unknown`."),
    Field(
        "score",
        "float64",
        "What samples of a member are ranked by, from 0 to 1; null where there is no score.",
        True,
    ),
    Field(
        "clip",
        "string",
        "Its source clip: the smallest `member/id` of it over all members; null if not looked at.",
        True,
    ),
    Field(
        "preflight",
        "string",
        "What the loader does with the pair: `outcome` of `preflight`; null if not looked at.",
        True,
    ),
    Field(
        "preflight_reasons", "string", "Its reasons, separated by blanks; null where there are none.", True
    ),
    Field(
        "benchmark_leak",
        "string",
        "What it shares with a benchmark that a member has; null where that is nothing.",
        True,
    ),
)
"""Columns of ``mix_samples``: one row per known sample of each member, by member."""

MIX_MEDIA_COLUMNS: tuple[Field, ...] = (
    _MEMBER,
    Field("data_root", "string", "Data root of the member."),
    Field(
        "release_root",
        "string",
        "Where the member's release lies; null where nobody said so, and `extract` has to be told.",
        True,
    ),
    Field("description", "string", "The `dataset.yml` that describes the member."),
    *ASSET_COLUMNS,
)
"""Columns of ``mix_media``: one row per file that the mix needs; ``path`` is that in the member's own release."""
