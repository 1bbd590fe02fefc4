"""A member by its own description: at its own thresholds what its variant has, at others what these give."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.errors import MissingTableError, ParameterError, StaleTableError
from sparkle_curation.mixing.member_samples import MemberSamples, find_samples
from sparkle_curation.mixing.member_tables import VARIANT, read_tables
from sparkle_curation.variant.record import RECORD_NAME, read_record


@pytest.fixture(scope="module")
def curated(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, curated with a budget; read only."""
    assert kedro_project
    root = tmp_path_factory.mktemp("member")
    Project(sample_release, root).run_here("ingest,inspect,filter", params={"selection.budget": 60})
    return root


def member(root: Path, thresholds: Mapping[str, float] | None = None) -> MemberSamples:
    """What the member brings."""
    path = root / VARIANT / RECORD_NAME
    record = read_record(path.read_text("utf-8"), where=path)
    return find_samples(read_tables(root), record, root, thresholds or {}, "m")


def outcomes(found: MemberSamples) -> Counter[str]:
    """How many samples have each outcome and reason; those that could be in the mix are ``able``."""
    return Counter(
        f"{outcome}: {reason}" if outcome else "able"
        for outcome, reason in found.samples.select("outcome", "reason").rows()
    )


def test_at_its_own_thresholds_a_member_gives_its_variant(curated: Path) -> None:
    """Its selection counts, and each known sample has a row."""
    found = member(curated)
    assert outcomes(found) == {
        "able": 60,
        "not_exported: not_selected": 20,
        "rejected: edited_frame0": 15,
        "rejected: foreground_removed": 15,
        "rejected: edited_video": 10,
    }
    able = found.samples.filter(pl.col("outcome").is_null())
    assert set(found.clips["id"]) == set(able["id"])
    assert set(found.media["path"]) == {*able["src_video"], *able["tgt_video"]}
    assert found.facts["has_hashes"] is False


def test_at_other_thresholds_they_are_applied_anew(curated: Path) -> None:
    """What they let through goes by the preflight as any pair; the selection was made of others, and does not count."""
    assert outcomes(member(curated, {"edited_video": 7})) == {
        "able": 89,
        "rejected: edited_frame0": 15,
        "rejected: foreground_removed": 15,
        "rejected: edited_video": 1,
    }


def test_a_benchmark_that_came_after_the_curation_counts(curated: Path, tmp_path: Path) -> None:
    """What the sample shares with it is told, and the variant of before is still what the tables give."""
    root = shutil.copytree(curated, tmp_path / "copy")
    leaking = member(root).clips["id"][0]
    (root / "02_intermediate/benchmark").mkdir()
    leak = pl.DataFrame({"release_id": [leaking], "likeness": ["prompt"], "sample_id": ["s1"]})
    leak.write_parquet(root / "02_intermediate/benchmark/bench_leakage.parquet")
    marked = member(root).samples.filter(pl.col("benchmark_leak").is_not_null())
    assert marked.select("id", "outcome", "benchmark_leak").rows() == [(leaking, None, "prompt of s1")]


def test_thresholds_that_cannot_be_are_told(curated: Path) -> None:
    """Of a stage that it lacks, with what it has; beyond the scale, with the scale."""
    with pytest.raises(
        ParameterError, match=r"(?s)no criterion.*thresholds\.edited_vido.*did you mean 'edited_video'"
    ):
        member(curated, {"edited_vido": 7})
    with pytest.raises(ParameterError, match="from 0 to 10"):
        member(curated, {"edited_video": 11})


def test_a_member_that_was_ingested_again_is_told(
    curated: Path, sample_release: Path, tmp_path: Path
) -> None:
    """A line more in its release, ingested and not curated: its verdicts know nothing of it."""
    root = shutil.copytree(curated, tmp_path / "copy")
    release = shutil.copytree(sample_release, tmp_path / "release")
    csv = release / "prompts" / "season_train.csv"
    lines = csv.read_text("utf-8").splitlines(keepends=True)
    csv.write_text("".join(lines[:-1]), "utf-8")
    Project(release, root).run_here("ingest")
    with pytest.raises(StaleTableError, match="ingested again since it was curated"):
        member(root)


def test_tables_of_other_curations_are_told(curated: Path, tmp_path: Path) -> None:
    """Verdicts that are gone or of another version, and a variant that somebody changed."""
    root = shutil.copytree(curated, tmp_path / "copy")
    csv = root / VARIANT / "prompts" / "season_train.csv"
    text = csv.read_text("utf-8")
    csv.write_text("".join(text.splitlines(keepends=True)[:2]), "utf-8")
    with pytest.raises(StaleTableError, match="CSVs of the member were changed"):
        member(root)
    csv.write_text(text, "utf-8")
    assets = root / "02_intermediate" / "media.parquet"
    is_there = pl.col("id") != text.splitlines()[1].rpartition(",")[2]
    media = pl.read_parquet(assets / "**/*.parquet").filter(is_there)
    shutil.rmtree(assets)
    media.write_parquet(assets)
    with pytest.raises(StaleTableError, match="1 pairs that they do not give"):
        member(root)
    verdicts = root / "03_primary" / "verdicts.parquet"
    table = pl.read_parquet(verdicts).drop("edited_video_score")
    shutil.rmtree(verdicts)
    table.write_parquet(verdicts)
    with pytest.raises(StaleTableError, match="no column edited_video_score"):
        member(root)
    verdicts.unlink()
    with pytest.raises(MissingTableError, match="A table is not there"):
        member(root)
