"""A version of a variant: what one curation left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from sparkle_curation.errors import VersionError
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.variant.facts import VariantFacts


@dataclass(frozen=True)
class CurationSettings:
    """What a curation decided by; None where unknown.

    Attributes:
        thresholds: by the stage's name.
        missing_scores: the policy for samples without a score.
        imputed_scores: the policy for samples with an imputed value in a score.
    """

    thresholds: Mapping[str, float] | None = None
    missing_scores: str | None = None
    imputed_scores: str | None = None

    @classmethod
    def from_metrics(cls, metrics: Mapping[str, Any]) -> CurationSettings:
        """The settings that ``curation_metrics`` begin with."""
        return cls(metrics.get("thresholds"), metrics.get("missing_scores"), metrics.get("imputed_scores"))

    def as_params(self) -> str | None:
        """The settings as ``--params`` of a run; None unless the thresholds are known.

        >>> CurationSettings({criterion.name: 8.0 for criterion in CRITERIA}).as_params()
        'threshold=8.0'
        """
        if not self.thresholds:
            return None
        primary = {self.thresholds[each.name] for each in CRITERIA if each.is_primary}
        is_one = len(primary) == 1
        thresholds = [
            *([f"threshold={primary.pop()}"] if is_one else []),
            *(
                f"thresholds.{each.name}={self.thresholds[each.name]}"
                for each in CRITERIA
                if not (is_one and each.is_primary)
            ),
        ]
        policies = {"missing_scores": self.missing_scores, "imputed_scores": self.imputed_scores}
        return ",".join([*thresholds, *(f"{name}={policy}" for name, policy in policies.items() if policy)])


@dataclass(frozen=True)
class VariantVersion:
    """One version of a variant.

    Attributes:
        name: as it was asked for, a git revision, a folder or ``workspace``.
        samples: the exported samples, with ``VARIANT_COLUMNS`` and ``split``.
        verdicts: as filtered; None for a version that is nothing but CSVs.
        settings: what it was filtered by.
        exported_count: the samples that its metrics speak of; None without metrics.
        not_exported: kept samples that could not be exported, ``id`` and ``reason``; None where it is not known.
        unloadable: pairs that the preflight dropped, ``id`` and ``reasons``; None where it is not known.
        source_files: the release's files as counted by ``ingest``; None where it is not known.
        commit: of a git revision.
        record: what its card tells; None where it is not known.
    """

    name: str
    samples: pl.DataFrame
    verdicts: pl.DataFrame | None = None
    settings: CurationSettings = field(default_factory=CurationSettings)
    exported_count: int | None = None
    not_exported: pl.DataFrame | None = None
    unloadable: pl.DataFrame | None = None
    source_files: pl.DataFrame | None = None
    commit: str | None = None
    record: VariantFacts | None = None


def check_version(version: VariantVersion) -> VariantVersion:
    """The version as it came, if its files belong together.

    A run that was killed between two outputs leaves the verdicts of one curation beside the CSVs of another; the
    reasons that follow from them would be wrong.

    Raises:
        VersionError: a sample is exported twice, or without a verdict that keeps it, or the metrics count others.
    """
    ids = version.samples["id"]
    if ids.n_unique() != len(ids):
        twice = ids.filter(ids.is_duplicated())[0]
        raise VersionError(
            "A version has a sample twice",
            where=version.name,
            got=twice,
            allowed="each id once in all its CSVs",
            todo="curate the release again, or mend the CSV",
        )
    faults = _without_verdict(version)
    exported, counted = version.samples.height, version.exported_count
    if counted not in (None, exported):
        faults.append(f"{exported} in the CSVs, {counted} in the metrics")
    if faults:
        raise VersionError(
            "The files of a version are not of one curation",
            where=version.name,
            got=faults[0],
            allowed="every exported sample is kept by its verdict and counted by the metrics",
            todo="curate again, and wait for the run to end: kedro run --pipelines curate",
        )
    return version


def without_samples(version: VariantVersion, ids: frozenset[str]) -> VariantVersion:
    """The version as if it had never had these samples."""
    if not ids:
        return version

    def others(table: pl.DataFrame | None) -> pl.DataFrame | None:
        return None if table is None else table.filter(~pl.col("id").is_in(list(ids)))

    samples = version.samples.filter(~pl.col("id").is_in(list(ids)))
    lost = version.samples.height - samples.height
    return replace(
        version,
        samples=samples,
        verdicts=others(version.verdicts),
        exported_count=None if version.exported_count is None else version.exported_count - lost,
        not_exported=others(version.not_exported),
        unloadable=others(version.unloadable),
    )


def _without_verdict(version: VariantVersion) -> list[str]:
    if version.verdicts is None:
        return []
    kept = version.verdicts.lazy().filter("is_kept").select("id")
    stray = version.samples.lazy().select("id").join(kept, on="id", how="anti").collect()["id"]
    return [f"{len(stray)} exported but not kept, such as {stray[0]}"] if len(stray) else []
