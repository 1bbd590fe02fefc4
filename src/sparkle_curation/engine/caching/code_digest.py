"""Of which code a result is made: a digest of the modules that make it, found through their imports.

A result that carries the digest is stale when the digest is another one, and no number need be bumped. Counted
are the syntax trees, without docstrings and comments, of the modules given and of every module of this package that
they import: late imports too, and each ``__init__`` on the way. An ``__init__`` that only imports is followed for the
names that are taken from it, since the others decide nothing. Of other packages counts the version, of the standard
library that of Python.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

import xxhash

from sparkle_curation.engine.caching.source_index import Import, SourceIndex, keep_json, kept_json
from sparkle_curation.spec import description
from sparkle_curation.spec.description import active, slices

CACHE_VARIABLE = "XDG_CACHE_HOME"
"""Where the user's caches are, if it is set."""


def code_digest(*modules: str, glue: Sequence[str] = (), files: Iterable[Path] = ()) -> str:
    """A digest of the code that makes something that is cheap to make again.

    Args:
        modules: the names of the modules that make it, ``__name__`` of the caller; what they import counts too.
        glue: modules of which a part calls those: they count themselves, and not all that they import.
        files: files that the work reads beside its inputs, such as templates.

    Where the modules ask the description of the dataset, what is read by counts too: see ``reading_slice``.
    """
    facts = [*_facts(modules, glue, ()), f"python {sys.version_info[0]}.{sys.version_info[1]}"]
    facts += [xxhash.xxh3_128_hexdigest(path.read_bytes()) for path in files]
    if any(fact.startswith(f"{active.__name__} ") for fact in facts):
        facts.append(slices.reading_slice())
    return _digest(facts)


def work_digest(*modules: str, around: Sequence[str] = ()) -> str:
    """A digest of the code of costly work: of what decides its results, and not of what carries them.

    The version of Python does not count: reading a release again for it would take hours, and find the same. Nor
    does the code of what a description may say: of the values in it, the key of such work has those that decide it.

    Args:
        modules: the names of the modules that do it; what they import counts too.
        around: modules, packages and libraries that carry work and results and decide none of them; they do not
            count, nor what they import.
    """
    return _digest(_facts(modules, (), (*around, description.__name__)))


def own_modules(*functions: Callable[..., object]) -> list[str]:
    """The names of the modules of this package that functions are from, for a digest of work that calls them."""
    index = own_index()
    return [each.__module__ for each in functions if _is_ours(index, getattr(each, "__module__", ""))]


def own_index() -> SourceIndex:
    """The sources of this package, one state of them for a process."""
    package = Path(__file__).resolve().parents[__name__.count(".") - 1]  # wherever this module lies in it
    return _index(package, _cache_file("sources.json"))


def reached(
    index: SourceIndex, modules: Iterable[str], around: Sequence[str] = ()
) -> tuple[set[str], set[str]]:
    """The modules that some modules are made of, themselves among them, and the libraries, by their import names.

    Args:
        index: the sources.
        modules: names of modules of the package.
        around: modules and libraries that are passed by; see ``work_digest``.

    Raises:
        ValueError: there is no such module.
    """
    found: set[str] = set()
    libraries: set[str] = set()
    waiting = [(module, True) for module in modules]
    if unknown := [module for module, _ in waiting if index.path(module) is None]:
        raise ValueError(f"{unknown[0]} is no module of {index.package}")
    seen: set[tuple[str, bool]] = set()
    while waiting:
        module, is_whole = waiting.pop()
        if (module, is_whole) in seen or _is_below(module, around):
            continue
        seen.add((module, is_whole))
        found.add(module)
        parts = module.split(".")
        waiting += [(".".join(parts[:end]), False) for end in range(1, len(parts))]
        source = index.source(module)
        if source.is_reexport and not is_whole and index.is_package(module):
            continue
        for imported in source.imports:
            for name, is_whole_package in _targets(index, module, imported):
                if _is_ours(index, name):
                    waiting.append((name, is_whole_package))
                elif not _is_below(name, around) and not _is_below(top := name.partition(".")[0], around):
                    libraries.add(top)
    return found, libraries - sys.stdlib_module_names - {""}


