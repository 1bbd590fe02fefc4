"""What is installed against what the project declares, and the switches of what would report."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest

from sparkle_curation.doctor import packages
from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup

SWITCHES = (
    "DO_NOT_TRACK",
    "KEDRO_DISABLE_TELEMETRY",
    "DVC_NO_ANALYTICS",
    "ITERATIVE_DO_NOT_TRACK",
    "HF_HUB_DISABLE_TELEMETRY",
    "RAY_USAGE_STATS_ENABLED",
)


def project_of(folder: Path, *, python: str = ">=3.11", needs: str = "", pins: str = "") -> Setup:
    """A project that declares this."""
    extras = """
        [project.optional-dependencies]
        whole = ["polars>=1"]
        part = ["polars>=1", "no-such-package>=1"]
        none = ["no-such-package>=1"]
        wrong = ["polars<1"]
    """
    text = f'[project]\nrequires-python = "{python}"\ndependencies = [{needs}]\n{extras}'
    (folder / "pyproject.toml").write_text(text, "utf-8")
    if pins:
        (folder / "constraints.txt").write_text(pins, "utf-8")
    return Setup(folder)


def test_requirements_are_compared_with_what_is_installed() -> None:
    """Met, of another version, absent, for another system, and met by another version than the pinned one."""
    needs = ["polars>=1", "pyarrow<1", "No_Such.package", 'pandas>99; sys_platform == "nowhere"']
    found = packages.compare(needs, {"polars": "0.1"})
    assert found.met == [f"polars {pl.__version__}"]
    assert found.unmet == [f"pyarrow {version('pyarrow')}, and <1 is needed"]
    assert found.absent == ["No_Such.package"]
    assert found.other == [f"polars {pl.__version__} (tried: 0.1)"]


def test_each_extra_is_told_with_the_line_to_type(tmp_path: Path) -> None:
    """What is not wanted is no fault; a version that the extra does not admit is one."""
    pinned = f"# tried\npolars=={pl.__version__}\n"
    whole, part, none, wrong = packages.check_extras(project_of(tmp_path, pins=pinned))
    line = "pip install --constraint constraints.txt '.[{}]'"
    assert whole == ("extra whole", State.OK, f"installed: polars {pl.__version__}", "")
    assert part.found == f"in part: lacks no-such-package; has polars {pl.__version__}"
    assert (part.state, part.todo) == (State.OK, f"if it is wanted: {line.format('part')}")
    assert none == ("extra none", State.OK, "not installed", f"if it is wanted: {line.format('none')}")
    assert (wrong.state, wrong.todo) == (State.WARNING, line.format("wrong"))


def test_a_base_that_lacks_a_library_is_a_problem(tmp_path: Path) -> None:
    """Without pins the line to type names none."""
    (found,) = packages.check_libraries(project_of(tmp_path, needs='"no-such-package", "polars<1"'))
    assert found.state == State.PROBLEM
    assert found.found == f"polars {pl.__version__}, and <1 is needed; no-such-package is not installed"
    assert found.todo == "pip install ."


def test_versions_other_than_the_pinned_ones_are_said(tmp_path: Path) -> None:
    """They may be newer: no fault."""
    (found,) = packages.check_libraries(project_of(tmp_path, needs='"polars>=1"', pins="polars==0.1\n"))
    assert found.state == State.OK
    assert found.found == (
        f"0 of 1 in the versions of constraints.txt; other versions: polars {pl.__version__} (tried: 0.1)"
    )


@pytest.mark.parametrize(("python", "state"), [(">=3.11", State.OK), ("<3", State.PROBLEM)])
def test_python_is_compared_with_what_is_claimed(python: str, state: State, tmp_path: Path) -> None:
    """Another one is a problem."""
    (found,) = packages.check_python(project_of(tmp_path, python=python))
    assert found.state == state


def test_what_reports_is_named(kedro_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The switches of the project's files count, and those of the environment."""
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    off, on = packages.check_telemetry(Setup(kedro_project))
    assert (off.state, on.state) == (State.OK, State.WARNING)
    assert "Kedro" in off.found
    assert "DVC," in f"{off.found},"
    assert "huggingface_hub" in on.found
    assert "DVC;" not in packages_on(Setup(kedro_project))
    (tmp_path / ".telemetry").write_text("consent: true\n", "utf-8")
    assert "DVC" in packages_on(Setup(tmp_path))
    for assignment in on.todo.removeprefix("export ").split():
        monkeypatch.setenv(*assignment.split("="))
    assert packages_on(Setup(tmp_path)) == ""


def packages_on(setup: Setup) -> str:
    """What is said of that which is not switched off."""
    return "; ".join(each.found for each in packages.check_telemetry(setup) if each.state != State.OK)
