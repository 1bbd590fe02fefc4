"""The validate pipeline: what it stops, what it only reports, and what it does not do twice."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from tests.browser import shown
from tests.conftest import Project
from tests.expectations.damage import Release
from tests.made.edited_tables import edit_table

from sparkle_curation.errors import ValidationError
from sparkle_curation.expectations.suites import SUITE_NAMES

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Curated:
    """A release that was curated once, for all tests here.

    Attributes:
        project: the release and the outputs; copy them before changing them.
        messages: what the run said.
    """

    project: Project
    messages: list[str]

    def copied(self, tmp_path: Path, *, is_exported: bool = True) -> Project:
        """The project on the same release with a copy of the outputs; without an export, up to what it validated."""
        project = replace(self.project, data_root=tmp_path / "copied")
        shutil.copytree(self.project.data_root, project.data_root)
        for folder in () if is_exported else ("03_primary", "05_model_input"):
            shutil.rmtree(project.output(folder))
        return project


def curated_once(release_root: Path, data_root: Path) -> Curated:
    """A release, curated by the default parameters."""
    said: list[logging.LogRecord] = []
    keeping = logging.Handler(logging.INFO)
    keeping.emit = said.append  # type: ignore[method-assign]
    logger = logging.getLogger("sparkle_curation")
    logger.addHandler(keeping)
    try:
        project = Project(release_root, data_root)
        project.run_here("curate")
    finally:
        logger.removeHandler(keeping)
    return Curated(project, [record.getMessage() for record in said])


@pytest.fixture(scope="module")
def odd(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Curated:
    """A copy of the sample release of which a grounding names another theme, curated."""
    folder = tmp_path_factory.mktemp("odd")
    return curated_once(with_odd_theme(sample_release, folder / "release"), folder / "data")


def with_odd_theme(sample_release: Path, root: Path) -> Path:
    """A copy of the sample release of which a grounding names another theme."""
    shutil.copytree(sample_release, root)
    Release(root).change(
        "Sparkle_time_000009", "grounding_r1", lambda record: record.update(edit_type="dusk")
    )
    return root


def put(project: Project, table: str, **changes: pl.Expr) -> None:
    """Change columns of an ingested table by hand."""
    edit_table(project.table(table), lambda rows: rows.with_columns(**changes))


def validated(caplog: pytest.LogCaptureFixture, project: Project, **params: object) -> set[str]:
    """The suites that a run of ``curate`` checked again."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="sparkle_curation"):
        project.run_here("curate", params=params)
    return checked(caplog.messages)


def checked(messages: list[str]) -> set[str]:
    """The suites that a run checked, by what it said of the others."""
    kept = {message.partition(":")[0] for message in messages if message.endswith("not validated again")}
    return set(SUITE_NAMES) - kept


def test_a_warning_is_reported_and_the_run_goes_on(odd: Curated) -> None:
    """The log and the summary name the rule and the sample; the variant is exported."""
    assert "grounding_r1: 1 rows break edit_type_is_theme, e.g. Sparkle_time_000009" in odd.messages
    summary = pl.read_csv(odd.project.output("08_reporting", "validation_summary.csv"))
    assert summary.filter(~pl.col("is_met")).select("table", "rule", "severity", "failed_ids").rows() == [
        ("grounding_r1", "edit_type_is_theme", "warning", "Sparkle_time_000009")
    ]
    assert odd.project.output("05_model_input", "kiwi_edit", "prompts", "time_train.csv").is_file()


def test_a_critical_rule_stops_the_run_before_anything_is_exported(odd: Curated, tmp_path: Path) -> None:
    """The same rule, made critical: the error names table, rule, sample and page; summary and page are written."""
    project = odd.copied(tmp_path, is_exported=False)
    shutil.rmtree(project.output("08_reporting"))
    with pytest.raises(ValidationError) as caught:
        project.run_here("curate", params={"validation.severity.keyword": "critical"})
    message = caught.value.format_message()
    for part in ("grounding_r1", "edit_type_is_theme", "Sparkle_time_000009", "data_docs/index.html"):
        assert part in message
    assert "validation.severity.keyword=warning" in message
    assert not project.output("05_model_input").exists()
    assert project.output("08_reporting", "validation_summary.csv").is_file()
    assert project.output("08_reporting", "data_docs", "index.html").is_file()


