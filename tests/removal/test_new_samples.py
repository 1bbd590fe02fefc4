"""New samples that were made from an excluded clip go with it, though no release names them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import xxhash
from tests.conftest import Project
from tests.made.new_samples import SAMPLES, new_instructions, new_samples, write_new_samples

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import FileError, LockedError
from sparkle_curation.ingest.exclusions.exclusion_list import COLUMNS
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.new_samples import LAST
from sparkle_curation.removal.plan import make_plan

GONE, *STAY = SAMPLES


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Project:
    """New samples in a data root of their own below that of the release, the first of which is of a clip of somebody."""
    new = project.data_root / "new_samples"
    write_new_samples(new)
    (tmp_path / "clip.mp4").write_bytes(b"a clip of somebody")
    clip_hash = xxhash.xxh3_128_hexdigest(b"a clip of somebody")
    of_clip = pl.when(id=GONE).then(pl.lit(clip_hash)).otherwise(pl.lit("0" * 32))
    new_samples().with_columns(clip_hash=of_clip).write_parquet(
        new / "02_intermediate" / "new_samples.parquet"
    )
    (tmp_path / "exclusions.csv").write_text(f"{','.join(COLUMNS)}\n")
    (new / "08_reporting").mkdir()
    (prompt,) = new_instructions().filter(id=GONE)["prompt"]
    (new / "08_reporting" / "best.txt").write_text(f"{prompt}\nof another\n")
    return replace(project, params={"exclusions": tmp_path / "exclusions.csv", "bench_root": None})


def left(project: Project) -> list[str]:
    """Files that name the sample, or have its id or prompt."""
    (prompt,) = new_instructions().filter(id=GONE)["prompt"]
    needles = Needles(frozenset({GONE}), frozenset({prompt}))
    return [step.path.name for step in make_plan(project.data_root, needles)]


def test_they_go_with_videos_and_prompts(own: Project, tmp_path: Path) -> None:
    """With confirm alone; their source video, cut anew, is listed too; other new samples stay, to the last file."""
    wanted = {"exclude.clip": tmp_path / "clip.mp4"}
    before = left(own)
    assert len(before) > 4
    assert set(before[-2:]) == {"new_instructions.parquet", "new_samples.parquet"}
    own.run_here("exclude", params=wanted)
    assert left(own) == before
    own.run_here("exclude", params={**wanted, "exclude.confirm": True})
    assert left(own) == []
    assert len(pl.read_csv(tmp_path / "exclusions.csv")) == 2
    assert pl.read_csv(tmp_path / "exclusions.csv")["date"][0] == datetime.now(UTC).date().isoformat()
    kept = {path.stem for path in (own.data_root / "new_samples").rglob("Sparkle_*")}
    assert kept == set(STAY)
    assert (own.data_root / "new_samples/08_reporting/best.txt").read_text() == "of another\n"


def test_what_cannot_be_changed_is_told_and_keeps_nothing_else(own: Project, tmp_path: Path) -> None:
    """A file that was made immutable: all others go, tables by which it is found again stay, and another try ends well."""
    kept = own.data_root / "new_samples" / "08_reporting" / "best.txt"
    if subprocess.run(["chattr", "+i", str(kept)], capture_output=True, check=False).returncode:
        pytest.skip("files cannot be made immutable here")
    wanted = {"exclude.clip": tmp_path / "clip.mp4", "exclude.confirm": True}
    try:
        with pytest.raises(FileError, match="not complete") as caught:
            own.run_here("exclude", params=wanted)
    finally:
        subprocess.run(["chattr", "-i", str(kept)], check=True)
    assert str(kept) in str(caught.value)
    assert set(left(own)) == {kept.name, *LAST} - {"new_clips.parquet"}
    own.run_here("exclude", params=wanted)
    assert left(own) == []


def test_a_run_in_a_data_root_below_is_waited_for(own: Project, tmp_path: Path) -> None:
    """As one of new samples, which has locks of its own; nothing is listed, and nothing goes."""
    locks = RunLocks(own.data_root / "new_samples" / ".locks", "kedro run --env new --pipelines clips")
    locks.take([Claim("clips", is_writing=True)])
    try:
        with pytest.raises(LockedError, match="new_samples"):
            own.run_here("exclude", params={"exclude.clip": tmp_path / "clip.mp4", "exclude.confirm": True})
    finally:
        locks.release()
    assert len(left(own)) > 4
    assert pl.read_csv(tmp_path / "exclusions.csv").is_empty()
