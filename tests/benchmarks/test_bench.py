"""``make bench`` runs to its end at a tiny size, keeps its results, and writes the page with its plots."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from benchmarks.page import write_page
from benchmarks.results import Result, read_results, write_results

from benchmarks import __main__ as bench


def _run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> None:
    places = [
        "--work",
        folder / "work",
        "--results",
        folder / "results.jsonl",
        "--page",
        folder / "docs" / "page.md",
    ]
    monkeypatch.setattr(sys, "argv", ["benchmarks", *map(str, places), *arguments])
    bench.main()


def test_a_tiny_run_ends_with_results_and_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run replaces the results of its benchmark and size alone."""
    _run(monkeypatch, tmp_path, "--sizes", "100,200", "--only", "shards", "--rounds", "1")
    _run(monkeypatch, tmp_path, "--sizes", "200", "--only", "shards", "--rounds", "1")
    results = read_results(tmp_path / "results.jsonl")
    runs = [(each["samples"], each["contender"], each["round"]) for each in results]
    assert runs == [(100, "ours", 1), (100, "tarfile", 1), (200, "ours", 1), (200, "tarfile", 1)]
    assert all(each["cpu_s"] > 0 and each["peak_mb"] > 0 for each in results)
    assert results[0]["machine"]["cores"] >= 1
    assert results[0]["versions"]["polars"]
    page = (tmp_path / "docs" / "page.md").read_text(encoding="utf-8")
    assert "| 200 | ours |" in page
    assert 'make bench BENCH_ARGS="--only ingest"' in page
    assert "## What breaks first" in page
    for name in ("benchmarks_cpu.svg", "benchmarks_memory.svg"):
        assert f"](images/{name})" in page
        assert ET.parse(tmp_path / "docs" / "images" / name).getroot().tag.endswith("svg")  # noqa: S314 -- ours


def test_a_cost_that_grows_faster_than_the_release_is_told(tmp_path: Path) -> None:
    """Ten times the samples at a hundred times the cost; one at ten times is linear."""
    costs = {"ours": (1.0, 100.0), "tarfile": (1.0, 10.0)}
    write_results(
        tmp_path / "results.jsonl",
        [
            Result("shards", name, size, 1, cost, cost, cost, 100.0)
            for name, pair in costs.items()
            for size, cost in zip((100, 1_000), pair, strict=True)
        ],
    )
    write_page(read_results(tmp_path / "results.jsonl"), tmp_path / "page.md", tmp_path / "images")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| 100.0 for 10, **more than linear** |" in page
    assert "| 10.0 for 10 |" in page


@pytest.mark.parametrize("sizes", ["", "14X", "0", "14K,", "-1"])
def test_a_size_that_is_none_is_told(
    sizes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what is allowed, before anything is made."""
    with pytest.raises(SystemExit):
        _run(monkeypatch, tmp_path, f"--sizes={sizes}")
    assert "allowed numbers such as 14K, 140K, 1.4M" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
