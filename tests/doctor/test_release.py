"""What of a release is at hand, and what would be lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.release import check_release
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]
SHARD = "location_edited_video_part00.tar"


def test_a_whole_release_is_summed_up(setup_of: SetupOf, sample_release: Path) -> None:
    """Tables, themes and shards."""
    (found,) = check_release(setup_of())
    assert found.state == State.OK
    assert found.found.startswith(f"{sample_release} has all 5 themes of annotations, ")
    assert found.found.endswith("assets; 43 shards")


def test_a_part_of_a_release_is_no_fault(setup_of: SetupOf, sample_release: Path, tmp_path: Path) -> None:
    """What is there is named by table and theme."""
    part = tmp_path / "part"
    (part / "prompts").mkdir(parents=True)
    shutil.copy(sample_release / "prompts" / "time_train.csv", part / "prompts")
    shutil.copy(sample_release / SHARD, part)
    (found,) = check_release(setup_of(release_root=part))
    assert found.state == State.OK
    assert "a part: annotations of time; assets of location, and nothing of " in found.found


def test_a_root_that_is_off_is_told_with_the_right_one(setup_of: SetupOf, sample_release: Path) -> None:
    """In the words of ``ingest``."""
    (found,) = check_release(setup_of(release_root=sample_release / "prompts"))
    assert found.state == State.PROBLEM
    assert f"the release seems to be in {sample_release}" in found.todo


def test_a_root_that_is_not_there_is_told(setup_of: SetupOf, tmp_path: Path) -> None:
    """And what may stand there."""
    (found,) = check_release(setup_of(release_root=tmp_path / "none"))
    assert (found.state, found.found.partition(":")[0]) == (
        State.PROBLEM,
        "The release root is not a folder",
    )


def test_a_url_is_not_asked(setup_of: SetupOf) -> None:
    """No network is used."""
    (found,) = check_release(setup_of(release_root="https://no-such-host.invalid/Sparkle"))
    assert found.state == State.OK
    assert "not looked at" in found.found
    (refused,) = check_release(setup_of(release_root="https://no-such-host.invalid/Sparkle?token=ab"))
    assert refused.state == State.PROBLEM
    assert "has a query" in refused.found


def test_a_shard_that_is_gone_is_a_problem(
    setup_of: SetupOf, sample_release: Path, data_root: Path, tmp_path: Path
) -> None:
    """Its rows would go with the next run; with a later part there, it is a gap too."""
    release = Path(shutil.copytree(sample_release, tmp_path / "release"))
    (release / SHARD).unlink()
    _, gone, gap = check_release(setup_of(release_root=release, data_root=data_root))
    assert gone.state == State.PROBLEM
    assert f"gone since the tables were made: {SHARD}; the next ingest drops their 7 records" in gone.found
    assert (gap.state, gap.found.endswith(SHARD)) == (State.WARNING, True)


def test_a_theme_that_is_gone_stops_a_run(
    setup_of: SetupOf, sample_release: Path, data_root: Path, tmp_path: Path
) -> None:
    """As ``ingest`` does, in its words; with ``allow_empty`` it goes on, and the records are told."""
    release = Path(shutil.copytree(sample_release, tmp_path / "release"))
    for path in (release / "prompts").glob("time_*"):
        path.unlink()
    (found,) = check_release(setup_of(release_root=release, data_root=data_root))
    assert found.state == State.PROBLEM
    assert "would lose all rows" in found.found
