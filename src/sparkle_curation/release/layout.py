"""Where each file of the release lies, relative to its root, with ``/`` between folders.

Source: dataset card, "Repository Structure" and "Pipeline Intermediates".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sparkle_curation.release.sample_ids import ID_DIGITS
from sparkle_curation.release.themes import THEMES

TRAIN, VAL = "train", "val"
SPLITS: tuple[str, str] = (TRAIN, VAL)
"""The parts of a variant; the release has the first alone."""

INTERMEDIATE_FOLDER = "intermediate_data"
PROMPTS_FOLDER = "prompts"


@dataclass(frozen=True)
class AssetKind:
    """One kind of media file: its folder, its suffix, and whether it lies under ``intermediate_data/``."""

    name: str
    suffix: str
    is_intermediate: bool

    @property
    def base_folder(self) -> str:
        """Folder of the shards of this kind, and the root that their member paths are relative to."""
        return INTERMEDIATE_FOLDER if self.is_intermediate else ""


ASSET_KINDS: dict[str, AssetKind] = {
    kind.name: kind
    for kind in (
        AssetKind("source_video", "mp4", is_intermediate=False),
        AssetKind("edited_video", "mp4", is_intermediate=False),
        AssetKind("source_frame0", "png", is_intermediate=True),
        AssetKind("edited_frame0", "png", is_intermediate=True),
        AssetKind("edited_frame0_foreground_removed", "png", is_intermediate=True),
        AssetKind("edited_background_video", "mp4", is_intermediate=True),
        AssetKind("source_video_mask", "npz", is_intermediate=True),
        AssetKind("edited_video_canny", "mp4", is_intermediate=True),
    )
}
"""The eight asset kinds by name, in the order of the pipeline that made them."""


def annotations_csv_path(theme: str, split: str = TRAIN) -> str:
    """Path of a theme's training CSV, or of the one of another split."""
    return f"{PROMPTS_FOLDER}/{theme}_{split}.csv"


def metadata_jsonl_path(theme: str, split: str = TRAIN) -> str:
    """Path of a theme's metadata JSONL, the CSV's companion."""
    return f"{PROMPTS_FOLDER}/{theme}_{split}_metadata.jsonl"


def intermediate_jsonl_path(theme: str, file_name: str) -> str:
    """Path of one of a theme's five intermediate JSONL files."""
    return f"{INTERMEDIATE_FOLDER}/{theme}/{file_name}"


def asset_folder(theme: str, kind: str) -> str:
    """Folder of a theme's loose assets of one kind.

    >>> asset_folder("time", "edited_frame0")
    'intermediate_data/time/edited_frame0'
    """
    base = ASSET_KINDS[kind].base_folder
    return f"{base}/{theme}/{kind}" if base else f"{theme}/{kind}"


def asset_path(theme: str, kind: str, sample_id: str) -> str:
    """Path of an asset when loose, which is also where extracting its shard in place would put it.

    >>> asset_path("time", "source_video", "Sparkle_time_000028")
    'time/source_video/Sparkle_time_000028.mp4'
    """
    return f"{asset_folder(theme, kind)}/{sample_id}.{ASSET_KINDS[kind].suffix}"


class AssetName(NamedTuple):
    """What the path of an asset says: theme, kind and sample id."""

    theme: str
    kind: str
    id: str


_ASSET_PATH = re.compile(
    rf"(?:(?P<base>{INTERMEDIATE_FOLDER})/)?(?P<theme>{'|'.join(THEMES)})/(?P<kind>[a-z0-9_]+)/"
    rf"(?P<id>Sparkle_(?P=theme)_[0-9]{{{ID_DIGITS}}})\.(?P<suffix>[a-z0-9]+)"
)


def parse_asset_path(path: str) -> AssetName | None:
    """What ``path`` (relative to the root) says of its asset; None when the layout has no such path.

    The theme of the folder, the theme in the id, the kind's folder and its suffix must all agree.

    >>> parse_asset_path("time/source_video/Sparkle_time_000028.mp4")
    AssetName(theme='time', kind='source_video', id='Sparkle_time_000028')
    >>> parse_asset_path("time/source_video/Sparkle_style_000028.mp4") is None
    True
    """
    match = _ASSET_PATH.fullmatch(path)
    if match is None:
        return None
    name = AssetName(match["theme"], match["kind"], match["id"])
    is_known = name.kind in ASSET_KINDS and asset_path(*name) == path
    return name if is_known else None


class ShardName(NamedTuple):
    """What the path of a shard says: theme, kind and part number."""

    theme: str
    kind: str
    part: int


_SHARD_PATH = re.compile(
    rf"(?:(?P<base>{INTERMEDIATE_FOLDER})/)?"
    rf"(?P<theme>{'|'.join(THEMES)})_(?P<kind>{'|'.join(ASSET_KINDS)})_part(?P<part>[0-9]+)\.tar"
)


def shard_path(theme: str, kind: str, part: int) -> str:
    """Path of one shard.

    >>> shard_path("style", "source_video_mask", 3)
    'intermediate_data/style_source_video_mask_part03.tar'
    """
    base = ASSET_KINDS[kind].base_folder
    return f"{base}/{theme}_{kind}_part{part:02d}.tar" if base else f"{theme}_{kind}_part{part:02d}.tar"


def parse_shard_path(path: str) -> ShardName | None:
    """What ``path`` (relative to the root) says of its shard; None when it is not one."""
    match = _SHARD_PATH.fullmatch(path)
    if match is None or (match["base"] or "") != ASSET_KINDS[match["kind"]].base_folder:
        return None
    return ShardName(match["theme"], match["kind"], int(match["part"]))


def annotation_paths(theme: str) -> tuple[str, str]:
    """Paths of a theme's training CSV and of its metadata JSONL."""
    return annotations_csv_path(theme), metadata_jsonl_path(theme)
