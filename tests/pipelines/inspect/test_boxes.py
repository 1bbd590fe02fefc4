"""The boxes of the groundings, located by the inspect pipeline as Kedro runs it."""

from __future__ import annotations

import json

import polars as pl
from tests.conftest import Project

from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.tables.ingested import GROUNDING_R1, GROUNDING_R2
from sparkle_curation.spec.themes import THEMES


def boxes(project: Project) -> pl.DataFrame:
    """The table of boxes."""
    return pl.read_parquet(project.output("02_intermediate", "grounding_boxes.parquet"))


def test_the_boxes_of_the_sample_lie_in_its_videos(project: Project) -> None:
    """As many rows as objects in the JSONL files; each that was found has pixels inside its picture of 128x72.

    Samples that a stage rejected have groundings, and their videos are not in the release: no pixels.
    """
    project.run_here("ingest")
    project.run_here("inspect")
    found = boxes(project)
    expected = {1: 0, 2: 0}
    for theme in THEMES:
        for number, table in ((1, GROUNDING_R1), (2, GROUNDING_R2)):
            path = project.release_root / intermediate_jsonl_path(theme, table.file_name)
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                frames = record["frame_objects"] if number == 2 else [record["round1_objects"]]
                expected[number] += sum(map(len, frames))
    assert dict(found["round"].value_counts().iter_rows()) == expected
    media = pl.read_parquet(project.output("02_intermediate", "media.parquet"))
    has_video = found["id"].is_in(media.filter(kind="source_video")["id"].implode())
    assert has_video.any()
    assert not has_video.all()
    assert (found["bbox_xyxy_px"].is_not_null() == (found["is_found"] & has_video)).all()
    assert 0 < found.filter(~pl.col("is_found")).height < found.height // 4
    sides = found.select(pl.col("bbox_xyxy_px").list.get(place).alias(str(place)) for place in range(4))
    assert sides.min().row(0) >= (0, 0, 0, 0)
    assert sides.select("0", "2").max().row(0) <= (127, 127)
    assert sides.select("1", "3").max().row(0) <= (71, 71)
    assert (found["frame_index"] == found["sampled_frame_index"] * 8).filter(has_video).all()
    assert found.select("id", "round", "sampled_frame_index", "object_index").is_unique().all()


def test_the_same_tables_are_not_gone_through_again(project: Project) -> None:
    """The file stays; when the media change, here to those of another kind, it is written again."""
    project.run_here("ingest")
    project.run_here("inspect")
    path = project.output("02_intermediate", "grounding_boxes.parquet")
    before = path.stat()
    project.run_here("inspect")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    project.run_here("inspect", params={"inspect.kinds": "edited_video"})
    assert path.stat().st_ino != before.st_ino
    assert boxes(project)["bbox_xyxy_px"].null_count() == boxes(project).height
    assert boxes(project)["is_found"].any()
