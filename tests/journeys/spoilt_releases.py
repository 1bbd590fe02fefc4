"""Releases with faults that stop no run: lines, texts, shards, videos and links, many of them in one release."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile

import polars as pl
from tests.journeys.fault_runs import Scene, Seen

from sparkle_curation.spec.layout import intermediate_jsonl_path, metadata_jsonl_path
from sparkle_curation.spec.tables.ingested import GROUNDING_R2, SCORE_TABLES

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 5368709120\n" % (b"0" * 64)
PAGE = b"<!DOCTYPE html><html><body>429 Too Many Requests</body></html>"
SCORES = "intermediate_data/time/edited_frame0_score.jsonl"
CSV = "prompts/time_train.csv"
WHOLE = "intermediate_data/style/foreground_grounding_r1.jsonl"
PACKED = "intermediate_data/season/foreground_grounding_r2.jsonl"
POINTER_SHARD = "season_edited_video_part00.tar"
PACKED_SHARD = "time_edited_video_part00.tar"
PREFIXED_SHARD = "openve3m_source_video_part00.tar"
ABSENT_SHARD = "location_edited_video_part00.tar"
GAP = ("style_source_video_part00.tar", "style_source_video_part02.tar")
VIDEOS = "location/edited_video"
LATIN = b"caf\xe9.tar"
DEPTH = 20_000
DEEP_THEME = "location"
DEEP = {
    "annotations": metadata_jsonl_path(DEEP_THEME),
    **{
        table.name: intermediate_jsonl_path(DEEP_THEME, table.file_name)
        for table in (SCORE_TABLES["edited_frame0_scores"], SCORE_TABLES["edited_video_scores"], GROUNDING_R2)
    },
}
"""Table -> its file of a theme, whose second line is deep."""
LOST_LINES = [2, 3, 5, 6, 7]
"""Of the file of scores; its fourth has members that the card does not name, and stays."""


def spoil(scene: Scene) -> None:
    """Everything below, in one release."""
    _deepen(scene)
    _spoil_lines(scene)
    _spoil_texts(scene)
    _spoil_shards(scene)
    _spoil_videos(scene)


def _noted(line: bytes, note: bytes) -> bytes:
    """The line with an unknown member that is this JSON."""
    return line[:-1] + b', "note": ' + note + b"}"


def _deepen(scene: Scene) -> None:
    """The second line of a file of each sort has 20,000 nested lists; the file begins with a mark of UTF-8."""
    for path in DEEP.values():
        lines = scene.file(path).read_bytes().splitlines()
        lines[1] = _noted(lines[1], b"[" * DEPTH + b"]" * DEPTH)
        scene.file(path).write_bytes(b"\xef\xbb\xbf" + b"".join(line + b"\n" for line in lines))


def _spoil_lines(scene: Scene) -> None:
    path = scene.file(SCORES)
    lines = path.read_bytes().splitlines()
    lines[1] = _noted(lines[1], b"[" * DEPTH + b"]" * DEPTH)
    lines[2] = _noted(lines[2], b"[" + b"1," * 400_000 + b"1]")
    lines[3] = _noted(lines[3], json.dumps({f"k{number}": number for number in range(100_000)}).encode())
    lines[4] = lines[4].replace(b'"SC_reasoning": "', b'"SC_reasoning": "\\ud83d')
    lines[5] = lines[5].replace(b'"SC_reasoning": "', b'"SC_reasoning": "\xff')
    lines[6] = lines[6][:100]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    rows = scene.file(CSV).read_bytes().splitlines(keepends=True)
    rows[2] = rows[2].replace(b'",time/', b",time/", 1)  # its quoted cell has no end
    scene.file(CSV).write_bytes(b"".join(rows))


def _spoil_texts(scene: Scene) -> None:
    whole = scene.file(WHOLE)
    whole.write_text(json.dumps([json.loads(line) for line in whole.read_text().splitlines()], indent=1))
    packed = scene.file(PACKED)
    packed.with_name(f"{packed.name}.gz").write_bytes(gzip.compress(packed.read_bytes()))
    packed.unlink()


def _spoil_shards(scene: Scene) -> None:
    scene.file(POINTER_SHARD).write_bytes(POINTER)
    shard = scene.file(PACKED_SHARD)
    shard.write_bytes(gzip.compress(shard.read_bytes()))
    scene.file(ABSENT_SHARD).unlink()
    scene.file(GAP[0]).rename(scene.file(GAP[1]))
    prefixed = scene.file(PREFIXED_SHARD)
    target = io.BytesIO()
    with tarfile.open(prefixed) as old, tarfile.open(fileobj=target, mode="w") as new:
        for member in old:
            content = old.extractfile(member)
            member.name = f"sparkle/{member.name}"
            new.addfile(member, content)
    prefixed.write_bytes(target.getvalue())
    (scene.release / os.fsdecode(LATIN)).write_bytes(b"tar")


def _spoil_videos(scene: Scene) -> None:
    pointer, page, outside, loop = sorted(scene.file(VIDEOS).iterdir())
    pointer.write_bytes(POINTER)
    page.write_bytes(PAGE)
    outside.rename(scene.folder / "elsewhere.mp4")
    outside.symlink_to(scene.folder / "elsewhere.mp4")
    loop.unlink()
    loop.symlink_to(loop)


def check(seen: Seen) -> None:
    """Every other line is a row, and the variant has those pairs alone whose videos are at hand and whole."""
    scene = seen.scene
    quarantine = scene.table("quarantine")
    for name, path in DEEP.items():
        rows = quarantine.filter(table=name, path=path, reason="line_too_complex")
        assert rows["line"].to_list() == [2]
        line = "metadata_line" if name == "annotations" else "source_line"
        lines = scene.table(name).filter(theme=DEEP_THEME)[line].drop_nulls().sort().to_list()
        count = len(scene.file(path).read_bytes().splitlines())
        assert lines == [1, *range(3, count + 1)]
    count = len(scene.file(SCORES).read_bytes().splitlines())
    lines = scene.table("edited_frame0_scores").filter(theme="time")["source_line"].sort().to_list()
    assert lines == [number for number in range(1, count + 1) if number not in LOST_LINES]
    found = pl.read_csv(scene.project.output("08_reporting", "ingest_counts.csv"))
    assert (found["record_count"] == found["row_count"] + found["quarantined_count"]).all()

    dropped = pl.read_csv(scene.project.output("08_reporting", "preflight_dropped.csv"))
    prompts = scene.project.output("05_model_input", "kiwi_edit", "prompts")
    for path in prompts.glob("*_train.csv"):
        exported = set(pl.read_csv(path)["task"])
        assert exported
        assert not exported & set(dropped["id"])
    for theme, kind in (
        ("season", "edited_video"),
        ("time", "edited_video"),
        ("openve3m", "source_video"),
        ("location", "edited_video"),
    ):
        lost = dropped.filter(theme=theme, reasons="missing_file").height
        assert lost > 1
        assert f"preflight: {lost} pairs of {theme} are dropped, since their {kind} is not there" in seen.text


def inspected(place: int) -> str:
    """The path of a spoilt video in the order of names."""
    return f"{VIDEOS}/Sparkle_location_{(0, 4, 13, 14)[place]:06d}.mp4"
