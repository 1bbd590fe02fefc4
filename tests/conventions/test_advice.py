"""Every advice of an error can be typed as it stands: its pipelines exist, and its parameters take the values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from omegaconf import OmegaConf
from tests.conftest import CHECKOUT
from tests.test_parameters import GOOD

from sparkle_curation.errors import ParameterError
from sparkle_curation.parameters import check_parameters

OPEN = "\N{SECTION SIGN}"
"""Stands for what an f-string fills in, which is known in a run alone."""

PIPELINES = re.compile(r"--pipelines ([a-z0-9_,§]+)")
SETTING = re.compile(r"(?<![\w.§-])([a-z_0-9§]+(?:\.[A-Za-z_0-9§]+)*)=([^\s,;)`]*)")


def advice(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts that say what to do, each with its line: arguments ``todo``, and whatever names a command."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "todo":
            yield node.value.lineno, text_of(node.value)
        elif isinstance(node, ast.Constant | ast.JoinedStr) and "--params" in text_of(node):
            yield node.lineno, text_of(node)


def text_of(node: ast.AST) -> str:
    """The text of a string or f-string, joined ones too."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    return OPEN


def faults_of(text: str, pipelines: frozenset[str]) -> list[str]:
    """Pipelines that do not exist, parameters that are unknown, and values that are not allowed."""
    named = {
        name for names in PIPELINES.findall(text) for name in names.split(",") if name and OPEN not in name
    }
    faults = [f"no pipeline {name}" for name in sorted(named - pipelines)]
    for name, value in SETTING.findall(text):
        if OPEN in name or name.split(".")[0] not in KNOWN:
            continue
        if not is_known(name):
            faults.append(f"no parameter {name}")
        elif value and re.fullmatch(r"[a-z0-9_-]+(\.[0-9]+)?", value):
            faults += refused(name, value)
    return faults


GLOBAL = (
    "release_root",
    "data_root",
    "bench_root",
    "trust_mtime",
    "bench_ledger",
    "variants",
    "shard",
    "executor",
    "ray_address",
)
KNOWN = {*GOOD, *GLOBAL}


def is_known(name: str) -> bool:
    """Whether ``--params`` takes the name; groups of names that a user chooses take any."""
    found: Any = GOOD | dict.fromkeys(GLOBAL)
    for part in name.split("."):
        if part.isupper() or not isinstance(found, dict) or part not in found:
            is_chosen = name.split(".", maxsplit=1)[0] in {"variants", "thresholds", "training_kit"}
            return part.isupper() or is_chosen or name.startswith("mix.members.")
        found = found[part]
    return True


def refused(name: str, value: str) -> list[str]:
    """What is said against the value."""
    item = OmegaConf.from_dotlist([f"{name}={value}"])
    try:
        check_parameters(dict(OmegaConf.to_container(OmegaConf.merge(OmegaConf.create(GOOD), item))))  # type: ignore[arg-type]
    except ParameterError as error:
        return [f"{name}={value}: {error.what}"] if error.what.count(name.rsplit(".", maxsplit=1)[-1]) else []
    return []


@pytest.fixture(scope="module")
def pipelines() -> frozenset[str]:
    """The pipelines that can be run by name."""
    folders = {
        path.parent.name for path in (CHECKOUT / "src/sparkle_curation/pipelines").glob("*/pipeline.py")
    }
    return frozenset({*folders, "curate", "camera_clips"})


def test_what_is_advised_can_be_typed(pipelines: frozenset[str]) -> None:
    """In every module; a test that finds no advice would find no fault either."""
    found, faults = 0, []
    for path in sorted((CHECKOUT / "src").rglob("*.py")):
        for line, text in advice(ast.parse(path.read_text(encoding="utf-8"))):
            found += 1
            faults += [
                f"{path.relative_to(CHECKOUT)}:{line}: {fault}" for fault in faults_of(text, pipelines)
            ]
    assert found > 100
    assert faults == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kedro run --pipelines injest", "no pipeline injest"),
        ("--params score.backend=server", "no parameter score.backend"),
        ("--params missing_scores=kep", "missing_scores=kep"),
    ],
)
def test_an_advice_that_does_not_work_is_noticed(pipelines: frozenset[str], text: str, fault: str) -> None:
    """A pipeline, a name and a value that nobody knows."""
    assert any(fault in each for each in faults_of(text, pipelines))


def test_advice_is_read_with_what_is_open_in_it() -> None:
    """Of an f-string the fixed part; of a sum both."""
    tree = ast.parse('E("x", todo=f"kedro run --pipelines {a}" + "; or b=1")')
    assert list(advice(tree)) == [(1, f"kedro run --pipelines {OPEN}; or b=1")]


def test_the_parameters_that_are_compared_with_are_all() -> None:
    """Each file of parameters in conf/base is in what the advice is compared with."""
    files = sorted((CHECKOUT / "conf/base").glob("*/parameters.yml"))
    names = {name for path in files for name in OmegaConf.load(path)}  # type: ignore[union-attr]
    assert {str(name) for name in names} <= KNOWN
