"""Around a run: errors of ours told as they are, and after a run its funnel and files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline, node
from rich.console import Console
from tests.conftest import Project

from sparkle_curation.datasets import MetricsJSONDataset, ReportCSVDataset, TableDataset, TextDataset
from sparkle_curation.errors import ConservationError, FileError, ReleaseError, SparkleError
from sparkle_curation.hooks.run_summary import DiffSummary, RunSummary, funnel_table
from sparkle_curation.hooks.tellers import ErrorTeller, OldFilesTeller
from sparkle_curation.spec.stages import CRITERION_NAMES


def raised(action: Callable[[], object]) -> Exception:
    """The error that an action raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- whatever it is
        action()
    return caught.value


def wrapped(cause: Exception) -> Exception:
    """An error that Kedro raises about another one, twice over."""

    def fail() -> None:
        try:
            try:
                raise cause
            except type(cause) as inner:
                raise DatasetError("failed while loading") from inner
        except DatasetError as outer:
            raise RuntimeError("the run failed") from outer

    return raised(fail)


def test_an_error_of_ours_is_raised_in_place_of_its_wrapping() -> None:
    """However deep it lies, the person sees it and not Kedro's words about it."""
    ours = ReleaseError("The release root is not a folder")
    told = raised(lambda: ErrorTeller().on_pipeline_error(wrapped(ours)))
    assert told is ours
    assert (told.__cause__, told.__suppress_context__) == (None, True)


def test_what_is_expected_is_told_in_words() -> None:
    """Though nothing of ours raised it."""
    told = raised(lambda: ErrorTeller().on_pipeline_error(wrapped(PermissionError(13, "no", "/a/b"))))
    assert isinstance(told, FileError)
    assert (told.where, told.got) == ("/a/b", "Permission denied")


@pytest.mark.parametrize("error", [wrapped(OSError("odd")), ValueError("x"), ConservationError("A sum")])
def test_other_errors_are_left_alone(error: Exception) -> None:
    """An error that is not ours, or is ours already, goes its way."""
    ErrorTeller().on_pipeline_error(error)


FUNNEL = pl.DataFrame(
    {
        "theme": ["time", "total"],
        "known": [24_000, 24_000],
        "edited_frame0": [0, 0],
        "not_exported": [0, 0],
        "missing": [0, 7],
        "exported": [11, 11],
    }
)


def test_the_funnel_is_shown_without_what_says_nothing() -> None:
    """Thousands are parted; a column of zeros goes, unless it is a stage or a total."""
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(funnel_table(FUNNEL))
    text = console.export_text()
    assert "24,000" in text
    assert "not exported" not in text
    for shown in ("theme", "known", "edited frame0", "missing", "exported"):
        assert shown in text


def test_a_run_that_makes_no_variant_has_no_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """An ingest alone prints nothing of it."""
    pipeline = Pipeline([node(lambda: 1, None, "a", name="make_a")])
    RunSummary().after_pipeline_run(pipeline, DataCatalog({"a": MemoryDataset()}))
    assert capsys.readouterr().out == ""


def test_files_under_old_names_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What an earlier version left beside an output of the run, or one folder up; it stays. Without any nothing is said."""
    catalog = DataCatalog(
        {
            "counts": ReportCSVDataset(filepath=str(tmp_path / "near_duplicate_counts.csv")),
            "one_scores": TableDataset(filepath=str(tmp_path / "scores" / "one_scores.parquet")),
            "a": MemoryDataset(),
        }
    )
    pipeline = Pipeline([node(lambda: (1, 2, 3), None, ["counts", "one_scores", "a"], name="make")])
    with caplog.at_level(logging.WARNING):
        OldFilesTeller().after_pipeline_run(pipeline, catalog)
        assert caplog.text == ""
        old = [tmp_path / "one_scores.parquet", tmp_path / "twin_counts.csv"]
        for path in old:
            path.touch()
        OldFilesTeller().after_pipeline_run(pipeline, catalog)
    assert f"{old[0]}, {old[1]}" in caplog.text
    assert all(path.is_file() for path in old)


def test_the_summary_says_where_the_files_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The funnel, and the paths of those outputs that the run made, in which nothing is markup."""
    catalog = DataCatalog(
        {
            "funnel_table": ReportCSVDataset(filepath=str(tmp_path / "funnel_table.csv")),
            "curation_metrics": MetricsJSONDataset(
                filepath=str(tmp_path / "[red]" / "curation_metrics.json")
            ),
        }
    )
    catalog.save("funnel_table", FUNNEL)
    thresholds = dict.fromkeys(CRITERION_NAMES, 8.5)
    metrics = {"thresholds": thresholds, "missing_scores": "reject", "imputed_scores": "keep"}
    catalog.save("curation_metrics", metrics)
    outputs = ["funnel_table", "curation_metrics"]
    RunSummary().after_pipeline_run(Pipeline([node(lambda: (1, 2), None, outputs, name="make")]), catalog)
    shown = capsys.readouterr().out
    assert "samples that pass, stage by stage" in shown
    assert str(tmp_path / "[red]" / "curation_metrics.json") in shown
    assert "missing_scores reject, imputed_scores keep" in shown
    assert "\n  variant " not in shown


def test_a_difference_is_shown_as_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To be copied: no line of it is broken, and what looks like markup is text; other runs show nothing of it."""
    text = "## Variant: `[a]` -> `b`\n\n- " + "long " * 60 + "\n"
    names = ["variant_diff_summary", "variant_diff_counts", "variant_diff"]
    catalog = DataCatalog({name: TextDataset(filepath=str(tmp_path / f"{name}.txt")) for name in names})
    catalog.save("variant_diff_summary", text)
    DiffSummary().after_pipeline_run(Pipeline([node(lambda: "", None, names[0], name="make")]), catalog)
    shown = capsys.readouterr().out
    assert text in shown
    assert all(str(tmp_path / f"{name}.txt") in shown for name in names)
    DiffSummary().after_pipeline_run(Pipeline([node(lambda: "", None, "a", name="make_a")]), catalog)
    assert capsys.readouterr().out == ""


def test_an_error_of_ours_comes_out_of_a_run_as_itself(project: Project, tmp_path: Path) -> None:
    """Not as a DatasetError."""
    with pytest.raises(SparkleError, match="not a folder"):
        replace(project, release_root=tmp_path / "nowhere").run_here("ingest")
