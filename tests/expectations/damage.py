"""Damage to a copy of the sample release, each with the rules that should find it and the rows they should name."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkle_curation.ingest.jsonl.blocks import MAX_LINE_BYTES
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import (
    annotations_csv_path,
    asset_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
)
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from synthetic.faults import FAULTS

Record = dict[str, Any]
Found = tuple[str, str, str]
"""Table, rule, and what names the row."""


@dataclass(frozen=True)
class Damage:
    """One piece of damage.

    Attributes:
        what: what is wrong, for the page.
        found: what should find it: table, rule and row, the right rule first.
    """

    what: str
    found: tuple[Found, ...]


class Release:
    """A release that may be damaged, file by file.

    Args:
        root: the folder of a copy.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, theme: str, table: str) -> Path:
        """The file of a theme that a table is read from; the metadata for ``annotations``."""
        if table == "annotations":
            return self.root / metadata_jsonl_path(theme)
        return self.root / intermediate_jsonl_path(theme, JSONL_TABLES[table].file_name)

    def records(self, theme: str, table: str) -> list[Record]:
        """The records of a file."""
        return [json.loads(line) for line in self.path(theme, table).read_text(encoding="utf-8").splitlines()]

    def write(self, theme: str, table: str, records: list[Record]) -> None:
        """Replace the records of a file."""
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        self.path(theme, table).write_text(text, encoding="utf-8")

    def change(self, sample_id: str, table: str, change: Callable[[Record], object]) -> None:
        """Change one sample's record in place."""
        theme = sample_id.split("_")[1]
        records = self.records(theme, table)
        (record,) = [record for record in records if record["id"] == sample_id]
        change(record)
        self.write(theme, table, records)

    def drop(self, sample_id: str, table: str) -> None:
        """Take one sample's record out."""
        theme = sample_id.split("_")[1]
        self.write(theme, table, [each for each in self.records(theme, table) if each["id"] != sample_id])

    def add_as(self, sample_id: str, table: str) -> None:
        """Put in a copy of the first record of the theme, under another id."""
        records = self.records(theme := sample_id.split("_")[1], table)
        self.write(theme, table, [*records, {**records[0], "id": sample_id, "prompt": "A pier at dawn."}])

    def csv_rows(self, theme: str) -> list[dict[str, str]]:
        """The rows of a theme's training CSV."""
        with (self.root / annotations_csv_path(theme)).open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    def write_csv(self, theme: str, rows: list[dict[str, str]]) -> None:
        """Replace the rows of a theme's training CSV."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (self.root / annotations_csv_path(theme)).write_text(buffer.getvalue(), encoding="utf-8")

    def ids(self, theme: str, table: str) -> list[str]:
        """The sample ids of a file, in its order."""
        return [record["id"] for record in self.records(theme, table)]


def seed_rows(release: Release) -> list[Damage]:
    """Break a rule of a row in each of many samples; nothing of it is quarantined."""
    return [*_seed_records(release), *_seed_files(release)]


def _seed_records(release: Release) -> list[Damage]:
    """Change what records say, in a sample each."""
    released = {theme: release.ids(theme, "annotations") for theme in ("season", "style", "openve3m")}
    season, style = released["season"][4:], released["style"][4:]
    first = release.ids("season", "edited_frame0_scores")
    second = release.ids("season", "grounding_r1")
    third = release.ids("season", "grounding_r2")
    at_first_only = [each for each in first if each not in second]
    at_second_only = [each for each in second if each not in third]
    damages = []

    def damage(what: str, *found: Found) -> None:
        damages.append(Damage(what, found))

    def changed(what: str, sample_id: str, table: str, rule: str, change: Callable[[Record], object]) -> None:
        release.change(sample_id, table, change)
        damage(what, (table, rule, sample_id))

    def three_frames(record: Record) -> None:
        scores = [frame["O_score"] for frame in record["editscore"]]
        worst = scores.index(min(scores))
        del record["editscore"][worst], record["frame_indices"][worst]

    def box(record: Record) -> list[float]:
        """The first box of the first frame, or of the source frame."""
        objects = record["frame_objects"][0] if "frame_objects" in record else record["round1_objects"]
        return next(found["bbox_2d"] for found in objects if found["bbox_2d"])

    def swap(numbers: list[float]) -> None:
        numbers[0], numbers[2] = numbers[2], numbers[0]

    video, r1, r2 = "edited_video_scores", "grounding_r1", "grounding_r2"
    changed("only three frames are scored", season[0], video, "scored_frame_count", three_frames)
    changed(
        "frames out of time order", season[1], video, "frames_ascend", lambda r: r["frame_indices"].reverse()
    )
    changed("a box of three numbers", season[2], r1, "box_shapes", lambda r: box(r).pop())
    changed("a box that ends at 1200", season[3], r2, "box_ranges", lambda r: box(r).__setitem__(2, 1200))
    changed("a box with its corners swapped", season[4], r2, "box_corners", lambda r: swap(box(r)))
    changed(
        "boxes on a scale of 0-1",
        season[10],
        r2,
        "box_scale",
        lambda r: [
            found.update(bbox_2d=[number / 1000 for number in found["bbox_2d"]])
            for frame in (r["round1_objects"], *r["frame_objects"])
            for found in frame
        ],
    )
    changed(
        "the same box forty times",
        season[11],
        r1,
        "boxes_once",
        lambda r: r["round1_objects"].extend([r["round1_objects"][0]] * 39),
    )
    changed(
        "an object of round 1 with another label",
        season[5],
        r1,
        "object_labels",
        lambda r: r["round1_objects"][0].update(label="ghost"),
    )
    changed(
        "an object of round 2 with another label",
        season[6],
        r2,
        "frame_labels",
        lambda r: r["frame_objects"][0][0].update(label="ghost"),
    )
    changed(
        "round 2 repeats other labels than round 1 named",
        season[7],
        r2,
        "round1_is_repeated",
        lambda r: r["round1_labels"].append("lamp"),
    )
    changed(
        "no frame is grounded", season[8], r2, "frames_are_grounded", lambda r: r["frame_objects"].clear()
    )
    changed(
        "round 1 names no object",
        at_second_only[0],
        r1,
        "labels_are_there",
        lambda r: (r["round1_labels"].clear(), r["round1_objects"].clear()),
    )
    changed(
        "a grounding of another theme",
        season[9],
        r1,
        "edit_type_is_theme",
        lambda r: r.update(edit_type="time"),
    )
    changed(
        "metadata of another theme",
        season[10],
        "annotations",
        "edit_type_is_themes",
        lambda r: r["metadata"].update(edit_type="time"),
    )
    changed(
        "a keyword without a subtheme",
        season[11],
        "annotations",
        "keyword_is_split",
        lambda r: r["metadata"].update(chosen_keyword="melting snow"),
    )
    changed(
        "a keyword for openve3m, which has none",
        released["openve3m"][5],
        "annotations",
        "keyword_is_split",
        lambda r: r["metadata"].update(chosen_keyword="spring: melting snow"),
    )
    changed(
        "a released sample scored below the threshold",
        style[0],
        "edited_frame0_scores",
        "overall",
        lambda r: r["editscore"].update(overall=7.9),
    )
    damages[-1] = Damage(damages[-1].what, (("annotations", "sample_passes", style[0]),))
    changed(
        "a blank prompt",
        at_first_only[0],
        "edited_frame0_scores",
        "prompt_says_something",
        lambda r: r.update(prompt=" \t "),
    )
    changed(
        "a candidate's prompt changed between two stages",
        at_second_only[1],
        "foreground_removed_scores",
        "prompt_is_repeated",
        lambda r: r.update(prompt="Another one."),
    )
    return damages


def _seed_files(release: Release) -> list[Damage]:
    """Take records and files out, and put strange ones in."""
    previews, style = release.ids("time", "annotations")[:4], release.ids("style", "annotations")[5:]
    damages = []

    def damage(what: str, *found: Found) -> None:
        damages.append(Damage(what, found))

    release.drop(style[1], "foreground_removed_scores")
    damage("a released sample without a score", ("annotations", "sample_is_scored", style[1]))
    release.drop(style[2], "annotations")
    damage(
        "a sample of the CSV that the metadata lacks",
        ("annotations", "stands_in_both_files", style[2]),
        ("release", "csv_and_metadata_count", "style"),
    )
    for table in ("edited_video_scores", "grounding_r2"):
        stranger = f"Sparkle_style_99999{len(damages) % 10}"
        release.add_as(stranger, table)
        damage(f"a row of {table} of a sample that nothing else knows", (table, "sample_is_known", stranger))

    rows = release.csv_rows("openve3m")
    unreleased, wrong_path = rows[6]["task"], rows[7]["task"]
    rows[7]["src_video"] = rows[8]["src_video"]
    del rows[6]
    release.write_csv("openve3m", rows)
    release.drop(unreleased, "annotations")
    damage(
        "a sample that passes every stage and is not released",
        ("edited_video_scores", "passing_is_released", unreleased),
    )
    damage("a source path of another sample", ("annotations", "source_path_names_sample", wrong_path))

    (release.root / asset_path("time", "edited_video", previews[0])).unlink()
    damage("an edited video that is not there", ("annotations", "paths_resolve", previews[0]))
    empty = asset_path("time", "source_video", previews[1])
    (release.root / empty).write_bytes(b"")
    damage("an empty file", ("assets", "file_is_not_empty", empty))
    stray = asset_path("time", "source_video", "Sparkle_time_999990")
    shutil.copy(release.root / asset_path("time", "source_video", previews[2]), release.root / stray)
    damage("a video of a sample that nothing else knows", ("assets", "sample_is_known", stray))
    return damages


def seed_themes(release: Release) -> list[Damage]:
    """Break the rules of the release as a whole, one theme each."""
    for path in sorted(release.root.rglob("*")):
        if path.is_file() and "time" in path.relative_to(release.root).as_posix():
            path.unlink()
    groundings = release.records("style", "grounding_r2")
    for record in groundings:
        record["frame_objects"] = [
            [{**found, "bbox_2d": []} for found in frame] for frame in record["frame_objects"]
        ]
    release.write("style", "grounding_r2", groundings)
    for theme, scores_given in (("season", [8.7]), ("openve3m", [9.85, 10.0])):
        scores = release.records(theme, "edited_frame0_scores")
        for place, record in enumerate(scores):
            record["editscore"]["overall"] = scores_given[place % len(scores_given)]
        release.write(theme, "edited_frame0_scores", scores)
    path = release.path("location", "edited_video_scores")
    path.write_bytes(b"".join(line + b"\n" for line in path.read_bytes().splitlines()[:-9]) + b"\n" * 9)
    return [
        Damage("a theme is absent", (("release", "all_themes", "time"),)),
        Damage("most boxes of a theme are empty", (("release", "empty_box_share", "style"),)),
        Damage("a judge that always says the same", (("release", "edited_frame0_std", "season"),)),
        Damage("scores that are too good", (("release", "edited_frame0_mean", "openve3m"),)),
        Damage("much of a theme is quarantined", (("release", "quarantined_share", "location"),)),
    ]


def seed_quarantine(release: Release) -> list[Damage]:
    """Damage the input so that each reason of the quarantine occurs."""
    damages = []

    def damage(reason: str, where: str) -> None:
        damages.append(Damage(Reason(reason).meaning, (("quarantine", f"no_{reason}", where),)))

    # One fault a line of a theme's video scores; its last line is the one that is cut off.
    path = release.path("location", "edited_video_scores")
    name = path.relative_to(release.root).as_posix()
    lines = path.read_bytes().splitlines()
    released = set(release.ids("location", "annotations"))
    spots = {
        json.loads(line)["id"] in released: place for place, line in reversed(list(enumerate(lines[:-1])))
    }
    free = [place for place in range(len(lines) - 1) if place != spots[True]]
    for reason, spoil in FAULTS.items():
        if reason == Reason.TRUNCATED_LINE:
            place = len(lines) - 1
        else:
            place = spots[True] if reason == Reason.PROMPT_DIFFERS else free.pop(0)
        lines[place] = spoil(lines[place])
        damage(reason, f"{name}:{place + 1}")
    path.write_bytes(b"\n".join(lines))

    path = release.path("season", "grounding_r1")
    name = path.relative_to(release.root).as_posix()
    lines = path.read_bytes().splitlines()
    other = lines[1].replace(b'"prompt": "', b'"prompt": "X', 1)
    path.write_bytes(b"\n".join([*lines, lines[0], other, b"x" * (MAX_LINE_BYTES + (16 << 20)), b""]))
    damage("duplicate_identical", f"{name}:{len(lines) + 1}")
    damage("duplicate_conflicting", f"{name}:{len(lines) + 2}")
    damage("line_too_long", f"{name}:{len(lines) + 3}")

    path = release.root / (name := annotations_csv_path("style"))
    lines = path.read_bytes().splitlines()
    lines[3], lines[5] = b'"' + lines[3].replace(b'"', b""), lines[5] + b",x"
    lines[8:9] = [
        b'"She said "go,',
        _INSIDE,
        b"and went" + lines[8][lines[8].index(b'",') :],
    ]
    path.write_bytes(b"\n".join([*lines, b""]))
    damage("invalid_csv", f"{name}:4")
    damage("broken_cell", f"{name}:10")
    damage("wrong_column_count", f"{name}:6")

    _seed_files_that_are_none(release, damage)
    return damages


_INSIDE = b"x,style/source_video/Sparkle_style_999001.mp4,style/edited_video/Sparkle_style_999001.mp4,Sparkle_style_999001"


def _seed_files_that_are_none(release: Release, damage: Callable[[str, str], None]) -> None:
    """Put in files and shards that hold what is no asset."""
    (release.root / "time" / "source_video" / "notes.txt").write_text("a note")
    damage("unexpected_path", "time/source_video")
    for part, (reason, info) in enumerate(_odd_members().items(), 50):
        _write_tar(release.root / (name := f"time_source_video_part{part}.tar"), info)
        damage(reason, name)
    good = [tarfile.TarInfo(f"time/source_video/Sparkle_time_9999{place}.mp4") for place in (80, 81)]
    for info in good:
        info.size = 600
    whole = _write_tar(release.root / "time_source_video_part70.tar", *good)
    damaged = bytearray(whole.read_bytes())
    damaged[1536 + 148 : 1536 + 156] = b"9" * 8
    whole.write_bytes(damaged)
    damage("bad_tar_header", whole.name)
    good = [tarfile.TarInfo(f"time/source_video/Sparkle_time_9999{place}.mp4") for place in (82, 83)]
    for info in good:
        info.size = 600
    cut = _write_tar(release.root / "time_source_video_part71.tar", *good)
    cut.write_bytes(cut.read_bytes()[: 1536 + 512 + 100])
    damage("truncated_tar", cut.name)
    packed = release.root / "time_source_video_part72.tar"
    packed.write_bytes(gzip.compress(whole.read_bytes()))
    damage("another_format", packed.name)


def _odd_members() -> dict[str, tarfile.TarInfo]:
    link = tarfile.TarInfo("time/source_video/Sparkle_time_999970.mp4")
    link.type, link.linkname = tarfile.SYMTYPE, "elsewhere"
    pipe = tarfile.TarInfo("time/source_video/Sparkle_time_999971.mp4")
    pipe.type = tarfile.FIFOTYPE
    return {
        "absolute_path": tarfile.TarInfo("/time/source_video/Sparkle_time_999972.mp4"),
        "parent_path": tarfile.TarInfo("time/../source_video/Sparkle_time_999973.mp4"),
        "link": link,
        "not_a_file": pipe,
    }


def _write_tar(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for info in members:
            tar.addfile(info, io.BytesIO(b"x" * info.size))
    return path
