"""The clip that somebody asks to have removed: as a file, or as the source of a sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from sparkle_curation.ingest.assets.listing import find_asset_sources
from sparkle_curation.ingest.exclusions.exclusion_list import (
    ExcludedClip,
    ExclusionError,
    ExclusionList,
    Request,
    clip_of,
    parse_exclusions,
)
from sparkle_curation.ingest.exclusions.resolving import ListedAsset, blocks_of, listed_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.sample_ids import ID_FORM, parse_sample_id

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Likeness:
    """When two first frames are taken for frames of one clip: bits of their hashes that may differ, and least detail."""

    max_distance: int
    max_fine_distance: int
    min_detail: float


def clip_in_file(path: Path, day: date, reason: Request) -> ExcludedClip:
    """The clip in a file of this machine.

    Raises:
        ExclusionError: there is no file, or an empty one; or the dataset has a shape of its own.
    """
    _require_own_layout()
    what = (
        "no such file"
        if not path.exists()
        else "a folder"
        if path.is_dir()
        else "an empty file"
        if not path.stat().st_size
        else ""
    )
    if what:
        raise ExclusionError(
            "The clip that is to be excluded is not there",
            where=f"exclude.clip={path}",
            got=what,
            allowed="the source clip as the release has it, byte for byte: a file of this machine",
            todo="give its path; or a sample that is made from it, exclude.id=...",
        )
    with path.open("rb") as file:
        return clip_of(iter(lambda: file.read(_BLOCK_BYTES), b""), day=day, reason=reason)


def clips_of_sample(release: ReleaseFiles, sample: str, day: date, reason: Request) -> list[ExcludedClip]:
    """The source clips of a sample; several where a copy of its clip, loose or in another tar, has other bytes.

    Raises:
        ExclusionError: the release has no source clip of it; or the dataset has a shape of its own.
    """
    _require_own_layout()
    parsed = parse_sample_id(sample)
    found = list(_source_clips(release, sample, parsed.theme)) if parsed else []
    if not found:
        raise ExclusionError(
            "There is no source clip of the sample" if parsed else "What is to be excluded is no sample",
            where=f"exclude.id={sample}",
            got=None if parsed else repr(sample),
            allowed="a sample whose source clip the release has" if parsed else ID_FORM,
            todo="look the id up in the CSVs of the release, or give the clip itself: exclude.clip=/path/to/clip.mp4",
        )
    clips = [clip_of(blocks_of(release, asset), day=day, reason=reason) for asset in found]
    return list({clip.source_hash: clip for clip in clips}.values())


def _require_own_layout() -> None:
    """Raises where outputs would be searched for texts of records that only a shape can tell."""
    if dataset().shape is not None:
        raise ExclusionError(
            "Clips of a dataset with a shape of its own are not excluded by this pipeline",
            where="shape in dataset.yml",
            allowed="the list: each pipeline that reads a release leaves out what stands in it",
            todo="add a line with the clip's SHA-256, length, day and reason to conf/base/ingest/exclusions.csv, "
            "delete the outputs of before, and run again: kedro run --pipelines curate",
        )


def listed_with(path: Path, clips: list[ExcludedClip]) -> ExclusionList:
    """The list at a path as it is with some more clips; one that is not there yet has none.

    Raises:
        ExclusionError: a line of it is none.
    """
    before = parse_exclusions(path.read_bytes() if path.is_file() else b"", where=str(path))
    known = {clip.source_hash for clip in before.clips}
    return ExclusionList(
        (*before.clips, *(clip for clip in clips if clip.source_hash not in known)), str(path)
    )


def near_duplicates_of(
    release: ReleaseFiles, assets: list[ListedAsset], frame_hashes: pl.LazyFrame, likeness: Likeness
) -> list[str]:
    """Samples that stay and whose first source frame is nearly that of the clip: the same clip encoded anew, perhaps.

    Args:
        release: with the clip.
        assets: of the samples that go.
        frame_hashes: by ``near_duplicates``; without columns where there is none.
        likeness: when two are near.
    """
    clip = next((asset for asset in assets if asset.kind == KIND.source_video), None)
    names = frame_hashes.collect_schema().names()
    if clip is None or "fine_hash" not in names:
        return []
    import io  # noqa: PLC0415

    picture = read_frames(io.BytesIO(b"".join(blocks_of(release, clip))), [0])[0]
    own = hash_picture(np.asarray(picture, np.uint8))
    gone = {asset.id for asset in assets}
    rows = frame_hashes.select("id", "frame_hash", "fine_hash", "detail").drop_nulls().collect()
    return [
        sample
        for sample, coarse, fine, detail in rows.iter_rows()
        if sample not in gone
        and min(detail, own.detail) >= likeness.min_detail
        and _distance(coarse, own.text) <= likeness.max_distance
        and _distance(fine, own.fine_text) <= likeness.max_fine_distance
    ]


def _source_clips(release: ReleaseFiles, sample: str, theme: str) -> Iterator[ListedAsset]:
    for source in find_asset_sources(release):
        if (source.theme, source.kind) == (theme, KIND.source_video):
            yield from (asset for asset in listed_assets(release, source) if asset.id == sample)


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
