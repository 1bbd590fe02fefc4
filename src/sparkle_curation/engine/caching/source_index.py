"""What each source file of the package says, as a digest and its imports: by parsing, without importing anything.

Parsing the whole package takes 0.4 s, so what a file says is kept, known by the bytes of the file and of this module;
times are not trusted.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import xxhash

from sparkle_curation.engine.io.format_version import (
    FormatVersionError,
    with_format_version,
    without_format_version,
)
from sparkle_curation.engine.io.json_text import read_json

_MOST_KEPT = 4_096
"""Files that are remembered: a dozen versions of each. The oldest are forgotten."""


class Import(NamedTuple):
    """One import statement.

    Attributes:
        level: dots in front of the module.
        module: the module that it names, empty for ``from . import name``.
        names: of ``from module import name as bound`` each name with what it is bound to; None for ``import module``.
    """

    level: int
    module: str
    names: tuple[tuple[str, str], ...] | None


class Source(NamedTuple):
    """What a source file says.

    Attributes:
        digest: of its syntax tree without docstrings, comments and layout.
        imports: its imports, those in functions too, and without those for type checkers alone.
        is_reexport: whether it does nothing but import, as the ``__init__`` of a package that collects names.
    """

    digest: str
    imports: tuple[Import, ...]
    is_reexport: bool


class SourceIndex:
    """The source files of one package.

    Args:
        root: the folder of the package; its name is the name of the package.
        cache: a JSON file for what was parsed; None for none. One that cannot be read or written is done without.
    """

    def __init__(self, root: Path, cache: Path | None) -> None:
        self.package = root.name
        self._root, self._cache = root, cache
        self._sources: dict[str, Source] = {}
        self._is_changed = False

    def path(self, module: str) -> Path | None:
        """The file of a module of the package; None where there is no such module."""
        return self._paths.get(module)

    def is_package(self, module: str) -> bool:
        """Whether the module is a package, of which submodules are named."""
        path = self.path(module)
        return path is not None and path.name == "__init__.py"

    def source(self, module: str) -> Source:
        """What the file of a module says; read once in a process, so that a run sees one state of it."""
        if module not in self._sources:
            content = self._paths[module].read_bytes()
            key = f"{xxhash.xxh3_128_hexdigest(content)} {_OWN_DIGEST}"
            if key not in self._kept:
                self._kept[key] = parse(content)
                self._is_changed = True
            self._sources[module] = self._kept[key]
        return self._sources[module]

    def remember(self) -> None:
        """Keep what was parsed for the next process; a run goes on where that cannot be done."""
        if self._cache is None or not self._is_changed:
            return
        kept = dict(list(self._kept.items())[-_MOST_KEPT:])
        keep_json(self._cache, kept)
        self._is_changed = False

    @cached_property
    def _paths(self) -> dict[str, Path]:
        """Module -> file."""
        found: dict[str, Path] = {}
        for path in self._root.rglob("*.py"):
            parts = path.relative_to(self._root.parent).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    @cached_property
    def _kept(self) -> dict[str, Source]:
        if self._cache is None:
            return {}
        try:
            return {key: _as_source(value) for key, value in kept_json(self._cache).items()}
        except (ValueError, TypeError):  # not what this version writes
            return {}


def parse(content: bytes) -> Source:
    """What a source file says.

    Raises:
        SyntaxError: it is not Python.
    """
    with _no_collection():
        tree = ast.parse(content)
        parts: list[str] = []
        _describe(tree, parts)
    imports = tuple(_imports(tree))
    digest = xxhash.xxh3_128_hexdigest("\0".join(parts).encode("utf-8", "surrogatepass"))
    return Source(digest, imports, all(map(_is_import, tree.body)))


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """A tree has a hundred thousand objects and no garbage: looking for some doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _describe(node: object, parts: list[str]) -> None:
    """The syntax tree as words, without places and docstrings; what is absent is left out, so that versions agree."""
    if isinstance(node, ast.AST):
        parts.append(type(node).__name__)
        for name in node._fields:
            value = getattr(node, name, None)
            if value is not None and value != []:
                parts.append(name)
                _describe(value, parts)
        parts.append(")")
    elif isinstance(node, list):
        for item in node:
            if not _is_docstring(item):
                _describe(item, parts)
        parts.append("]")
    else:
        parts.append(f"{type(node).__name__} {node!r}")


def _is_docstring(node: object) -> bool:
    """Whether a statement is a string that nobody takes: a docstring, also that of a constant or an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_import(node: ast.stmt) -> bool:
    """Whether a statement is an import or docstring, or ``__all__``."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node)


def _imports(node: ast.AST) -> Iterator[Import]:
    for child in _children(node):
        if isinstance(child, ast.Import):
            yield from (Import(0, alias.name, None) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            names = tuple((alias.name, alias.asname or alias.name) for alias in child.names)
            yield Import(child.level, child.module or "", names)
        elif isinstance(child, ast.Call) and (name := _named_module(child)):
            yield Import(0, name, None)
        yield from _imports(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that are run: of ``if TYPE_CHECKING`` what stands under ``else`` alone."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name | ast.Attribute):
        name = node.test.id if isinstance(node.test, ast.Name) else node.test.attr
        if name == "TYPE_CHECKING":
            return iter(node.orelse)
    return ast.iter_child_nodes(node)


def _named_module(call: ast.Call) -> str | None:
    """The module of ``import_module("a.b")``; None for another call, and for a name that is not written there."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    if name not in {"import_module", "__import__"} or not call.args:
        return None
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _as_source(stored: Sequence[object]) -> Source:
    digest, imports, is_reexport = stored
    if not isinstance(digest, str) or not isinstance(imports, list) or not isinstance(is_reexport, bool):
        raise TypeError("not what this version writes")
    return Source(
        digest,
        tuple(
            Import(level, module, None if names is None else tuple(map(tuple, names)))
            for level, module, names in imports
        ),
        is_reexport,
    )


def kept_json(path: Path) -> dict[str, Any]:
    """What ``keep_json`` wrote; empty where there is nothing, or what a newer version of this project writes.

    That one is no error: versions of the project share the cache of a user, and each makes its own again.
    """
    try:
        return without_format_version(read_json(path.read_bytes()), where=path, made_by="")
    except (OSError, ValueError, AttributeError, FormatVersionError):
        return {}


def keep_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a file of a cache whole, or leave it as it was: nothing depends on it."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(with_format_version(value), file, separators=(",", ":"))
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)


_OWN_DIGEST = f"{xxhash.xxh3_128_hexdigest(Path(__file__).read_bytes())} {sys.implementation.cache_tag}"
"""What was parsed is of this code and of this Python."""
