"""The texts of a mix: its training CSVs, its record, and its card."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.engine.io.format_version import with_format_version
from sparkle_curation.escaping import markdown_prose, markdown_text
from sparkle_curation.mixing import as_dataset
from sparkle_curation.mixing.mix import Mix, count
from sparkle_curation.mixing.params import MixGroup
from sparkle_curation.spec.layout import SPLITS, TRAIN, VAL
from sparkle_curation.spec.tables.mixing import MixOutcome
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.variant.record import identify_variant

RECORD_NAME = "mix.json"
CARD_NAME = "README.md"

_CARD = """\
# A mix of {count} datasets

Version `{version}`: {train:,} pairs for training{val}. Made by `kedro run --pipelines mix`, which replaces this folder
whole: keep nothing of your own in it.

`{csv}` has the columns that Kiwi-Edit reads. Each path begins with the folder of its member, which
`kedro run --pipelines extract --params extract.of=mix` fills; the folder that they lie in is the trainer's
`--dataset_base_path`. `task` is `member/id`, since two datasets may have one id. No row is repeated.

## What came from where

{origins}

{order}

## What is not in it

{losses}

Each sample with its reason is in `mix_samples.parquet`.

## Licences

{licences}

Who passes the mix on keeps to all of them.

## What was compared

{compared}
"""


def csv_path(split: str) -> str:
    """Of the CSV of a split, from the folder of the mix."""
    return f"prompts/mix_{split}.csv"


def compose(mix: Mix, params: MixGroup, likeness: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the mix by path: a CSV for each split that has samples, record, card, and the mix as a dataset."""
    inside = _in_mix(mix.samples)
    texts = {}
    for split in SPLITS:
        rows = inside.filter(pl.col("split") == split)
        if rows.height:
            target = io.BytesIO()
            write_training_csv(rows, target)
            texts[csv_path(split)] = target.getvalue().decode()
    version = identify_variant(inside)
    record = _record(mix, params, likeness, version)
    texts[RECORD_NAME] = (
        json.dumps(with_format_version(record), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
    texts[CARD_NAME] = _card(mix, params, version)
    return texts | as_dataset.describe(mix)


def _in_mix(samples: pl.DataFrame) -> pl.DataFrame:
    """What ``identify_variant`` and the CSVs take: ``id`` is ``member/id``, ``theme`` likewise."""
    return samples.filter(pl.col("outcome").is_in([TRAIN, VAL])).select(
        pl.concat_str("member", "id", separator="/").alias("id"),
        pl.concat_str("member", "theme", separator="/").alias("theme"),
        pl.col("outcome").alias("split"),
        "prompt",
        "src_video",
        "tgt_video",
    )


def _shares(mix: Mix) -> dict[str, dict[str, Any]]:
    """By member: what is known, trains and validates, and the shares that were wanted and got."""
    train = mix.samples.filter(pl.col("outcome") == TRAIN).height
    weights = {name: each["weight"] for name, each in mix.members.items()}
    total = sum(weight or 0 for weight in weights.values())
    shares = {}
    for name, weight in weights.items():
        own = mix.samples.filter(pl.col("member") == name)
        counts = dict(own.group_by("outcome").len().rows())
        shares[name] = {
            "known": own.height,
            "train": counts.get(TRAIN, 0),
            "val": counts.get(VAL, 0),
            "share_wanted": None if weight is None else weight / total,
            "share_got": counts.get(TRAIN, 0) / train,
            "lost": {
                each.value: counts[each.value]
                for each in MixOutcome
                if each.value in counts and each.value not in SPLITS
            },
        }
    return shares


def _record(mix: Mix, params: MixGroup, likeness: Mapping[str, Any], version: str) -> dict[str, Any]:
    shares = _shares(mix)
    return {
        "version": version,
        "sample_count": sum(each["train"] + each["val"] for each in shares.values()),
        "settings": params.settings,
        "likeness": dict(likeness),
        "members": {name: {**facts, **shares[name]} for name, facts in mix.members.items()},
        "benchmarks": dict(mix.benchmarks),
        "counts": count(mix.samples).to_dicts(),
    }


def _card(mix: Mix, params: MixGroup, version: str) -> str:
    shares = _shares(mix)
    val = sum(each["val"] for each in shares.values())
    origins = [
        [
            name,
            markdown_text(mix.members[name]["title"] or mix.members[name]["dataset"]),
            f"{each['known']:,}",
            f"{each['train']:,}",
            f"{each['val']:,}",
            "all"
            if each["share_wanted"] is None
            else f"{mix.members[name]['weight']:g} ({each['share_wanted']:.1%})",
            f"{each['share_got']:.1%}",
        ]
        for name, each in shares.items()
    ]
    losses = [
        [row["member"], row["outcome"], markdown_text(row["reason"] or ""), f"{row['count']:,}"]
        for row in count(mix.samples)
        .filter(~pl.col("outcome").is_in(SPLITS))
        .group_by("member", "outcome", "reason", maintain_order=True)
        .agg(pl.col("count").sum())
        .to_dicts()
    ]
    return _CARD.format(
        count=len(mix.members),
        version=version[:12],
        train=sum(each["train"] for each in shares.values()),
        val=f", {val:,} for validation (`{csv_path(VAL)}`)" if val else "",
        csv=csv_path(TRAIN),
        origins=_table(("member", "dataset", "known", "train", "val", "weight", "got"), origins),
        order=_order(params),
        losses=_table(("member", "outcome", "reason", "samples"), losses)
        if losses
        else "All known samples are in it.",
        licences=_licences(mix),
        compared="\n".join(f"- {line}" for line in _compared(mix, params)),
    )


def _order(params: MixGroup) -> str:
    if params.budget is not None:
        return (
            f"The budget is {params.budget:,} pairs for training; where a member has too few for its share, "
            "the others fill it."
        )
    if all(each.weight is None for each in params.members.values()):
        return "There are no weights and no budget: each member gives all that it can."
    return "There is no budget: it is the largest mix with these shares in which no row is repeated."


def _licences(mix: Mix) -> str:
    inside = mix.samples.filter(pl.col("outcome").is_in(SPLITS))
    counts = inside.group_by("member", "licence", maintain_order=True).len().rows()
    rows = [[member, f"`{licence}`", f"{number:,}"] for member, licence, number in counts]
    terms = dict.fromkeys(term for facts in mix.members.values() for term in facts["terms"])
    return _table(("member", "licence", "pairs"), rows) + "".join(
        f"\n\n{markdown_prose(term)}" for term in terms
    )


def _compared(mix: Mix, params: MixGroup) -> list[str]:
    without = [name for name, facts in mix.members.items() if not facts["has_hashes"]]
    lines = [
        {
            "prompt": "Of samples of several members with one source clip and one prompt the first member's are kept.",
            "clip": "Of samples of several members with one source clip the first member's are kept.",
            "keep": "Near duplicates of several members were not left out.",
        }[params.near_duplicates]
    ]
    if without:
        lines.append(
            f"Content was not compared for {', '.join(without)}: without hashes of first frames, only equal files are found."
        )
    for name, number in mix.benchmarks.items():
        lines.append(f"All members were compared with the benchmark of {name} ({number:,} samples).")
    if not mix.benchmarks:
        lines.append(
            "No data root of a member has a benchmark that was ingested (`kedro run --pipelines bench_ingest`), "
            "so no member was compared with one."
        )
    leaking = mix.samples.filter(
        pl.col("outcome").is_in(SPLITS), pl.col("benchmark_leak").is_not_null()
    ).height
    if leaking:
        lines.append(
            f"{leaking:,} pairs are alike to a sample of a benchmark (`benchmark_leakage: keep`): do not report on it."
        )
    settings = {json.dumps(facts["preflight"], sort_keys=True) for facts in mix.members.values()}
    if len(settings) > 1:
        lines.append(
            "The members were checked for different sizes or frames of a training; see `preflight` in `mix.json`."
        )
    changed = {
        name: facts["changed_thresholds"]
        for name, facts in mix.members.items()
        if facts["changed_thresholds"]
    }
    lines += [f"{name} has thresholds of this mix: {', '.join(names)}." for name, names in changed.items()]
    return lines


def _table(headers: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [headers, ("---",) * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
