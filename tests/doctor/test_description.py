"""The description and the parameters, with the words that a run would stop with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sparkle_curation.doctor.description import check_description, check_parameters
from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]


@pytest.fixture
def own(kedro_project: Path, tmp_path: Path) -> Setup:
    """A project with a configuration of its own, which may be changed."""
    shutil.copytree(kedro_project / "conf" / "base", tmp_path / "project" / "conf" / "base")
    (tmp_path / "project" / "conf" / "local").mkdir()
    return Setup(tmp_path / "project")


def test_a_description_that_is_right_is_counted(setup_of: SetupOf) -> None:
    """And its file is named."""
    (found,) = check_description(setup_of())
    assert found.state == State.OK
    assert found.found == "Sparkle, in conf/base/dataset.yml: 5 themes, 8 asset kinds, 3 scored stages"


@pytest.mark.parametrize(
    ("old", "new", "said", "todo"),
    [
        ("summary:", "sumary:", "unknown", "correct its name"),
        ("digits: 6", "digits: many", "cannot be right", "correct it"),
        ("format: 1", "format: 99", "newer format", "update"),
        ("format: 1", "format: [", "no YAML", ""),
    ],
)
def test_a_fault_of_the_description_is_told(old: str, new: str, said: str, todo: str, own: Setup) -> None:
    """In the words of a run."""
    path = own.conf / "base" / "dataset.yml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    (found,) = check_description(own)
    assert found.state == State.PROBLEM
    assert said in found.found
    assert str(path) in found.found
    assert todo in found.todo


def test_parameters_that_a_run_takes_are_fine(setup_of: SetupOf, tmp_path: Path) -> None:
    """The data root is said."""
    (found,) = check_parameters(setup_of())
    assert (found.state, found.found) == (State.OK, f"of local over base; data_root={tmp_path / 'data'}")


def test_old_names_of_parameters_are_all_told(own: Setup) -> None:
    """From the command line and from a file, each with its new name."""
    (own.conf / "local" / "parameters.yml").write_text("contact_sheet:\n  nearest_cut_off: x\n", "utf-8")
    found = check_parameters(replace(own, params={"twins": {"max_distance": 3}}))
    written, typed = sorted(found, key=lambda each: each.todo)
    assert typed.state == written.state == State.PROBLEM
    assert (typed.found, typed.todo) == (
        "There is no parameter 'twins', which stands in --params",
        "did you mean 'near_duplicates'?",
    )
    assert written.found.endswith("'contact_sheet.nearest_cut_off', which stands in conf/local or conf/base")
    assert written.todo == "did you mean 'contact_sheet.nearest_threshold'?"


@pytest.mark.parametrize(
    ("params", "said", "todo"),
    [
        ({"treshold": 8}, "There is no parameter 'treshold'", "did you mean 'threshold'?"),
        ({"threshold": 80}, "The parameter 'threshold' cannot have this value", "--params threshold=..."),
        ({"data_root": "s3://bucket/out"}, "must be a local folder", "give a local folder"),
    ],
)
def test_what_a_run_would_refuse_is_told(params: dict[str, object], said: str, todo: str, own: Setup) -> None:
    """In the words of the run."""
    (found,) = check_parameters(replace(own, params=params))
    assert found.state == State.PROBLEM
    assert said in found.found
    assert todo in found.todo


def test_an_environment_that_is_not_there_is_told(own: Setup) -> None:
    """With those that are."""
    (found,) = check_parameters(replace(own, env="nosuch"))
    assert found.state == State.PROBLEM
    assert "There is no such environment" in found.found
    assert (found.todo or "").startswith("name one of them, or make its folder: mkdir ")


def test_a_dataset_of_its_own_needs_a_data_root(own: Setup) -> None:
    """Else its tables would take the place of those of conf/base."""
    other = own.conf / "other"
    other.mkdir()
    shutil.copy(own.conf / "base" / "dataset.yml", other)
    (found,) = check_parameters(replace(own, env="other"))
    assert found.state == State.PROBLEM
    assert "needs a data root of its own" in found.found
    (found,) = check_parameters(replace(own, env="other", params={"data_root": "elsewhere"}))
    assert found.state == State.OK
