"""Files and columns with names from before, and DVC's stages whose code has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl

from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.doctor.versions import check_code_digests, check_old_names
from sparkle_curation.pipelines.manifest.nodes import digest_code

SetupOf = Callable[..., Setup]


def test_files_with_old_names_are_told(setup_of: SetupOf, tmp_path: Path) -> None:
    """A journal goes on under its new name, and is not renamed here; a report stays where it is."""
    journal = tmp_path / "data" / "journals" / "twins.journal"
    report = tmp_path / "data" / "08_reporting" / "samples_not_emitted.csv"
    for path in (journal, report):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
    by_name = {each.found.split()[0]: each for each in check_old_names(setup_of())}
    told = by_name["journals/twins.journal"]
    assert told.found == "journals/twins.journal is called near_duplicates.journal now"
    assert (told.state, "renames it" in told.todo) == (State.WARNING, True)
    assert "remove it" in by_name["08_reporting/samples_not_emitted.csv"].todo
    assert journal.is_file()


def test_columns_with_old_names_are_told(setup_of: SetupOf, tmp_path: Path) -> None:
    """They are read as they are."""
    path = tmp_path / "data" / "03_primary" / "verdicts.parquet"
    path.parent.mkdir(parents=True)
    pl.DataFrame({"id": ["a"], "cut_off": [8.0]}).write_parquet(path)
    (found,) = check_old_names(setup_of())
    assert found.state == State.WARNING
    assert found.found == "columns of 03_primary/verdicts.parquet: cut_off is threshold now"


def test_no_old_names_are_no_fault(setup_of: SetupOf) -> None:
    """Said in one row."""
    (found,) = check_old_names(setup_of())
    assert found.state == State.OK


def test_stages_whose_code_has_changed_are_named(setup_of: SetupOf, tmp_path: Path) -> None:
    """Those alone; and nothing where no manifest was made."""
    setup = setup_of()
    assert list(check_code_digests(setup)) == []
    path = tmp_path / "data" / "02_intermediate" / "code_digests.json"
    path.parent.mkdir(parents=True)
    digests = digest_code(setup.catalog["pipeline_code"].load())
    path.write_text(json.dumps(digests), "utf-8")
    (found,) = check_code_digests(setup)
    assert found.state == State.OK
    path.write_text(json.dumps({**digests, "filter": "0"}), "utf-8")
    (found,) = check_code_digests(setup)
    assert (found.state, found.found.rpartition(": ")[2]) == (State.WARNING, "filter")
