"""A digest of code: it changes with every module that the work imports, and with no other."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sparkle_curation.engine.caching import code_digest as digests
from sparkle_curation.engine.caching.code_digest import code_digest, library_version, reached, work_digest
from sparkle_curation.engine.caching.source_index import SourceIndex, parse

READER = """
from made.parts import cut
import numpy as np

def read():
    from made import late
    return cut, late, np
"""
COLLECTING = """
'''Collects.'''
from made.parts.cutting import cut
from made.parts.other import other
__all__ = ["cut", "other"]
"""
TYPED = """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from made.late import VALUE
else:
    from made.parts import other
"""
PACKAGE = {
    "__init__.py": "",
    "reader.py": READER,
    "late.py": "VALUE = 1\n",
    "parts/__init__.py": COLLECTING,
    "parts/cutting.py": "def cut():\n    return 1\n",
    "parts/other.py": "def other():\n    return 1\n",
    "typed.py": TYPED,
    "named.py": 'from importlib import import_module\n\nimport_module("made.late")\n',
    "relative.py": "from . import late\nfrom .parts.cutting import cut\n",
    "side/__init__.py": "from made.late import VALUE\n\nDOUBLE = VALUE * 2\n",
    "side/leaf.py": "ONE = 1\n",
    "starred.py": "from made.parts import *\n",
    "round_a.py": "import made.round_b\n",
    "round_b.py": "import made.round_a\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with imports of every kind."""
    for name, text in PACKAGE.items():
        path = tmp_path / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "made"


def names(package: Path, *modules: str, around: tuple[str, ...] = ()) -> set[str]:
    """The modules that some are made of, without the package's name."""
    found, _ = reached(SourceIndex(package, None), [f"made.{name}" for name in modules], around)
    return {name.removeprefix("made").removeprefix(".") for name in found}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("reader", {"reader", "parts", "parts.cutting", "late"}),
        ("typed", {"typed", "parts", "parts.other"}),
        ("named", {"named", "late"}),
        ("relative", {"relative", "late", "parts", "parts.cutting"}),
        ("side.leaf", {"side.leaf", "side", "late"}),
        ("starred", {"starred", "parts", "parts.cutting", "parts.other"}),
        ("round_a", {"round_a", "round_b"}),
        ("parts", {"parts", "parts.cutting", "parts.other"}),
    ],
)
def test_modules_are_found_through_imports(package: Path, module: str, expected: set[str]) -> None:
    """Late, named, relative and starred imports count; those for type checkers do not."""
    assert names(package, module) == {"", *expected}


def test_libraries_are_found_and_the_standard_library_is_not_one(package: Path) -> None:
    """What is imported from elsewhere is named once, by its top-level module."""
    index = SourceIndex(package, None)
    assert reached(index, ["made.reader"])[1] == {"numpy"}
    assert reached(index, ["made.named"])[1] == set()
    assert reached(index, ["made.reader"], ("numpy",))[1] == set()


def test_what_is_around_the_work_is_passed_by(package: Path) -> None:
    """Neither such a module counts nor what it alone imports."""
    assert names(package, "reader", around=("made.parts",)) == {"", "reader", "late"}


def test_an_unknown_module_is_named(package: Path) -> None:
    """A module that is not there cannot make anything."""
    with pytest.raises(ValueError, match=r"made\.nothing is no module of made"):
        names(package, "nothing")


SAME = [
    "def f(a):\n    return a + 1\n",
    '"""Says."""\n\n\ndef f(a):\n    """Adds."""\n    # one\n    return (a +\n            1)\n',
    'def f(a):\n    return a + 1\n"""Of a constant."""\n',
]
OTHER = [
    "def f(a):\n    return a + 2\n",
    "def f(a):\n    return a + 1.0\n",
    "def f(a):\n    return a + True\n",
    "def f(a):\n    return a - 1\n",
    "def g(a):\n    return a + 1\n",
    "def f(a, *b):\n    return a + 1\n",
    "def f(a):\n    return 'x' and a + 1\n",
    "def f(a):\n    pass\n    return a + 1\n",
    "",
]


def test_only_what_runs_counts() -> None:
    """Comments, docstrings and layout change nothing; any value, name or operator does, and 1 is neither True nor 1.0."""
    assert len({parse(text.encode()).digest for text in SAME}) == 1
    assert len({parse(text.encode()).digest for text in [SAME[0], *OTHER]}) == 1 + len(OTHER)