def test_a_table_that_ingest_did_not_write_is_critical(odd: Curated, tmp_path: Path) -> None:
    """A score out of range, put in by hand, is found as such by the default severities."""
    project = odd.copied(tmp_path)
    overall = pl.when(pl.int_range(pl.len()) < 12).then(12.5).otherwise(pl.col("overall"))
    put(project, "edited_frame0_scores", overall=overall)
    with pytest.raises(ValidationError) as caught:
        project.run_here("validate")
    message = caught.value.format_message()
    assert "table edited_frame0_scores, expectation overall_in_range" in message
    assert "edited_frame0_scores.overall_is_editscores" in message
    assert "12 rows: " in message
    assert message.count("Sparkle_") == 10


IS_AMONG_TWELVE = pl.int_range(pl.len()) < 12


def emptied(column: str) -> pl.Expr:
    """A column without its first twelve values."""
    return pl.when(~IS_AMONG_TWELVE).then(pl.col(column)).alias(column)


def misspelt(rows: pl.DataFrame) -> pl.DataFrame:
    """The first twelve ids with a digit too few."""
    short = pl.col("id").str.replace("_0", "_")
    return rows.with_columns(pl.when(IS_AMONG_TWELVE).then(short).otherwise(pl.col("id")))


def without_a_label(rows: pl.DataFrame) -> pl.DataFrame:
    """One absent label among the first twelve samples' own."""
    labels = pl.col("round1_labels")
    with_null = labels.list.concat(pl.lit([None], dtype=pl.List(pl.String)))
    return rows.with_columns(pl.when(IS_AMONG_TWELVE).then(with_null).otherwise(labels))


def doubled(rows: pl.DataFrame) -> pl.DataFrame:
    """The first six rows once more in place of the next six: of another number, ingestion's sums would tell."""
    return pl.concat([rows.head(6), rows.head(6), rows.slice(12)])


BY_HAND = {
    "annotations": ("prompt_is_there", lambda rows: rows.with_columns(emptied("prompt"))),
    "edited_frame0_scores": ("editscore_is_complete", lambda rows: rows.with_columns(emptied("editscore"))),
    "grounding_r1": ("round1_labels_is_complete", without_a_label),
    "edited_video_scores": ("id_is_unique", doubled),
    "foreground_removed_scores": ("id_names_theme", misspelt),
}
"""Tables, the rule that each shall break, and the change by which it does."""


def test_tables_edited_by_hand_stop_the_run_before_anything_is_exported(odd: Curated, tmp_path: Path) -> None:
    """A value is missing, an id stands twice, or is none: table, rule and ten samples are named, nothing is written."""
    project = odd.copied(tmp_path, is_exported=False)
    for table, (_, change) in BY_HAND.items():
        edit_table(project.table(table), change)
    with pytest.raises(ValidationError) as caught:
        project.run_here("curate")
    message = caught.value.format_message()
    (table, (rule, _)), *others = BY_HAND.items()
    assert f"table {table}, expectation {rule}; also " in message
    for table, (rule, _) in others:
        assert f"{table}.{rule}" in message
    summary = pl.read_csv(project.output("08_reporting", "validation_summary.csv")).filter(
        severity="critical"
    )
    broken = summary.filter(~pl.col("is_met")).select("table", "rule", "failed_count").rows()
    assert set(broken) == {(table, rule, 12) for table, (rule, _) in BY_HAND.items()}
    named = re.search(r"12 rows: (.*)", message)
    assert named is not None
    assert len(named[1].split("; ")) == 10
    assert not project.output("03_primary").exists()
    assert not project.output("05_model_input").exists()


