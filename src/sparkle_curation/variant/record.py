"""The record of a variant: what its card tells, as JSON beside it, for whoever goes on from the variant.

The card is for people; the record is read again, by whatever speaks of a variant that was made before. It is written
and replaced together with the variant's files, so it never speaks of another variant than the one it lies beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

import polars as pl
from xxhash import xxh3_128

from sparkle_curation.engine.io.format_version import with_format_version, without_format_version
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.errors import VersionError
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.variant.facts import Split, VariantFacts
from sparkle_curation.variant.provenance import CodeVersion, DataVersion

RECORD_NAME = "variant.json"
"""Name of the record, in the folder of the variant."""

_IDENTIFYING = ("theme", "split", "id", "prompt", "src_video", "tgt_video")
_LIBRARIES = ("kedro", "polars", "pyarrow", "av", "great-expectations")


def identify_variant(samples: pl.DataFrame) -> str:
    """The version of a variant: 32 hexadecimal digits, the same for the same CSVs.

    Order counts within a theme and split, as in its CSV; which of them stands first does not.

    Args:
        samples: with ``theme``, ``split``, ``id``, ``prompt``, ``src_video``, ``tgt_video``: what its CSVs are made of.
    """
    digest = xxh3_128()
    for batch in samples.select(_IDENTIFYING).sort("theme", "split", maintain_order=True).iter_slices():
        digest.update(batch.write_csv(include_header=False, quote_style="always").encode())
    return digest.hexdigest()


def name_libraries() -> dict[str, str]:
    """The versions of Python and of what decides a variant's content, by their names on the package index."""
    found = {"python": python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_record(facts: VariantFacts) -> str:
    """The record as indented JSON; numbers of samples by theme under ``counts``."""
    own_licences = {theme: dict(counts) for theme, counts in facts.own_licences.items()}
    members = {
        "dataset": dataset().name,
        "version": facts.version,
        "sample_count": facts.sample_count,
        "splits": [asdict(split) for split in facts.splits],
        "thresholds": dict(facts.thresholds),
        "missing_scores": facts.missing_scores,
        "imputed_scores": facts.imputed_scores,
        "imputed_why": facts.imputed_why,
        "settings": dict(facts.settings),
        "code": asdict(facts.code),
        "data": {name: value for name, value in asdict(facts.data).items() if value is not None},
        "libraries": dict(facts.libraries),
        "overrides": dict(facts.overrides),
        "censored": dict(facts.censored),
        **({"benchmark": dict(facts.benchmark)} if facts.benchmark else {}),
        **({"tuned_on_bench": dict(facts.tuned_on_bench)} if facts.tuned_on_bench else {}),
        **({"own_licences": own_licences} if own_licences else {}),
        **({"audit": [dict(row) for row in facts.audit]} if facts.audit else {}),
        "counts": facts.counts.to_dicts(),
    }
    return json.dumps(with_format_version(members), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_record(text: str, *, where: object) -> VariantFacts:
    """What ``write_record`` was given.

    Raises:
        FormatVersionError: it is of a later version of this project.
        VersionError: it is no record, or one of another dataset.
    """
    try:
        found: Mapping[str, Any] = read_json(text)
        members = without_format_version(found, where=where, made_by="filter")
        facts = VariantFacts(
            splits=[Split(**split) for split in members["splits"]],
            counts=pl.DataFrame(members["counts"], infer_schema_length=None),
            thresholds=members["thresholds"],
            missing_scores=members["missing_scores"],
            imputed_scores=members["imputed_scores"],
            imputed_why=members["imputed_why"],
            code=CodeVersion(**members["code"]),
            data=DataVersion(**members["data"]),
            settings=members["settings"],
            version=members["version"],
            libraries=members["libraries"],
            overrides=members.get("overrides", {}),
            censored=members.get("censored", {}),
            benchmark=members.get("benchmark", {}),
            tuned_on_bench=members.get("tuned_on_bench", {}),
            audit=members.get("audit", ()),
            own_licences=members.get("own_licences", {}),
        )
        name = members["dataset"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VersionError(
            "The record of the variant cannot be read",
            where=where,
            got=f"{type(error).__name__}: {error}",
            allowed="what a run of the filter pipeline writes",
            todo="make the variant again: kedro run --pipelines filter",
        ) from None
    if name != dataset().name:
        raise VersionError(
            "The variant is one of another dataset",
            where=where,
            got=name,
            allowed=dataset().name,
            todo="give the data root of this dataset, or --env with the environment of that one",
        )
    return facts
