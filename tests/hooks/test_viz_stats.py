"""The row counts that Kedro-Viz shows: of the files that are there, and only of those."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from kedro.io import DataCatalog

from sparkle_curation.hooks.viz_stats import STATS_PATH, VizStats, stats_of, write_stats

TABLE = pl.DataFrame({"id": ["a", "b"], "boxes": [[1, 2], None], "note": ["one", "two\nlines"]})


@pytest.fixture
def catalog(tmp_path: Path) -> DataCatalog:
    """A table, a report and a folder of ours, a factory of tables, and a dataset that cannot be made."""
    ours = "sparkle_curation.datasets"
    return DataCatalog.from_config(
        {
            "verdicts": {"type": f"{ours}.TableDataset", "filepath": str(tmp_path / "verdicts.parquet")},
            "{table}_quarantined": {
                "type": f"{ours}.TableDataset",
                "filepath": str(tmp_path / "{table}.parquet"),
            },
            "funnel": {"type": f"{ours}.ReportCSVDataset", "filepath": str(tmp_path / "funnel.csv")},
            "data_docs": {
                "type": f"{ours}.DataDocsDataset",
                "filepath": str(tmp_path / "data_docs"),
                "release": "data/Sparkle",
            },
            "funnel_table": {"type": "no_such_package.FigureDataset", "filepath": "figure.json"},
        }
    )


def context(project: Path, *, env: str | None = None, **params: object) -> Any:
    """What a hook is told of a run."""
    (project / "pyproject.toml").touch()
    return SimpleNamespace(
        env=env, project_path=project, config_loader=SimpleNamespace(runtime_params=params)
    )


def stats_in(project: Path) -> dict[str, dict[str, int]]:
    """The counts that Kedro-Viz would read."""
    stats: dict[str, dict[str, int]] = json.loads((project / STATS_PATH).read_text(encoding="utf-8"))
    return stats


def test_what_is_there_is_counted(catalog: DataCatalog, tmp_path: Path) -> None:
    """Rows, columns and bytes of tables and reports; nothing of a table without a file, or of another package's."""
    names = {"verdicts", "assets_quarantined", "funnel", "data_docs", "funnel_table", "params:threshold"}
    assert dict(stats_of(catalog, names)) == {}
    TABLE.write_parquet(tmp_path / "verdicts.parquet")
    TABLE.clear().write_parquet(tmp_path / "assets.parquet")
    TABLE.drop("boxes").write_csv(tmp_path / "funnel.csv")
    found = dict(stats_of(catalog, names))
    assert list(found) == ["assets_quarantined", "funnel", "verdicts"]
    assert [(stats["rows"], stats["columns"]) for stats in found.values()] == [(0, 3), (2, 2), (2, 3)]
    assert found["verdicts"]["file_size"] == (tmp_path / "verdicts.parquet").stat().st_size


def test_a_package_in_a_folder_of_its_own_leaves_no_counts_there(
    catalog: DataCatalog, tmp_path: Path
) -> None:
    """Kedro-Viz shows nothing of a folder that is no project."""
    hook, told = VizStats(), context(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    hook.after_context_created(told)
    hook.after_pipeline_run(catalog)
    assert not (tmp_path / STATS_PATH).exists()


@pytest.mark.usefixtures("kedro_project")
@pytest.mark.parametrize("moment", ["after_pipeline_run", "on_pipeline_error"])
def test_a_run_is_noted(moment: str, catalog: DataCatalog, tmp_path: Path) -> None:
    """Also one that failed, of which some tables are new."""
    TABLE.write_parquet(tmp_path / "verdicts.parquet")
    hook = VizStats()
    hook.after_context_created(context(tmp_path))
    getattr(hook, moment)(catalog)
    assert stats_in(tmp_path)["verdicts"]["rows"] == 2


@pytest.mark.usefixtures("kedro_project")
def test_a_table_that_is_gone_is_not_counted(catalog: DataCatalog, tmp_path: Path) -> None:
    """The counts are those of the last run, not of all runs."""
    hook = VizStats()
    hook.after_context_created(context(tmp_path))
    TABLE.write_parquet(tmp_path / "verdicts.parquet")
    hook.after_pipeline_run(catalog)
    (tmp_path / "verdicts.parquet").unlink()
    hook.after_pipeline_run(catalog)
    assert stats_in(tmp_path) == {}


@pytest.mark.usefixtures("kedro_project")
def test_a_run_elsewhere_is_not_noted(catalog: DataCatalog, tmp_path: Path) -> None:
    """Kedro-Viz shows what the configuration says, so counts of other files would be wrong there."""
    hook = VizStats()
    for elsewhere in (context(tmp_path, data_root="elsewhere"), context(tmp_path, env="test")):
        hook.after_context_created(elsewhere)
        hook.after_pipeline_run(catalog)
    assert not (tmp_path / STATS_PATH).exists()
    hook.after_context_created(context(tmp_path, release_root="another"))
    hook.after_pipeline_run(catalog)
    assert (tmp_path / STATS_PATH).exists()


@pytest.mark.usefixtures("kedro_project")
def test_a_run_does_not_fail_for_want_of_counts(
    catalog: DataCatalog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is no table is said in the log."""
    (tmp_path / "verdicts.parquet").write_bytes(b"not Parquet")
    hook = VizStats()
    hook.after_context_created(context(tmp_path))
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        hook.after_pipeline_run(catalog)
    assert "row counts for Kedro-Viz could not be noted" in caplog.text


def test_the_same_counts_are_not_written_again(tmp_path: Path) -> None:
    """So that a repeated run costs no flush to disk."""
    path = tmp_path / STATS_PATH
    write_stats({"a": {"rows": 1}}, path)
    first = path.stat()
    write_stats({"a": {"rows": 1}}, path)
    assert path.stat().st_ino == first.st_ino
    write_stats({"a": {"rows": 2}}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": {"rows": 2}}
