"""The dataset is described in `conf/base/dataset.yml` alone: no module names a theme, stage or asset kind of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.themes import THEMES

NAMES = {*THEMES, *ASSET_KINDS, *(name for stage in STAGES for name in (stage.name, stage.table))}

_ROLE = "a role, which says what a kind is used for; the kinds of Sparkle are called as their roles"
ALLOWED = {
    "spec/description/parts.py: source_video": _ROLE,
    "spec/description/parts.py: edited_video": _ROLE,
    "spec/description/parts.py: source_frame0": _ROLE,
    "spec/description/parts.py: edited_frame0": _ROLE,
}
"""File and literal -> why it stands there; at most ten."""


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string literal that is no docstring, those inside f-strings too."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    # A string that stands alone below a name describes it, and is no value either.
    docstrings |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def named(text: str) -> set[str]:
    """The themes, stages, tables and kinds that a literal is, or holds between other marks than letters and `_`."""
    return {
        name
        for name in NAMES
        if text == name or ("_" in name and re.search(rf"(?<![\w]){name}(?![\w])", text))
    }


def found(root: Path) -> list[str]:
    """Each literal of the package that names one of them: file, line, name."""
    return [
        f"{path.relative_to(root).as_posix()}:{line}: {name}"
        for path in sorted(root.rglob("*.py"))
        for line, text in literals(ast.parse(path.read_text("utf-8")))
        for name in sorted(named(text))
    ]


def test_no_module_names_a_theme_stage_or_asset_kind(checkout: Path) -> None:
    """Code asks the description, or a list of at most ten lines says why not."""
    places = found(checkout / "src" / "sparkle_curation")
    reasons = {place.partition(":")[0] + ": " + place.rpartition(": ")[2] for place in places}
    assert reasons == set(ALLOWED), "\n".join(places)
    assert len(ALLOWED) <= 10


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('"""About edited_video."""\nX = "kind"', 0),
        ('X = "edited_video"', 1),
        ('X = f"{y}/edited_video/z"', 1),
        ('X = {"season": 1}', 1),
        ('X = "of the season"', 0),
    ],
)
def test_a_planted_name_is_found(source: str, count: int, tmp_path: Path) -> None:
    """As a literal, inside a path, as a key; not in a docstring, and not a plain word in a sentence."""
    (tmp_path / "module.py").write_text(source, "utf-8")
    assert len(found(tmp_path)) == count
