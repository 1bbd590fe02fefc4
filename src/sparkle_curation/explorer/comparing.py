"""The present variant beside any other version of it: who was added, removed or changed since, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from sparkle_curation.errors import VersionError
from sparkle_curation.explorer.data import Samples
from sparkle_curation.spec.codes.diff_reasons import CHANGES
from sparkle_curation.variant.versions.diff import compare, count_by_reason
from sparkle_curation.variant.versions.version import VariantVersion

_GONE_SHOWN = 100
_KEPT = 4


@dataclass(frozen=True)
class Versions:
    """What can be compared with.

    Attributes:
        open: the version of a name: a revision of git, a folder, a named variant; the present one for an empty name.
        names: of what is at hand, to be offered.
    """

    open: Callable[[str], VariantVersion]
    names: Sequence[str] = ()


class Comparisons:
    """Compares, and keeps the last few for what is asked of single samples.

    Args:
        versions: what can be compared with; None where nothing can.
        samples: their numbers.
    """

    def __init__(self, versions: Versions | None, samples: Samples) -> None:
        self._versions, self._samples = versions, samples
        self._details: dict[str, dict[str, tuple[str, str]]] = {}

    def compare(self, name: str) -> dict[str, Any]:
        """What has changed from the version ``name`` to the present variant; becomes JSON.

        Members: ``name``; ``commit``, None for no revision; ``changes``, the words for them; ``reasons``; ``counts``, each
        as change, reason and how many samples; ``rows``, each as number of the sample, number of the change, number of the
        reason; ``gone``, some of the samples that no table knows any more as id, change, reason; ``gone_count``.

        Raises:
            VersionError: there is no such version, or its files are not of one curation.
        """
        if self._versions is None:
            raise VersionError("This explorer knows no other version", todo="kedro run --pipelines diff")
        base, present = self._versions.open(name), self._versions.open("")
        diff = compare(base, present)
        counts = (
            count_by_reason(diff)
            .group_by("change", "reason", maintain_order=True)
            .agg(pl.col("sample_count").sum())
        )
        reasons = counts["reason"].unique(maintain_order=True).to_list()
        numbers = {reason: number for number, reason in enumerate(reasons)}
        changes = {change: number for number, change in enumerate(CHANGES)}
        rows, gone = [], []
        for key, change, reason in diff.select("id", "change", "reason").iter_rows():
            place = self._samples.place.get(key)
            if place is None:
                gone.append((key, change, reason))
            else:
                rows.append((place, changes[change], numbers[reason]))
        told = diff.select("id", "change", "detail")
        self._details[name] = {key: (change, detail) for key, change, detail in told.iter_rows()}
        for old in list(self._details)[:-_KEPT]:
            del self._details[old]
        return {
            "name": name,
            "commit": base.commit,
            "changes": list(changes),
            "reasons": reasons,
            "counts": counts.rows(),
            "rows": rows,
            "gone": gone[:_GONE_SHOWN],
            "gone_count": len(gone),
        }

    def of_sample(self, name: str, sample_id: str) -> tuple[str, str] | None:
        """What became of one sample since ``name``: change, and causes with values; None for nothing, or not compared."""
        return self._details.get(name, {}).get(sample_id)

    @property
    def names(self) -> list[str]:
        """What can be offered to compare with."""
        return list(self._versions.names) if self._versions else []