# ------------------------------------------------------------------ modules and names
def _targets(index: SourceIndex, module: str, imported: Import) -> Iterator[tuple[str, bool]]:
    """The modules that an import statement runs, and whether all that a collecting package imports is taken."""
    base = _absolute(index, module, imported)
    if imported.names is None or not _is_ours(index, base):
        yield base, True
        return
    for name, _ in imported.names:
        if index.path(f"{base}.{name}") is not None:
            yield f"{base}.{name}", True
        elif name != "*" and index.is_package(base) and index.source(base).is_reexport:
            yield base, False
            for each in index.source(base).imports:
                if any(bound == name for _, bound in each.names or ()):
                    yield from _targets(index, base, each)
        else:
            yield base, True


def _absolute(index: SourceIndex, module: str, imported: Import) -> str:
    if not imported.level:
        return imported.module
    parts = module.split(".")
    kept = parts[: len(parts) - imported.level + index.is_package(module)]
    return ".".join([*kept, *([imported.module] if imported.module else [])])


def _is_ours(index: SourceIndex, name: str) -> bool:
    return index.path(name) is not None


def _is_below(name: str, others: Sequence[str]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in others)


# ------------------------------------------------------------------ the facts
@lru_cache(maxsize=128)
def _facts_of(modules: tuple[str, ...], glue: tuple[str, ...], around: tuple[str, ...]) -> tuple[str, ...]:
    index = own_index()
    found, libraries = reached(index, modules, around)
    names = sorted(found | set(glue))
    facts = [f"{name} {index.source(name).digest}" for name in names]
    index.remember()
    return (*facts, *(f"{name} {library_version(name)}" for name in sorted(libraries)))


def _facts(modules: Sequence[str], glue: Sequence[str], around: Sequence[str]) -> list[str]:
    return list(_facts_of(tuple(modules), tuple(glue), tuple(around)))


def _digest(facts: Iterable[str]) -> str:
    return xxhash.xxh3_128_hexdigest("\n".join(facts).encode())


@cache
def _index(root: Path, cache_file: Path | None) -> SourceIndex:
    return SourceIndex(root, cache_file)


def _cache_file(name: str) -> Path | None:
    """A file among the user's caches; None for a user without a home."""
    try:
        home = Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache")
    except RuntimeError:
        return None
    return home / __name__.partition(".")[0] / name


# ------------------------------------------------------------------ libraries
@cache
def library_version(name: str) -> str:
    """The version of the distribution that a top-level module is of; ``absent`` where it is not installed."""
    versions = _installed_versions()
    distributions = [name] if _normalised(name) in versions else _distributions_of(name)
    return ", ".join(versions.get(_normalised(each), "absent") for each in distributions) or "absent"


@cache
def _installed_versions() -> dict[str, str]:
    """Version by normalised name of what is installed, from the names of its folders: reading each takes 100 ms."""
    found: dict[str, str] = {}
    for entry in map(Path, reversed(sys.path)):
        if entry.is_dir():
            for folder in entry.glob("*.dist-info"):
                name, _, version = folder.name.removesuffix(".dist-info").partition("-")
                found[_normalised(name)] = version
    return found


def _distributions_of(name: str) -> list[str]:
    """The distributions of a module whose name is not theirs, as with ``PIL``; noted, since all are read for it."""
    path = _cache_file("distributions.json")
    known = _noted_distributions(path)
    found = known.get(name, [])
    if not found or any(_normalised(each) not in _installed_versions() for each in found):
        known[name] = found = sorted(set(_all_distributions().get(name, [])))
        if path:
            keep_json(path, known)
    return found


def _noted_distributions(path: Path | None) -> dict[str, list[str]]:
    try:
        noted = kept_json(path) if path else {}
        return {name: [str(each) for each in found] for name, found in noted.items()}
    except TypeError:  # written by something else
        return {}


@cache
def _all_distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
