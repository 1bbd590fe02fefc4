"""The files of the project speak of no particular machine, and every dependency is pinned."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

MACHINE_PATH = re.compile(r"(?<![\w.~}-])/(?:work|root|home|Users|tmp)/\w")
"""A path that exists on the machine of one person. Tests use `tmp_path`."""

REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|deb\.debian\.org|crates\.io|anaconda\.org"
)
"""Where packages come from is a setting of the machine."""

PIN = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][\w.]*)")
"""A line of constraints.txt: a normalised name and an exact version. No option, address, path or local build."""


def texts(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The files that are UTF-8 text, with their text."""
    for file in files:
        try:
            yield file, file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def lines_with(pattern: re.Pattern[str], files: Iterable[Path]) -> list[str]:
    """The lines in which a pattern is found, as ``file:line: text``."""
    return [
        f"{file.name}:{number}: {line.strip()}"
        for file, text in texts(files)
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def unpinned_lines(constraints: str) -> list[str]:
    """Lines of constraints.txt that are neither an exact pin nor a comment."""
    lines = [line.strip() for line in constraints.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and not PIN.fullmatch(line)]


def pins(constraints: str) -> dict[str, Version]:
    """The pinned versions by name."""
    found = (PIN.fullmatch(line) for line in constraints.splitlines())
    return {pin["name"]: Version(pin["version"]) for pin in found if pin}


def unmet_requirements(pyproject: str, constraints: str) -> list[str]:
    """Requirements of the base, the extras and the build that have no pin, or a pin they do not admit."""
    metadata = tomllib.loads(pyproject)
    project = metadata["project"]
    extras = [text for extra in project.get("optional-dependencies", {}).values() for text in extra]
    pinned = pins(constraints)

    def is_met(requirement: Requirement) -> bool:
        version = pinned.get(canonicalize_name(requirement.name))
        return version is not None and version in requirement.specifier

    return [
        text
        for text in [*metadata["build-system"]["requires"], *project["dependencies"], *extras]
        if not is_met(Requirement(text))
    ]


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_file_names_a_machine(pattern: re.Pattern[str], project_files: list[Path]) -> None:
    """No file of the project holds the path of a machine or the host of a package registry."""
    assert lines_with(pattern, project_files) == []


def test_constraints_are_exact_pins(checkout: Path) -> None:
    """constraints.txt holds exact pins and nothing else, so it works with any index."""
    assert unpinned_lines((checkout / "constraints.txt").read_text(encoding="utf-8")) == []


def test_every_requirement_is_pinned(checkout: Path) -> None:
    """Each requirement in pyproject.toml has its pin, and the pin is a version that it admits."""
    pyproject = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    assert unmet_requirements(pyproject, (checkout / "constraints.txt").read_text(encoding="utf-8")) == []


def test_machine_paths_and_hosts_are_found(tmp_path: Path) -> None:
    """Absolute paths of a machine and registry hosts are named with their line; relative paths and links are not."""
    text = tmp_path / "bad.md"
    home, host = "/".join(["", "home", "ann", "data"]), ".".join(["pypi", "org"])
    text.write_text(
        f"see src/home/x and ../work/y\nsee {home}\nfrom {host}\nhttp://a.b/work\n", encoding="utf-8"
    )
    (tmp_path / "clip.mp4").write_bytes(b"\xff\xfe" + home.encode())
    files = [text, tmp_path / "clip.mp4"]
    assert lines_with(MACHINE_PATH, files) == [f"bad.md:2: see {home}"]
    assert lines_with(REGISTRY_HOST, files) == [f"bad.md:3: from {host}"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url x",
        "-i x",
        "kedro>=1.7",
        "kedro",
        "kedro @ file.whl",
        "./wheels/kedro.whl",
        "torch==2.13.0+cpu",
        "Kedro==1.7.0",
        "kedro==1.*",
        "-e .",
        "-r more.txt",
    ],
)
def test_only_exact_pins_are_allowed(line: str) -> None:
    """An option, an address, a path, a range, a local build or a name in another spelling is no pin."""
    assert unpinned_lines(f"# a comment\n\n{line}\npolars==2.1.0\n") == [line]


def test_unmet_requirements_are_found() -> None:
    """A requirement without a pin, or with a pin outside its range, is named, in the base, an extra or the build."""
    pyproject = """
        [build-system]
        requires = ["setuptools>=80"]
        [project]
        dependencies = ["kedro>=1.7,<2", "kedro_datasets[x]>=9"]
        [project.optional-dependencies]
        dev = ["pytest>=9"]
    """
    constraints = "kedro==1.6.0\nkedro-datasets==9.6.0\nsetuptools==84.0.0\n"
    assert unmet_requirements(pyproject, constraints) == ["kedro>=1.7,<2", "pytest>=9"]
