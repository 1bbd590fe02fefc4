"""Where each file of the release lies, relative to its root, with ``/`` between folders.

Source: dataset card, "Repository Structure" and "Pipeline Intermediates".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import NamedTuple

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.sample_ids import parse_sample_id
from sparkle_curation.spec.themes import THEMES

TRAIN, VAL = "train", "val"
SPLITS: tuple[str, str] = (TRAIN, VAL)
"""The parts of a variant; the release has the first alone."""

PROMPTS_FOLDER = str(PurePosixPath(dataset().annotations.csv).parent)
"""Folder of the training annotations, from the release root."""


@dataclass(frozen=True)
class AssetKind:
    """One kind of media file: its folder, its suffix, and the folder below the root that its files and shards lie in."""

    name: str
    suffix: str
    base_folder: str


ASSET_KINDS: dict[str, AssetKind] = {
    asset.name: AssetKind(asset.name, asset.suffix, asset.folder.strip("/")) for asset in dataset().assets
}
"""The asset kinds by name, in the order of the pipeline that made them."""


BASE_FOLDERS: tuple[str, ...] = tuple(
    dict.fromkeys(kind.base_folder for kind in ASSET_KINDS.values() if kind.base_folder)
)
"""Folders of the root, other than the root itself, that shards and the themes' folders lie in."""


@dataclass(frozen=True)
class AssetRoles:
    """The kind of asset that has each role, see ``spec.description.parts.Role``; empty where the dataset has none."""

    source_video: str
    edited_video: str
    source_frame0: str
    edited_frame0: str
    clean_frame0: str
    background_video: str
    mask: str
    edges_video: str


_BY_ROLE: dict[str, str] = {asset.role: asset.name for asset in dataset().assets if asset.role}
KIND = AssetRoles(**{role.name: _BY_ROLE.get(role.name, "") for role in fields(AssetRoles)})
"""The kinds by their role: ``KIND.source_video``."""


def annotations_csv_path(theme: str, split: str = TRAIN) -> str:
    """Path of a theme's training CSV, or of the one of another split."""
    return dataset().annotations.csv.format(theme=theme, split=split)


def metadata_jsonl_path(theme: str, split: str = TRAIN) -> str:
    """Path of a theme's metadata JSONL, the CSV's companion."""
    return dataset().annotations.metadata.format(theme=theme, split=split)


def intermediate_jsonl_path(theme: str, file_name: str) -> str:
    """Path of one of a theme's files of scores or groundings."""
    return "/".join(filter(None, (dataset().records_folder.strip("/"), theme, file_name)))


def asset_folder(theme: str, kind: str) -> str:
    """Folder of a theme's loose assets of one kind, ``{folder}/{theme}/{kind}``."""
    return "/".join(filter(None, (ASSET_KINDS[kind].base_folder, theme, kind)))


def asset_path(theme: str, kind: str, sample_id: str) -> str:
    """Path of an asset when loose, which is also where extracting its shard in place would put it."""
    return f"{asset_folder(theme, kind)}/{sample_id}.{ASSET_KINDS[kind].suffix}"


class AssetName(NamedTuple):
    """What the path of an asset says: theme, kind and sample id."""

    theme: str
    kind: str
    id: str


def _any_of(names: Iterable[str]) -> str:
    """A regular expression for one of some names, the longest that fits."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_ASSET_PATH = re.compile(
    rf"(?:.+/)?(?P<theme>{_any_of(THEMES)})/(?P<kind>{_any_of(ASSET_KINDS)})/(?P<id>[^/]+)\.[a-z0-9]+"
)


def parse_asset_path(path: str) -> AssetName | None:
    """What ``path`` (relative to the root) says of its asset; None when the layout has no such path.

    The theme of the folder, the theme in the id, the kind's folder and its suffix must all agree.

    >>> from sparkle_curation.spec.sample_ids import SampleId
    >>> path = asset_path(THEMES[0], KIND.source_video, str(SampleId(THEMES[0], 7)))
    >>> parse_asset_path(path).kind == KIND.source_video, parse_asset_path(f"x/{path}") is None
    (True, True)
    """
    match = _ASSET_PATH.fullmatch(path)
    if match is None:
        return None
    name = AssetName(match["theme"], match["kind"], match["id"])
    sample = parse_sample_id(name.id)
    return name if sample and sample.theme == name.theme and asset_path(*name) == path else None


class ShardName(NamedTuple):
    """What the path of a shard says: theme, kind and part number."""

    theme: str
    kind: str
    part: int


_SHARD = dataset().containers.shard
_SHARD_NAME = re.compile(
    re.escape(_SHARD)
    .replace(re.escape("{theme}"), f"(?P<theme>{_any_of(THEMES)})")
    .replace(re.escape("{kind}"), f"(?P<kind>{_any_of(ASSET_KINDS)})")
    .replace(re.escape("{part}"), "(?P<part>[0-9]+)")
)


def shard_path(theme: str, kind: str, part: int) -> str:
    """Path of one shard, from the release root."""
    digits = dataset().containers.part_digits
    name = _SHARD.format(theme=theme, kind=kind, part=f"{part:0{digits}d}")
    return "/".join(filter(None, (ASSET_KINDS[kind].base_folder, name)))


def parse_shard_path(path: str) -> ShardName | None:
    """What ``path`` (relative to the root) says of its shard; None when it is not one.

    >>> parse_shard_path(shard_path(THEMES[-1], KIND.source_video, 3)).part
    3
    """
    folder, _, name = path.rpartition("/")
    match = _SHARD_NAME.fullmatch(name)
    if match is None or folder != ASSET_KINDS[match["kind"]].base_folder:
        return None
    return ShardName(match["theme"], match["kind"], int(match["part"]))


def annotation_paths(theme: str) -> tuple[str, ...]:
    """Paths of a theme's training CSV and of its metadata JSONL; of a dataset with a shape the one of its records."""
    if shape := dataset().shape:
        return (shape.tables.path_of(theme),)
    return annotations_csv_path(theme), metadata_jsonl_path(theme)


def score_path(theme: str, stage: str, file_name: str) -> str:
    """Path of what holds a stage's scores of a theme: its JSONL file, or the records of a dataset with a shape."""
    if shape := dataset().shape:
        return shape.scores_of(stage).path_of(theme)
    return intermediate_jsonl_path(theme, file_name)
