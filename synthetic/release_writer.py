"""The made release as files: every path with its bytes, in the published layout."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    annotations_csv_path,
    asset_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
    shard_path,
)
from sparkle_curation.spec.tables.ingested import (
    CSV_COLUMNS,
    GROUNDING_R1,
    GROUNDING_R2,
    JSONL_TABLES,
)
from sparkle_curation.spec.themes import THEMES
from synthetic.clips import Clip, draw_clip, edges
from synthetic.encode import EDGES_QP, encoder_versions, mask_npz_bytes, mp4_bytes, png_bytes
from synthetic.plan import SamplePlan, plan_theme
from synthetic.records import (
    Record,
    csv_row,
    grounding_r1_record,
    grounding_r2_record,
    json_line,
    metadata_record,
    still_score_record,
    video_score_record,
)

PREVIEW_COUNT = 4
"""Samples of each theme whose assets lie loose; the release has 100 (dataset card, "Online Preview")."""
SHARD_PARTS: dict[tuple[str, str], int] = {
    ("location", "source_video"): 2,
    ("location", "edited_video"): 2,
    ("location", "source_video_mask"): 2,
}
"""(theme, kind) -> parts that its shard is cut into, where it is more than one."""
_MTIME = 1_767_225_600  # 1 January 2026, 00:00 UTC, for every tar member
_BLOCK = tarfile.BLOCKSIZE

Track = Callable[[Sequence[SamplePlan]], Iterable[SamplePlan]]
"""Walks through samples and shows how far it is."""


@dataclass(frozen=True)
class MadeSample:
    """A sample with all that the release holds of it.

    Attributes:
        plan: what it was made from.
        records: its line of each JSONL table that it reached, by table name.
        assets: bytes of its media files, by kind.
    """

    plan: SamplePlan
    records: dict[str, Record]
    assets: dict[str, bytes]


def write_release(root: Path, sample_count: int, seed: int, track: Track = iter) -> None:
    """Write a made release of ``sample_count`` samples a theme into the folder ``root``."""
    for path, content in release_files(sample_count, seed, track):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def release_files(sample_count: int, seed: int, track: Track = iter) -> Iterator[tuple[str, bytes]]:
    """Every file of the made release: (path from its root, content). The same arguments give the same bytes."""
    yield "README.md", _readme(sample_count, seed)
    plans = [plan for theme in THEMES for plan in plan_theme(theme, sample_count, seed)]
    made: list[MadeSample] = []
    for plan in track(plans):
        made.append(make_sample(plan, seed))
        if len(made) == sample_count:
            yield from _theme_files(plan.id.theme, made)
            made = []


def make_sample(plan: SamplePlan, seed: int) -> MadeSample:
    """A sample's records and media files, as far as it came before a stage rejected it."""
    numbers = [seed, THEMES.index(plan.id.theme), plan.id.number]
    clip = draw_clip(
        plan.figure, plan.source_scene, plan.keyword, plan.frame_count, np.random.default_rng(numbers)
    )
    return MadeSample(plan, _records(plan, clip, np.random.default_rng([*numbers, 1])), _assets(plan, clip))


def csv_bytes(rows: Iterable[tuple[str, ...]]) -> bytes:
    r"""A training CSV: UTF-8, ``\n``, quotes only where they must be.

    >>> csv_bytes([("A pier, at dusk", "a.mp4", "b.mp4", "Sparkle_time_000000")])
    b'prompt,src_video,tgt_video,task\n"A pier, at dusk",a.mp4,b.mp4,Sparkle_time_000000\n'
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(CSV_COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def tar_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar of files: (member path, content), all with the same owner, mode and time."""
    blocks = []
    for path, content in members:
        header = tarfile.TarInfo(path)
        header.size, header.mtime = len(content), _MTIME
        blocks += [header.tobuf(tarfile.GNU_FORMAT), content, bytes(-len(content) % _BLOCK)]
    # Two empty blocks end a tar. tarfile would add up to 9 kB more, a tenth of this release.
    return b"".join([*blocks, bytes(2 * _BLOCK)])


def _records(plan: SamplePlan, clip: Clip, rng: np.random.Generator) -> dict[str, Record]:
    records = {"edited_frame0_scores": still_score_record(plan, "edited_frame0", rng)}
    if plan.reached("foreground_removed"):
        records[GROUNDING_R1.name] = grounding_r1_record(plan, clip)
        records["foreground_removed_scores"] = still_score_record(plan, "foreground_removed", rng)
    if plan.reached("edited_video"):
        records[GROUNDING_R2.name] = grounding_r2_record(plan, clip, rng)
        records["edited_video_scores"] = video_score_record(plan, rng)
    return records


def _assets(plan: SamplePlan, clip: Clip) -> dict[str, bytes]:
    assets = {"source_frame0": png_bytes(clip.source[0]), "edited_frame0": png_bytes(clip.edited[0])}
    if plan.reached("foreground_removed"):
        assets["edited_frame0_foreground_removed"] = png_bytes(clip.background[0])
    if plan.reached("edited_video"):
        assets |= {
            "source_video": mp4_bytes(clip.source),
            "edited_video": mp4_bytes(clip.edited),
            "edited_background_video": mp4_bytes(clip.background),
            "source_video_mask": mask_npz_bytes(clip.mask),
            "edited_video_canny": mp4_bytes(edges(clip), EDGES_QP),
        }
    return assets


def _theme_files(theme: str, made: Sequence[MadeSample]) -> Iterator[tuple[str, bytes]]:
    kept = [sample.plan for sample in made if sample.plan.is_kept]
    previews = {plan.id for plan in kept[:PREVIEW_COUNT]}
    yield annotations_csv_path(theme), csv_bytes(map(csv_row, kept))
    yield metadata_jsonl_path(theme), b"".join(json_line(metadata_record(plan)) for plan in kept)
    for table in JSONL_TABLES.values():
        records = [sample.records[table.name] for sample in made if table.name in sample.records]
        yield intermediate_jsonl_path(theme, table.file_name), b"".join(map(json_line, records))
    for kind in ASSET_KINDS:
        owners = [sample for sample in made if kind in sample.assets]
        for sample in owners:
            if sample.plan.id in previews:
                yield asset_path(theme, kind, str(sample.plan.id)), sample.assets[kind]
        yield from _shards(theme, kind, [sample for sample in owners if sample.plan.id not in previews])


def _shards(theme: str, kind: str, made: Sequence[MadeSample]) -> Iterator[tuple[str, bytes]]:
    part_count = SHARD_PARTS.get((theme, kind), 1)
    size = -(-len(made) // part_count) or 1
    base = ASSET_KINDS[kind].base_folder
    for part, start in enumerate(range(0, len(made), size)):
        members = (
            (asset_path(theme, kind, str(one.plan.id)).removeprefix(f"{base}/"), one.assets[kind])
            for one in made[start : start + size]
        )
        yield shard_path(theme, kind, part), tar_bytes(members)


def _readme(sample_count: int, seed: int) -> bytes:
    versions = ", ".join(f"{name} {version}" for name, version in encoder_versions().items())
    return f"""# A made Sparkle release

Five themes of {sample_count} samples in the layout and the formats of the published Sparkle release. All of it is
made up: drawn clips, invented instructions, drawn lots for scores. Use it to try the pipelines and to run the tests.

The first {PREVIEW_COUNT} kept samples of a theme lie loose, as previews; the others are in the tars. Some samples fail a
stage: the JSONL files know them as far as they came, the CSVs do not.

Made by `make sample` with seed {seed}: {versions}.
""".encode()
