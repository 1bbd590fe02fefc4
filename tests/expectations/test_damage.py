"""Every kind of damage is found, by the right rule and in the right row, and nothing else is.

``WRITE_DAMAGE_PAGE=1 python -m pytest tests/expectations/test_damage.py`` writes ``docs/damage.md`` again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import CHECKOUT, Project
from tests.expectations.damage import Damage, Release, seed_quarantine, seed_rows, seed_themes

from sparkle_curation.expectations.rules.rule import Kind
from sparkle_curation.spec.codes.quarantine_reasons import OF_SHAPES, Reason
from synthetic.faults import FAULTS

pytestmark = pytest.mark.slow

PAGE = CHECKOUT / "docs" / "damage.md"


def validate(project: Project) -> pl.DataFrame:
    """The summary after ingesting and validating a release."""
    project.run_here("ingest,validate")
    return pl.read_csv(
        project.output("08_reporting", "validation_summary.csv"), schema_overrides={"failed_ids": pl.String}
    )


def failed(summary: pl.DataFrame) -> set[tuple[str, str, str]]:
    """Table, rule and row of everything that is not met."""
    rows = summary.filter(~pl.col("is_met")).select("table", "rule", "failed_ids").rows()
    return {(table, rule, name) for table, rule, names in rows for name in names.split("; ")}


@pytest.fixture(scope="module")
def seeded(
    kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[list[Damage], pl.DataFrame]]:
    """Each seeded release: its damage, and the summary of its validation."""
    seeds: dict[str, Callable[[Release], list[Damage]]] = {
        "rows": seed_rows,
        "themes": seed_themes,
        "quarantine": seed_quarantine,
    }
    made = {}
    for name, seed in seeds.items():
        root = shutil.copytree(sample_release, tmp_path_factory.mktemp(name) / "release")
        project = Project(release_root=root, data_root=root.with_name("data"))
        made[name] = seed(Release(root)), validate(project)
    return made


Seeded = dict[str, tuple[list[Damage], pl.DataFrame]]


def test_the_sample_release_is_sound(project: Project) -> None:
    """No false alarm: every rule is met, and there are many."""
    summary = validate(project)
    assert failed(summary) == set()
    assert summary.height > 140
    assert set(summary["kind"]) == {kind.value for kind in Kind}


def test_broken_rows_are_found_and_nothing_else(seeded: Seeded) -> None:
    """At least twenty violations; each is named by its rule, and no rule names anything else."""
    damages, summary = seeded["rows"]
    assert len(damages) >= 20
    assert failed(summary) == {found for damage in damages for found in damage.found}


def test_what_is_wrong_with_a_theme_is_found(seeded: Seeded) -> None:
    """Each figure that is out of bounds names its theme, and no other figure does."""
    damages, summary = seeded["themes"]
    of_themes = {found for found in failed(summary) if found[0] == "release"}
    assert of_themes == {found for damage in damages for found in damage.found}


def test_every_reason_of_the_quarantine_is_found(seeded: Seeded) -> None:
    """All faults that ingestion quarantines or warns of, each by the rule of its reason, at its place."""
    damages, summary = seeded["quarantine"]
    # Those of datasets with a shape of their own are found by ``tests/journeys/test_shapes.py``.
    reasons = set(Reason) - OF_SHAPES
    assert {damage.found[0][1] for damage in damages} == {f"no_{reason}" for reason in reasons}
    assert set(FAULTS) <= {reason.value for reason in Reason}
    found = failed(summary)
    for damage in damages:
        ((table, rule, where),) = damage.found
        # A place in a text is exact; in a tar or folder it goes on with the byte or the name.
        places = {name for each_table, each_rule, name in found if (each_table, each_rule) == (table, rule)}
        assert any(name == where or name.startswith((f"{where} at byte", f"{where}/")) for name in places), (
            damage,
            places,
        )


def page(seeded: Seeded) -> str:
    """The page of the damage that was seeded and of what found it."""
    lines = [
        "# Damage that is found",
        "",
        "Made by `WRITE_DAMAGE_PAGE=1 python -m pytest tests/expectations/test_damage.py`; do not edit.",
        "Each was seeded into a copy of the sample release and found, in the right row; the clean sample breaks no rule.",
        "What a rule does when it is broken is set in `conf/base/validate/parameters.yml`.",
        "",
    ]
    titles = {
        "rows": "In single samples",
        "themes": "In a theme as a whole",
        "quarantine": "In the input, quarantined by ingestion",
    }
    for name, title in titles.items():
        damages, summary = seeded[name]
        found = failed(summary)
        lines += [f"## {title}", "", "| damage | table | found by | severity |", "|---|---|---|---|"]
        for damage in damages:
            table, rule, _ = damage.found[0]
            (severity,) = summary.filter(table=table, rule=rule)["severity"]
            is_found = any(each[:2] == (table, rule) for each in found)
            lines.append(
                f"| {damage.what} | `{table}` | {f'`{rule}`' if is_found else '**not found**'} | {severity} |"
            )
        lines.append("")
    return "\n".join(lines)


def test_the_page_says_what_is_found(seeded: Seeded) -> None:
    """`docs/damage.md` is the table of this very run."""
    text = page(seeded)
    if os.environ.get("WRITE_DAMAGE_PAGE"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_a_report_stays_small(project: Project, sample_release: Path, tmp_path: Path) -> None:
    """However many rows break a rule, ten are named."""
    root = shutil.copytree(sample_release, tmp_path / "release")
    release = Release(root)
    for theme in ("season", "style"):
        records = release.records(theme, "grounding_r1")
        release.write(theme, "grounding_r1", [{**record, "edit_type": "x"} for record in records])
    summary = validate(replace(project, release_root=root))
    ((count, names),) = (
        summary.filter(table="grounding_r1", rule="edit_type_is_theme")
        .select("failed_count", "failed_ids")
        .rows()
    )
    assert count == 42
    assert len(names.split("; ")) == 10
    report = json.loads(project.output("08_reporting", "validations", "grounding_r1.json").read_text())
    assert len(json.dumps(report)) < 40_000
