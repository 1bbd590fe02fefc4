"""The needles of an excluded clip, from the release itself: a purge that was killed finds the same when run again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl
import xxhash

from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.assets.listing import find_asset_sources
from sparkle_curation.ingest.exclusions.resolving import ListedAsset, blocks_of, listed_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.byte_window import ByteWindow, Reading
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.removal.needles import Needles, parts_of
from sparkle_curation.spec.layout import ASSET_KINDS, KIND, annotation_paths
from sparkle_curation.spec.sample_ids import SAMPLE_ID, parse_sample_id
from sparkle_curation.spec.tables.ingested import JSONL_TABLES

_TEXTS = ("prompt", "original_scene")
_HASHES = ("index_hash", "content_hash", "frames_hash")


class ClipFacts(NamedTuple):
    """What a removal is about.

    Attributes:
        needles: that tell of the clip.
        assets: the files of its samples in the release, copies in tars too.
    """

    needles: Needles
    assets: list[ListedAsset]


def gather_facts(release: ReleaseFiles, ids: frozenset[str]) -> ClipFacts:
    """The needles of the samples, and their files; the other samples are looked at for what they share with them."""
    assets: list[ListedAsset] = []
    for source in find_asset_sources(release):
        if source.theme not in {found.theme for each in ids if (found := parse_sample_id(each))}:
            continue
        assets += [asset for asset in listed_assets(release, source) if asset.id in ids]
    hashes: set[str] = set()
    file_hashes: set[str] = set()
    for asset in assets:
        content = b"".join(blocks_of(release, asset))
        file_hashes.add(xxhash.xxh3_128_hexdigest(content))
        hashes |= set(file_digests(content))
        hashes |= set(_probed(asset.kind, content))
    return ClipFacts(
        Needles(
            ids,
            frozenset(_own_texts(release, ids)),
            frozenset(hashes),
            frozenset(asset.size for asset in assets),
            frozenset(file_hashes),
        ),
        assets,
    )


def file_digests(content: bytes) -> Iterator[str]:
    """What this project, hubs, DVC, stores and git call a file by."""
    yield xxhash.xxh3_128_hexdigest(content)
    yield hashlib.sha256(content).hexdigest()
    yield hashlib.md5(content, usedforsecurity=False).hexdigest()
    yield hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def without_shared(facts: ClipFacts, media: pl.LazyFrame, frame_hashes: pl.LazyFrame) -> ClipFacts:
    """The facts without hashes that samples which stay have too, such as those of an empty mask.

    Args:
        facts: of the clip.
        media: as inspected; without columns where there is none.
        frame_hashes: by ``near_duplicates``, likewise.
    """
    shared: set[str] = set()
    for table, names in ((media, _HASHES), (frame_hashes, ("fine_hash",))):
        there = [name for name in names if name in table.collect_schema().names()]
        if there:
            others = table.filter(~pl.col("id").is_in(list(facts.needles.ids)))
            for name in there:
                known = others.select(name).filter(pl.col(name).is_in(list(facts.needles.hashes)))
                shared |= set(known.collect()[name].drop_nulls())
    needles = facts.needles
    return ClipFacts(
        replace(needles, hashes=needles.hashes - shared, file_hashes=needles.file_hashes - shared),
        facts.assets,
    )


def _probed(kind: str, content: bytes) -> Iterator[str]:
    """The hashes that probing and hashing note of a file; none of one that they cannot read."""
    facts = probe(
        kind,
        ByteWindow(Reading(lambda start, length: content[start : start + length]), 0, len(content)),
        Depth.DECODE,
    )
    yield from (value for name in _HASHES if (value := getattr(facts, name)))
    with suppress(MediaError, OSError, ValueError):
        found = hash_picture(_first_picture(kind, content))
        if kind in {KIND.source_video, KIND.source_frame0}:
            yield found.fine_text


def _first_picture(kind: str, content: bytes) -> Any:
    from sparkle_curation.media.stills.images import read_image  # noqa: PLC0415 -- with Pillow

    suffix = ASSET_KINDS[kind].suffix
    if suffix == "mp4":
        return read_frames(io.BytesIO(content), [0])[0]
    if suffix == "png":
        return read_image(io.BytesIO(content))
    raise ValueError("no picture")


# ------------------------------------------------------------------ texts
def _own_texts(release: ReleaseFiles, ids: frozenset[str]) -> set[str]:
    """The prompts and descriptions of the samples that stand in no record of another sample, and parts of them likewise.

    The parts are those that no way of writing texts changes: they find a text that was cut, or is within three others.
    """
    own: set[str] = set()
    others: set[str] = set()
    for sample, texts in _records(release):
        (own if sample in ids else others).update(texts)
    every = "\n".join(others)
    # Nor the beginning of another's, as of the same prompt with a sentence more.
    return {text for text in parts_of(own) if text not in every}


def _records(release: ReleaseFiles) -> Iterator[tuple[str, set[str]]]:
    """Sample and texts of each record of the release that can be read."""
    tables = [table for table in JSONL_TABLES.values() if table.has_source]
    for theme in dict.fromkeys(source.theme for source in find_asset_sources(release)):
        csv_path, *json_paths = annotation_paths(theme)
        for path in (csv_path, *json_paths, *(table.path_of(theme) for table in tables)):
            if release.find(path) is None:
                continue
            with release.open(path) as stream:
                text = stream.read().decode("utf-8", "replace")
            yield from _csv_records(text) if path == csv_path else _json_records(text.splitlines())


def _csv_records(text: str) -> Iterator[tuple[str, set[str]]]:
    with suppress(csv.Error):
        for row in csv.DictReader(io.StringIO(text)):
            found = SAMPLE_ID.search(f"{row.get('task')} {row.get('src_video')}")
            if found:
                yield found[0], _texts_in(row)


def _json_records(lines: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    for line in lines:
        with suppress(ValueError, RecursionError):
            record = json.loads(line)
            if isinstance(record, dict):
                yield str(record.get("id")), _texts_in(record) | _texts_in(record.get("metadata"))


def _texts_in(record: Any) -> set[str]:
    found = record if isinstance(record, dict) else {}
    return {value for name in _TEXTS if isinstance(value := found.get(name), str) and value}
