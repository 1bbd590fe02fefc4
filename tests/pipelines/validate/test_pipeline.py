"""The validate pipeline: what it stops, what it only reports, and what it does not do twice."""

from __future__ import annotations

import logging
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from tests.conftest import Project
from tests.expectations.damage import Release

from sparkle_curation.errors import ValidationError
from sparkle_curation.expectations.suites import SUITE_NAMES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.slow


@pytest.fixture
def odd(project: Project, sample_release: Path, tmp_path: Path) -> Project:
    """The project on a copy of the sample release, of which a grounding names another theme."""
    root = shutil.copytree(sample_release, tmp_path / "release")
    Release(root).change(
        "Sparkle_time_000009", "grounding_r1", lambda record: record.update(edit_type="dusk")
    )
    return replace(project, release_root=root)


def rewrite(project: Project, table: str, **changes: pl.Expr) -> None:
    """Change columns of an ingested table behind ingestion's back; it keeps its fingerprint."""
    path = project.output("02_intermediate", f"{table}.parquet")
    metadata = pq.read_schema(path).metadata
    changed = pl.read_parquet(path).with_columns(**changes).to_arrow()
    pq.write_table(changed.replace_schema_metadata(metadata), path)


def validated(caplog: pytest.LogCaptureFixture, project: Project, **params: object) -> set[str]:
    """The suites that a run of ``curate`` checked anew."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="sparkle_curation"):
        project.run_here("curate", params=params)
    kept = {
        record.getMessage().partition(":")[0]
        for record in caplog.records
        if record.getMessage().endswith("not validated again")
    }
    return set(SUITE_NAMES) - kept


def test_a_warning_is_reported_and_the_run_goes_on(odd: Project, caplog: pytest.LogCaptureFixture) -> None:
    """The log and the summary name the rule and the sample; the variant is emitted."""
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        odd.run_here("curate")
    assert "grounding_r1: 1 rows break edit_type_is_theme, e.g. Sparkle_time_000009" in caplog.messages
    summary = pl.read_csv(odd.output("08_reporting", "validation_summary.csv"))
    assert summary.filter(~pl.col("is_met")).select("table", "rule", "severity", "failed_ids").rows() == [
        ("grounding_r1", "edit_type_is_theme", "warning", "Sparkle_time_000009")
    ]
    assert odd.output("05_model_input", "kiwi_edit", "prompts", "time_train.csv").is_file()


def test_a_critical_rule_stops_the_run_before_anything_is_emitted(odd: Project) -> None:
    """The same rule, made critical: the error names table, rule, sample and page; summary and page are written."""
    with pytest.raises(ValidationError) as caught:
        odd.run_here("curate", params={"validation.severity.keyword": "critical"})
    message = caught.value.format_message()
    for part in ("grounding_r1", "edit_type_is_theme", "Sparkle_time_000009", "data_docs/index.html"):
        assert part in message
    assert "validation.severity.keyword=warning" in message
    assert not odd.output("05_model_input").exists()
    assert odd.output("08_reporting", "validation_summary.csv").is_file()
    assert odd.output("08_reporting", "data_docs", "index.html").is_file()


def test_a_table_that_ingest_did_not_write_is_critical(project: Project) -> None:
    """A score out of range, put in by hand, is found as such by the default severities."""
    project.run_here("ingest")
    overall = pl.when(pl.int_range(pl.len()) < 12).then(12.5).otherwise(pl.col("overall"))
    rewrite(project, "edited_frame0_scores", overall=overall)
    with pytest.raises(ValidationError) as caught:
        project.run_here("validate")
    message = caught.value.format_message()
    assert "table edited_frame0_scores, expectation overall_in_range" in message
    assert "edited_frame0_scores.overall_is_editscores" in message
    assert "12 rows: " in message
    assert message.count("Sparkle_") == 10


def test_a_missing_value_a_double_row_and_a_foreign_id_are_critical(project: Project) -> None:
    """Each, put into an ingested table by hand, stops ``curate`` under its own rule, and nothing is emitted."""
    project.run_here("ingest")
    first = pl.int_range(pl.len()) == 0
    rewrite(
        project, "foreground_removed_scores", prompt=pl.when(first).then(None).otherwise(pl.col("prompt"))
    )
    rewrite(project, "grounding_r1", id=pl.when(first).then(pl.col("id").get(1)).otherwise(pl.col("id")))
    rewrite(project, "assets", id=pl.when(first).then(pl.lit("Sparkle_place_12")).otherwise(pl.col("id")))
    with pytest.raises(ValidationError) as caught:
        project.run_here("curate")
    summary = pl.read_csv(project.output("08_reporting", "validation_summary.csv"))
    critical = summary.filter(~pl.col("is_met") & (pl.col("severity") == "critical"))
    assert set(critical.select("table", "rule").iter_rows()) == {
        ("foreground_removed_scores", "prompt_is_there"),
        ("grounding_r1", "id_is_unique"),
        ("assets", "id_names_theme"),
    }
    for table, rule in critical.select("table", "rule").iter_rows():
        assert table in caught.value.format_message()
        assert rule in caught.value.format_message()
    assert not project.output("05_model_input").exists()


def test_a_table_of_other_columns_is_critical(project: Project) -> None:
    """The column and its type are named, and nothing else is asked of that table."""
    project.run_here("ingest")
    rewrite(project, "grounding_r2", source_line=pl.col("source_line").cast(pl.Int64))
    with pytest.raises(ValidationError, match=r"grounding_r2\.source_line"):
        project.run_here("validate")


def test_what_has_not_changed_is_not_validated_again(odd: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Another threshold checks nothing; a changed file what reads its table; a bound its suite."""
    assert validated(caplog, odd) == set(SUITE_NAMES)
    assert validated(caplog, odd, threshold=8.5) == set()
    records = odd.release_root / "intermediate_data" / "time" / "foreground_grounding_r2.jsonl"
    records.touch()
    assert validated(caplog, odd) == {"schemas", "annotations", "grounding_r2", "quarantine", "release"}
    assert validated(caplog, odd, **{"validation.bounds.max_mean_score": 9.5}) == {"release"}
    assert validated(caplog, odd) == {"release"}


