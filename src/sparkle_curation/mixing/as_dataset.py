"""A mix as a dataset of another shape: a description and records, so that all that works on a dataset works on a mix.

Its release is the folder of the data root in which mix and extracted media lie side by side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, get_args

import polars as pl
import yaml

from sparkle_curation.mixing.mix import Mix
from sparkle_curation.spec.description.parts import Role
from sparkle_curation.spec.description.reading import FORMAT
from sparkle_curation.spec.layout import TRAIN

DESCRIPTION = "dataset.yml"
FOLDER, MEDIA = "mix", "extracted_mix"
"""Of the mix and of its media, beside each other."""

_HEAD = """\
# The mix as a dataset of its own, written by `kedro run --pipelines mix`. How it is looked at: docs/mixes.md
"""


def describe(mix: Mix) -> dict[str, str]:
    """The description, and the records of each member as a theme of it, by path below the folder of the mix.

    What is held out is not among them: a dataset is split anew. Where each pair has a score, the score from 0 to 1 that its
    member ranks it by is a criterion, with 0 for a threshold.
    """
    inside = mix.samples.filter(pl.col("outcome") == TRAIN)
    members = inside["member"].unique(maintain_order=True).to_list()
    themes = dict(zip(members, theme_names(members), strict=True))
    has_scores = inside["score"].null_count() == 0
    texts = {
        DESCRIPTION: _HEAD
        + yaml.safe_dump(_description(mix, inside, themes, has_scores), sort_keys=False, allow_unicode=True)
    }
    for (member,), rows in inside.group_by("member", maintain_order=True):
        records = rows.select(
            pl.concat_str("member", "id", separator="/").alias("task"),
            "prompt",
            "src_video",
            "tgt_video",
            pl.col("theme").alias("member_theme"),
            "licence",
            "score",
        )
        lines = (json.dumps(row, ensure_ascii=False) for row in records.iter_rows(named=True))
        texts[f"records/{themes[str(member)]}.jsonl"] = "".join(f"{line}\n" for line in lines)
    return texts


def theme_names(members: Iterable[str]) -> list[str]:
    """A name of a theme for each member: lower-case letters, digits and ``_``, each another one.

    >>> theme_names(["Sparkle", "ditto-1m", "ditto_1m", "3d"])
    ['sparkle', 'ditto_1m', 'ditto_1m_2', 'm3d']
    """
    names: list[str] = []
    for member in members:
        name = re.sub("[^a-z0-9]", "_", member.lower())
        name = name if name[0].isalpha() else f"m{name}"
        number, free = 1, name
        while free in names:
            number += 1
            free = f"{name}_{number}"
        names.append(free)
    return names


def _description(mix: Mix, inside: pl.DataFrame, themes: dict[str, str], has_scores: bool) -> dict[str, Any]:
    sides = dict(zip(get_args(Role), ("src_video", "tgt_video"), strict=False))
    found = {
        member: rows["licence"].unique().to_list()
        for (member,), rows in inside.group_by("member", maintain_order=True)
    }
    licences = [
        {"id": each[0], "themes": [themes[str(member)]]}
        for member, each in found.items()
        if len(each) == 1 and each[0] != "unknown" and " and " not in each[0]
    ]
    stage = {
        "name": "rank",
        "title": "what its member ranks it by",
        "shape": "value",
        "judged": list(sides),
        "criteria": [{"field": "score", "threshold": 0.0, "scale": [0, 1]}],
    }
    return {
        "format": FORMAT,
        "name": "mix",
        "title": f"A mix of {', '.join(themes)}",
        "themes": [
            {"name": name, "title": mix.members[member]["title"] or member} for member, name in themes.items()
        ],
        "assets": [{"name": name, "suffix": "mp4", "role": name} for name in sides],
        **({"licences": licences} if licences else {}),
        "scores": {"stages": [stage] if has_scores else []},
        "shape": {
            "tables": {"path": f"{FOLDER}/records/{{theme}}.jsonl", "format": "jsonl"},
            "samples": [{"prompt": "prompt"}],
            "identity": {"column": "task"},
            "media": {name: {"path": column, "root": MEDIA} for name, column in sides.items()},
        },
    }
