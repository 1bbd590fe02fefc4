"""What is to be told of a variant: its splits, its counts, and what it was made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sparkle_curation.filtering.own_licences import AND
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.layout import SPLITS, TRAIN, annotations_csv_path
from sparkle_curation.spec.licences import joint_licence, licence_ids
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.provenance import CodeVersion, DataVersion

_CELLS = ("prompt", "src_video", "tgt_video", "id")
"""Columns of a sample that its row in the CSV is made of; ``id`` is ``task`` there."""
_OFFSET_BYTES = 4


@dataclass(frozen=True)
class Split:
    """The samples of a theme for training, or those for validation, as a hub calls them.

    Attributes:
        name: the theme for training, ``time_val`` for its validation.
        theme: whose samples.
        path: of its CSV, below the variant's root.
        sample_count: rows of the CSV.
        num_bytes: its cells as a hub's Arrow table holds them: each text in UTF-8, and an offset.
    """

    name: str
    theme: str
    path: str
    sample_count: int
    num_bytes: int


@dataclass(frozen=True)
class VariantFacts:
    """What a card tells.

    Attributes:
        splits: those that have samples, by theme.
        counts: one row per theme, then the total, from ``funnel.count_samples``.
        thresholds: by the stage's name.
        missing_scores: what became of samples without a score.
        imputed_scores: what became of samples with an imputed score.
        code: the code that the variant was made by.
        data: the release that it was made from.
        imputed_why: what the policy for imputed scores followed from, to stand after it; empty where it was asked for.
        settings: further parameters that decide which samples are in it, by their dotted names; null for a default
            that needs no word.
        version: of the variant's rows, from ``record.identify_variant``.
        libraries: the versions of what it was made with, by name.
        overrides: what was decided by hand, counted; empty where nothing was.
        benchmark: what is said of the benchmark, from ``filtering.benchmark_leaks``; empty where none was ingested.
        tuned_on_bench: whether other settings were evaluated before, by the name of each benchmark of the ledger.
        audit: what people found who judged a sample blind, by theme, side and score bin; empty where nobody has.
        own_licences: of samples that have licences of their own: theme -> these in words -> samples.
        censored: themes by criterion in which the released scores hold nothing that the published threshold rejects.
    """

    splits: Sequence[Split]
    counts: pl.DataFrame
    thresholds: Mapping[str, float]
    missing_scores: MissingScores
    imputed_scores: ImputedScores
    code: CodeVersion
    data: DataVersion
    imputed_why: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    version: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    censored: Mapping[str, Sequence[str]] = field(default_factory=dict)
    benchmark: Mapping[str, Any] = field(default_factory=dict)
    tuned_on_bench: Mapping[str, str] = field(default_factory=dict)
    audit: Sequence[Mapping[str, Any]] = ()
    own_licences: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def sample_count(self) -> int:
        """The samples of all splits."""
        return sum(split.sample_count for split in self.splits)

    @property
    def themes(self) -> list[str]:
        """The themes of the samples, each once."""
        return list(dict.fromkeys(split.theme for split in self.splits))

    def is_all_own(self, theme: str) -> bool:
        """Whether each pair of a theme has licences of its own, so that what is described of the theme says nothing."""
        count = sum(split.sample_count for split in self.splits if split.theme == theme)
        return sum(self.own_licences.get(theme, {}).values()) == count > 0

    def licences_of(self, theme: str) -> list[str]:
        """All licences that pairs of a theme have: as it is described, and those that samples have of their own."""
        own = [each for words in self.own_licences.get(theme, {}) for each in words.split(AND)]
        described = () if self.is_all_own(theme) else licence_ids(theme)
        return list(dict.fromkeys([*described, *own]))

    @property
    def joint_licence(self) -> str:
        """The licence of all pairs together, as hubs write it: the one that all have, else ``other``."""
        return joint_licence({each for theme in self.themes for each in self.licences_of(theme)})


def list_splits(samples: pl.DataFrame) -> list[Split]:
    """The splits that have samples, in the order of the themes, training first.

    Args:
        samples: with ``theme``, ``split``, ``id``, ``prompt``, ``src_video``, ``tgt_video``.
    """
    num_bytes = pl.sum_horizontal(pl.col(_CELLS).str.len_bytes().sum() + _OFFSET_BYTES * pl.len())
    sizes = samples.group_by("theme", "split").agg(pl.len().alias("count"), num_bytes.alias("num_bytes"))
    found = {(theme, split): (count, size) for theme, split, count, size in sizes.iter_rows()}
    return [
        Split(
            theme if split == TRAIN else f"{theme}_{split}",
            theme,
            annotations_csv_path(theme, split),
            *found[theme, split],
        )
        for theme in THEMES
        for split in SPLITS
        if (theme, split) in found
    ]