# ------------------------------------------------------------------ what is kept
def test_what_was_parsed_is_known_by_its_bytes(package: Path, tmp_path: Path) -> None:
    """The second process parses nothing; a file of the same size and time but other bytes is parsed."""
    cache = tmp_path / "cache" / "sources.json"
    first = SourceIndex(package, cache)
    before = first.source("made.late").digest
    first.remember()
    noted = json.loads(cache.read_text())
    late = package / "late.py"
    facts = late.stat()
    late.write_text("VALUE = 2\n", encoding="utf-8")
    os.utime(late, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert late.stat().st_size == facts.st_size
    second = SourceIndex(package, cache)
    assert second.source("made.late").digest != before
    second.remember()
    assert len(json.loads(cache.read_text())) == len(noted) + 1
    late.write_text("VALUE = 1\n", encoding="utf-8")
    third = SourceIndex(package, cache)
    assert third.source("made.late").digest == before
    changed = cache.stat().st_mtime_ns
    third.remember()
    assert cache.stat().st_mtime_ns == changed


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1}', '{"a": ["x", "y", "z"]}', "null"])
def test_a_cache_that_cannot_be_read_is_none(package: Path, tmp_path: Path, content: str) -> None:
    """Whatever stands there, the files are parsed, and the cache is written again."""
    cache = tmp_path / "sources.json"
    cache.write_text(content)
    index = SourceIndex(package, cache)
    assert index.source("made.late") == SourceIndex(package, None).source("made.late")
    index.remember()
    assert len(json.loads(cache.read_text())) >= 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_is_none(package: Path, tmp_path: Path) -> None:
    """A home that cannot be written to costs time and stops nothing."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    index = SourceIndex(package, home / "a" / "sources.json")
    assert index.source("made.late").digest
    index.remember()
    assert list(home.iterdir()) == []


def test_a_cache_under_a_file_is_none(package: Path, tmp_path: Path) -> None:
    """Where the cache's folder is a file, nothing is kept."""
    (tmp_path / "file").write_text("x")
    index = SourceIndex(package, tmp_path / "file" / "sources.json")
    assert index.source("made.late").digest
    index.remember()


# ------------------------------------------------------------------ this package
def test_python_and_files_count_where_work_is_cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another Python makes cheap tables again, and costly work not; a file that is read counts by its bytes."""
    name = digests.__name__
    cheap, costly = code_digest(name), work_digest(name)
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("a")
    with_file = code_digest(name, files=[prompt])
    prompt.write_text("b")
    assert len({cheap, costly, with_file, code_digest(name, files=[prompt])}) == 4
    monkeypatch.setattr(sys, "version_info", (9, 9))
    assert code_digest(name) != cheap
    assert work_digest(name) == costly


@pytest.mark.parametrize("work", ["probe.batch_probe", "hashing.batch_hash", "signals.batch_signals"])
def test_what_a_description_may_say_is_no_code_of_costly_work(
    work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new member of the description decodes nothing again; the paths and kinds that follow from it are code."""
    monkeypatch.setattr(digests, "_digest", " ".join)
    facts = work_digest(f"sparkle_curation.media.{work}")
    assert "sparkle_curation.spec.layout " in facts
    assert "sparkle_curation.spec.description" not in facts


def test_versions_of_libraries_are_those_of_their_distributions() -> None:
    """Also where the module is called otherwise; what is not installed is absent."""
    import PIL  # noqa: PLC0415
    import polars  # noqa: PLC0415

    assert library_version("polars") == polars.__version__
    assert library_version("PIL") == PIL.__version__
    assert library_version("no_such_module_at_all") == "absent"


def test_another_version_of_a_library_is_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that a library parses is rebuilt when the library is another one; others are not."""
    reading, lattice = "sparkle_curation.ingest.jsonl.block", "sparkle_curation.spec.themes"
    before = code_digest(reading), code_digest(lattice)
    versions = {**digests._installed_versions(), "pyarrow": "0.1"}
    monkeypatch.setattr(digests, "_installed_versions", lambda: versions)
    digests._facts_of.cache_clear()
    library_version.cache_clear()
    try:
        after = code_digest(reading), code_digest(lattice)
    finally:
        digests._facts_of.cache_clear()
        library_version.cache_clear()
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_warm_digest_costs_50_ms(tmp_path: Path) -> None:
    """A digest of the largest table's code, in a process of its own, from what was parsed before."""
    child = (
        "import time; from sparkle_curation.engine.caching.code_digest import code_digest\n"
        "start = time.process_time(); code_digest('sparkle_curation.ingest.jsonl.table',\n"
        "'sparkle_curation.media.consistency.consistency'); print(time.process_time() - start)"
    )
    environment = {**os.environ, digests.CACHE_VARIABLE: str(tmp_path)}
    cpu = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", child], env=environment, check=True, capture_output=True, text=True
        )
        cpu.append(float(done.stdout))
    assert min(cpu[1:]) < 0.05 + 0.05  # half of it for a busy machine
