"""The link pipeline over two data roots: CSVs of both, a table, counts; what stops leaves the link of before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import EmptyOutputError, ParameterError
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS


def write_root(root: Path, file: str, clips: Mapping[str, int]) -> Path:
    """A data root with a variant of one CSV and the hashes of its clips, by sample id."""
    prompts = root / "05_model_input" / "kiwi_edit" / "prompts"
    prompts.mkdir(parents=True)
    rows = "".join(f"Snow,{name}.mp4,{name}_edited.mp4,{name}\n" for name in clips)
    (prompts / file).write_text(f"prompt,src_video,tgt_video,task\n{rows}", "utf-8")
    (root / "02_intermediate").mkdir()
    theme = file.partition("_")[0]
    hashes = [
        (name, theme, "source_video", f"{number:016x}", f"{number:064x}", 3.0, None, None)
        for name, number in clips.items()
    ]
    table = pl.DataFrame(hashes, schema=frame_schema(FRAME_HASH_COLUMNS), orient="row")
    table.write_parquet(root / "02_intermediate" / "frame_hashes.parquet")
    return root


def content(folder: Path) -> dict[str, bytes]:
    """Bytes by path below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_data_roots_are_linked(project: Project, tmp_path: Path) -> None:
    """The CSVs hold the clips that both have; twice is the same; no match, a bad theme or no root changes nothing."""
    write_root(
        project.data_root, "season_train.csv", {"Sparkle_season_000001": 1, "Sparkle_season_000002": 0xFFFF}
    )
    other = write_root(tmp_path / "other", "outdoor_train.csv", {"Clip-1": 0xFFFE, "Clip-2": 0xFFFF0000})
    project.run_here("link", params={"link.other": other})
    linked = project.output("05_model_input", "link")
    before = content(linked)
    assert sorted(before) == ["link.json", "other/outdoor_train.csv", "this/season_train.csv"]
    assert b"Sparkle_season_000002" in before["this/season_train.csv"]
    assert b"Sparkle_season_000001" not in before["this/season_train.csv"]
    assert json.loads(before["link.json"])["source_count"] == 1
    counts = pl.read_csv(project.output("08_reporting", "link_counts.csv"))
    assert counts.rows() == [
        ("this", "season", "linked", 1),
        ("this", "season", "no_match", 1),
        ("other", "outdoor", "linked", 1),
        ("other", "outdoor", "no_match", 1),
    ]

    project.run_here("link", params={"link.other": other})
    assert content(linked) == before
    strangers = write_root(tmp_path / "strangers", "outdoor_train.csv", {"Clip-9": 0xABCD00000000})
    table = project.output("05_model_input", "linked_samples.parquet").read_bytes()
    with pytest.raises(EmptyOutputError, match="No source clip is in both"):
        project.run_here("link", params={"link.other": strangers})
    with pytest.raises(ParameterError, match="did you mean 'outdoor'"):
        project.run_here("link", params={"link.other": other, "link.other_theme": "outdor"})
    with pytest.raises(ParameterError, match="No other dataset is named"):
        project.run_here("link")
    assert content(linked) == before
    assert project.output("05_model_input", "linked_samples.parquet").read_bytes() == table
