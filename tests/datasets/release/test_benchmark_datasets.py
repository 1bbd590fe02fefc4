"""The datasets of a benchmark: one that is read, and one that is built."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from kedro.io import DatasetError
from tests.made.bench import ROOT, described

from sparkle_curation.bench.samples.built import BuiltBenchmark
from sparkle_curation.datasets import BenchmarkDataset, BenchmarkFolderDataset
from sparkle_curation.errors import AssetError, MissingTableError
from sparkle_curation.ingest.assets.store import AssetStore


def test_a_benchmark_is_its_files_and_none_where_there_is_none(tmp_path: Path) -> None:
    """Kedro-Viz shows the first of them, and an empty table where nothing is."""
    dataset = BenchmarkDataset(path=str(ROOT))
    files = dataset.load()
    assert files is not None
    assert [file.path for file in files.files_in()][:2] == ["README.md", "benchmark.json"]
    assert len(dataset.preview(3)["data"]) == 3  # type: ignore[index]
    assert BenchmarkDataset(path=None).load() is None
    for root in (None, str(tmp_path / "none")):
        assert BenchmarkDataset(path=root).preview()["data"] == []  # type: ignore[index]
    with pytest.raises(DatasetError, match="The root of the benchmark is not a folder"):
        BenchmarkDataset(path=str(tmp_path / "none")).load()


def test_a_benchmark_that_cannot_be_written_whole_leaves_the_old_one(
    tmp_path: Path, sample_release: Path
) -> None:
    """A medium that the release has not: nothing of the folder changes, and no other is left."""
    pl.DataFrame(
        schema={
            "id": pl.String,
            "theme": pl.String,
            "kind": pl.String,
            "container": pl.String,
            "path": pl.String,
        }
    ).with_columns(pl.lit(0, pl.Int64).alias("offset"), pl.lit(0, pl.Int64).alias("size")).write_parquet(
        tmp_path / "assets.parquet"
    )
    store = AssetStore(str(sample_release), tmp_path / "assets.parquet")
    nothing = pl.DataFrame(schema={"id": pl.String, "theme": pl.String, "has_ref_image": pl.Boolean})
    missing = pl.DataFrame({"id": ["Sparkle_time_000000"], "theme": ["time"], "has_ref_image": [True]})
    texts = {"benchmark.json": b"{}", "time_bench.csv": b"edited_type,prompt,original_video\ntime,a,b.mp4\n"}
    dataset = BenchmarkFolderDataset(filepath=str(tmp_path / "benchmark"))
    assert dataset.preview()["data"] == []  # type: ignore[index]
    with pytest.raises((MissingTableError, DatasetError), match="bench_build"):
        dataset.load()
    dataset.save(BuiltBenchmark(nothing, texts, store, described()))
    assert dataset.load().rows() == [("time", "a", "b.mp4")]
    assert len(dataset.preview()["data"]) == 1  # type: ignore[index]
    with pytest.raises((AssetError, DatasetError), match="no such asset"):
        dataset.save(BuiltBenchmark(missing, {"benchmark.json": b"other"}, store, described()))
    assert {path.name for path in (tmp_path / "benchmark").iterdir()} == set(texts)
    assert {path.name for path in tmp_path.iterdir()} == {"assets.parquet", "benchmark"}