def test_a_second_run_does_not_import_great_expectations(project: Project) -> None:
    """It takes seconds to import, and is not needed where nothing has changed."""
    project.run_here("curate")
    command = project.command("--pipelines", "curate")
    command[1:1] = ["-X", "importtime"]
    finished = subprocess.run(
        command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    imported = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "sparkle_curation.expectations.checking" in imported
    assert "great_expectations" not in imported


# ------------------------------------------------------------------ Data Docs
def test_data_docs_stay_small_need_no_network_and_keep_no_old_page(odd: Project) -> None:
    """One page a suite and result, nothing loaded from elsewhere, also after another validation."""
    for bound in (9.9, 9.5):
        odd.run_here("curate", params={"validation.bounds.max_mean_score": bound})
        site = odd.output("08_reporting", "data_docs")
        pages = list(site.rglob("*.html"))
        assert len(pages) == 1 + 2 * len(SUITE_NAMES)
        assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 3_000_000
        for page in pages:
            text = page.read_text(encoding="utf-8")
            assert 'src="http' not in text
            assert '<link rel="stylesheet" href="http' not in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; CI installs Debian's")
def test_a_browser_shows_a_failed_expectation(odd: Project, tmp_path: Path) -> None:
    """In headless Chromium the first page names the failed rule, and the table's page its sentence and the sample."""
    odd.run_here("ingest")
    records = Release(odd.release_root)
    records.drop("Sparkle_time_000009", "edited_frame0_scores")
    odd.run_here("curate")
    site = odd.output("08_reporting", "data_docs")

    def shown(page: Path, name: str) -> str:
        options = [f"--user-data-dir={tmp_path / name}", f"--screenshot={tmp_path / name}.png", "--dump-dom"]
        finished = subprocess.run(
            [str(CHROMIUM), *FLAGS, *options, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    first = shown(site / "index.html", "first")
    assert "edit_type_is_theme" in first
    assert "Sparkle_time_000009" in first
    (page,) = (site / "validations" / "annotations").rglob("*.html")
    table = shown(page, "table")
    assert "Every released sample is in each table of scores and groundings that has its theme." in table
    assert "edited_frame0_scores" in table
    assert "Sparkle_time_000009" in table
