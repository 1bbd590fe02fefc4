"""What is installed: Python, the libraries of the base, and those of each extra; and what would report to whom."""

from __future__ import annotations

import configparser
import os
import platform
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from kedro.framework.project import settings
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from sparkle_curation.doctor.finding import Finding, State, listed
from sparkle_curation.doctor.setup import Setup

PROJECT_FILE, PINS_FILE = "pyproject.toml", "constraints.txt"


class Installed(NamedTuple):
    """How what is installed fits some requirements.

    Attributes:
        met: requirements with the version that is there.
        unmet: requirements of which another version, or none, is there, in words.
        absent: names of those that are not there at all.
        other: those that are met by another version than the pinned one, in words.
    """

    met: list[str]
    unmet: list[str]
    absent: list[str]
    other: list[str]


class Declared:
    """What the project says that it needs.

    Args:
        project: its folder.
    """

    def __init__(self, project: Path) -> None:
        self._folder = project

    @cached_property
    def project(self) -> Mapping[str, Any]:
        """The table ``project`` of pyproject.toml."""
        found: Mapping[str, Any] = tomllib.loads((self._folder / PROJECT_FILE).read_text("utf-8"))["project"]
        return found

    @cached_property
    def pins(self) -> dict[str, str]:
        """The version of each library that was tried; none where there is no such file."""
        path = self._folder / PINS_FILE
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        found = (re.fullmatch(r"([^#\s=]+)==(\S+)", line.strip()) for line in lines)
        return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}

    @property
    def install(self) -> str:
        """How something of the project is installed here, as far as what follows it."""
        pinned = f"--constraint {PINS_FILE} " if self.pins else ""
        return f"pip install {pinned}"


def compare(requirements: Iterable[str], pins: Mapping[str, str]) -> Installed:
    """How what is installed fits the requirements; those of other systems and Pythons are left out."""
    found = Installed([], [], [], [])
    for requirement in map(Requirement, requirements):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            here = version(requirement.name)
        except PackageNotFoundError:
            found.absent.append(requirement.name)
            continue
        if not requirement.specifier.contains(here, prereleases=True):
            found.unmet.append(f"{requirement.name} {here}, and {requirement.specifier} is needed")
            continue
        found.met.append(f"{requirement.name} {here}")
        pinned = pins.get(canonicalize_name(requirement.name), here)
        if here.partition("+")[0] != pinned:  # 2.13.0+cpu is 2.13.0
            found.other.append(f"{requirement.name} {here} (tried: {pinned})")
    return found


def check_python(setup: Setup) -> Iterator[Finding]:
    """Whether this Python is one that the project runs with."""
    allowed = SpecifierSet(str(Declared(setup.project).project["requires-python"]))
    here = platform.python_version()
    is_allowed = allowed.contains(here, prereleases=True)
    yield Finding(
        "Python",
        State.OK if is_allowed else State.PROBLEM,
        f"{here} on {platform.system()} {platform.machine()}"
        + ("" if is_allowed else f", and {allowed} is needed"),
        "" if is_allowed else "make the environment anew with one of those",
    )


def check_libraries(setup: Setup) -> Iterator[Finding]:
    """Whether the libraries of the base are there, in versions that are admitted."""
    declared = Declared(setup.project)
    found = compare(declared.project["dependencies"], declared.pins)
    wrong = [*found.unmet, *(f"{name} is not installed" for name in found.absent)]
    if wrong:
        yield Finding("libraries", State.PROBLEM, "; ".join(wrong), f"{declared.install}.")
        return
    same = f"{len(found.met) - len(found.other)} of {len(found.met)} in the versions of {PINS_FILE}"
    others = f"; other versions: {', '.join(found.other)}" if found.other else ""
    yield Finding("libraries", State.OK, f"{same}: {', '.join(found.met)}" if not others else same + others)


def check_extras(setup: Setup) -> Iterator[Finding]:
    """Which extras are installed, and how the others are."""
    declared = Declared(setup.project)
    for extra, requirements in declared.project.get("optional-dependencies", {}).items():
        found = compare(requirements, declared.pins)
        others = f"; other versions than in {PINS_FILE}: {', '.join(found.other)}" if found.other else ""
        said = listed(found.met) + others
        todo = f"{declared.install}'.[{extra}]'"
        subject = f"extra {extra}"
        if found.unmet:
            yield Finding(subject, State.WARNING, "; ".join(found.unmet), todo)
        elif not found.absent:
            yield Finding(subject, State.OK, f"installed: {said}")
        elif found.met:
            lacking = f"in part: lacks {listed(found.absent)}"
            yield Finding(subject, State.OK, f"{lacking}; has {said}", f"if it is wanted: {todo}")
        else:
            yield Finding(subject, State.OK, "not installed", f"if it is wanted: {todo}")


# ------------------------------------------------------------------ what reports to whom
def check_telemetry(setup: Setup) -> Iterator[Finding]:
    """Whether anything reports to anyone: what asks, and the switch that keeps it from that."""
    switched = {
        "Kedro": _kedro_is_quiet(setup.project),
        "DVC": _is_set("DVC_NO_ANALYTICS") or _dvc_is_quiet(setup.project),
        "GTO, which comes with DVC": "ITERATIVE_DO_NOT_TRACK" in os.environ,
        "huggingface_hub": _is_set("HF_HUB_DISABLE_TELEMETRY") or _is_set("DO_NOT_TRACK"),
        "Ray": os.environ.get("RAY_USAGE_STATS_ENABLED") == "0" or not _is_installed("ray"),
    }
    off = [name for name, is_off in switched.items() if is_off]
    on = [name for name, is_off in switched.items() if not is_off]
    if off:
        yield Finding("telemetry", State.OK, f"off for {', '.join(off)}")
    if on:
        variables = "DO_NOT_TRACK=1 DVC_NO_ANALYTICS=1 ITERATIVE_DO_NOT_TRACK=1 RAY_USAGE_STATS_ENABLED=0"
        yield Finding(
            "telemetry",
            State.WARNING,
            f"not switched off for {', '.join(on)}; make switches it off, and a command that is typed does not",
            f"export {variables}",
        )


def _kedro_is_quiet(project: Path) -> bool:
    """Whether Kedro's reporting is declined, or its hooks are off."""
    if _is_set("DO_NOT_TRACK") or _is_set("KEDRO_DISABLE_TELEMETRY"):
        return True
    try:
        said = yaml.safe_load((project / ".telemetry").read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        said = None
    is_declined = isinstance(said, dict) and said.get("consent") is False
    return (
        is_declined
        or "kedro-telemetry" in settings.DISABLE_HOOKS_FOR_PLUGINS
        or not _is_installed("kedro-telemetry")
    )


def _dvc_is_quiet(project: Path) -> bool:
    parser = configparser.ConfigParser()
    try:
        parser.read([project / ".dvc" / "config", project / ".dvc" / "config.local"], encoding="utf-8")
        return not parser.getboolean("core", "analytics", fallback=True)
    except (configparser.Error, ValueError):
        return False


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").lower() not in {"", "0", "false", "no"}


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