def test_a_table_edited_after_it_was_validated_is_validated_and_audited_again(
    odd: Curated, tmp_path: Path
) -> None:
    """Scores that no sub-scores can make are within their bounds, so the audit finds them; a sum that is off, the suite."""
    project = odd.copied(tmp_path)
    imputed = pl.when(IS_AMONG_TWELVE).then(9.99).otherwise(pl.col("overall"))
    put(
        project,
        "edited_frame0_scores",
        overall=imputed,
        editscore=pl.col("editscore").struct.with_fields(overall=imputed),
    )
    put(project, "edited_video_scores", mean_o_score=pl.col("mean_o_score") - 1e-6)
    project.run_here("curate", params={"validation.severity.derived_value": "warning"})
    summary = pl.read_csv(project.output("08_reporting", "validation_summary.csv"))
    assert "mean_o_score_is_frames" in summary.filter(~pl.col("is_met"))["rule"].to_list()
    audit = pl.read_parquet(project.output("03_primary", "score_audit.parquet"))
    assert audit.filter(pl.col("rule") == "above_geometric_mean").height == 12


def test_a_table_of_other_columns_is_critical(odd: Curated, tmp_path: Path) -> None:
    """The column and its type are named, and nothing else is asked of that table."""
    project = odd.copied(tmp_path)
    put(project, "grounding_r2", source_line=pl.col("source_line").cast(pl.Int64))
    with pytest.raises(ValidationError, match=r"grounding_r2\.source_line"):
        project.run_here("validate")


def test_what_has_not_changed_is_not_validated_again(
    odd: Curated, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another threshold checks nothing; a changed file what reads its table; a bound its suite."""
    project = odd.copied(tmp_path)
    assert checked(odd.messages) == set(SUITE_NAMES)
    assert validated(caplog, project, threshold=8.5) == set()
    records = project.release_root / "intermediate_data" / "time" / "foreground_grounding_r2.jsonl"
    before = records.stat()
    records.touch()
    assert validated(caplog, project) == {"schemas", "annotations", "grounding_r2", "quarantine", "release"}
    assert validated(caplog, project, **{"validation.bounds.max_mean_score": 9.5}) == {"release"}
    assert validated(caplog, project) == {"release"}
    os.utime(records, ns=(before.st_atime_ns, before.st_mtime_ns))  # others read the release, too


def test_a_second_run_does_not_import_great_expectations(odd: Curated, tmp_path: Path) -> None:
    """It takes seconds to import, and is not needed where nothing has changed."""
    command = odd.copied(tmp_path).command("--pipelines", "curate")
    command[1:1] = ["-X", "importtime"]
    finished = subprocess.run(
        command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    imported = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "sparkle_curation.expectations.checking" in imported
    assert imported.isdisjoint({"great_expectations", "pandas"})


# ------------------------------------------------------------------ Data Docs
def test_data_docs_stay_small_need_no_network_and_keep_no_old_page(odd: Curated, tmp_path: Path) -> None:
    """One page a suite and one that leads to them, nothing loaded from elsewhere, also after another validation."""
    again = odd.copied(tmp_path)
    again.run_here("curate", params={"validation.bounds.max_mean_score": 9.5})
    for project in (odd.project, again):
        site = project.output("08_reporting", "data_docs")
        pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
        assert pages == sorted(["index.html", *(f"tables/{name}.html" for name in SUITE_NAMES)])
        assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 200_000
        for page in pages:
            text = (site / page).read_text(encoding="utf-8")
            assert "<script" not in text
            assert "http:" not in text
            assert "https:" not in text


def test_a_browser_shows_a_failed_expectation(project: Project, sample_release: Path, tmp_path: Path) -> None:
    """In headless Chromium the first page names the failed rule, and the table's page its sentence and the sample."""
    odd = replace(project, release_root=with_odd_theme(sample_release, tmp_path / "release"))
    Release(odd.release_root).drop("Sparkle_time_000009", "edited_frame0_scores")
    odd.run_here("ingest,validate")
    site = odd.output("08_reporting", "data_docs")

    first = shown(site / "index.html", tmp_path / "first")
    assert "edit_type_is_theme" in first
    assert "Sparkle_time_000009" in first
    assert str(odd.release_root) in first
    table = shown(site / "tables" / "annotations.html", tmp_path / "table")
    assert "A sample of the CSV is in every table of scores and groundings that has its theme." in table
    assert "edited_frame0_scores" in table
    assert "Sparkle_time_000009" in table
