"""What the README tells people to type and to look for is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kedro.config import AbstractConfigLoader
from kedro.pipeline import Pipeline

_FENCE = re.compile(r"^(```+)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def quoted_code(markdown: str) -> Iterator[str]:
    """Every line of a code block, then every piece of inline code."""
    for block in _FENCE.findall(markdown):
        yield from (line.strip().removeprefix("$ ") for line in block[1].splitlines())
    yield from _INLINE.findall(_FENCE.sub("", markdown))


def commands(markdown: str, program: str) -> list[list[str]]:
    """The quoted calls of a program, as words, without its name and without a comment."""
    split = [
        shlex.split(code, comments=True) for code in quoted_code(markdown) if code.startswith(f"{program} ")
    ]
    return [words[1:] for words in split]


def make_targets(makefile: str) -> set[str]:
    """The targets of a Makefile that a person may name."""
    return set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, re.MULTILINE))


def option_values(words: list[str], *options: str) -> list[str]:
    """The values of an option, each comma-separated item by itself: ``--pipeline a`` or ``--pipeline=a``."""
    pairs = [
        *pairwise(words),
        *(tuple(w.split("=", 1)) for w in words if w.startswith("--") and "=" in w),
    ]
    return [item for option, value in pairs if option in options for item in value.split(",")]


def unknown_targets(markdown: str, makefile: str) -> list[str]:
    """Words after `make` that are neither a target, nor a variable, nor an option."""
    targets = make_targets(makefile)
    words = [word for call in commands(markdown, "make") for word in call]
    return [word for word in words if word not in targets and "=" not in word and not word.startswith("-")]


def unknown_pipelines(markdown: str, registered: Collection[str]) -> list[str]:
    """Pipelines that a quoted `kedro` command names and nobody registered."""
    named = [
        p
        for call in commands(markdown, "kedro")
        for p in option_values(call, "--pipeline", "--pipelines", "-p")
    ]
    return [name for name in named if name not in registered]


def unknown_parameters(markdown: str, known: Iterable[str]) -> list[str]:
    """Parameters that a quoted command sets and the configuration does not have; a named variant has those of the run.

    The models of a benchmark have any name.
    """
    known = set(known)
    items = [item for call in commands(markdown, "kedro") for item in option_values(call, "--params")]
    plain = re.compile(r"^variants\.[\w-]+\.|(?<=^bench_models)\..+")
    names = {item: plain.sub("", item.partition("=")[0]) for item in items}
    return [item for item in items if names[item] not in known]


def tabled_outputs(markdown: str) -> list[str]:
    """The paths under `data/` that stand in the first column of a table."""
    cells = [line.split("|")[1] for line in markdown.splitlines() if line.startswith("|")]
    return [code for cell in cells for code in _INLINE.findall(cell) if code.startswith("data/")]


def unwritten_outputs(markdown: str, file_paths: Iterable[str]) -> list[str]:
    """Paths of the README's tables that are neither an entry's file nor inside an entry's folder."""
    written = [Path(path) for path in file_paths]

    def is_written(output: str) -> bool:
        return any(path == Path(output) or path in Path(output).parents for path in written)

    return [output for output in tabled_outputs(markdown) if not is_written(output)]


def dotted_names(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of all parameters, groups among them."""
    for name, value in parameters.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from dotted_names(value, f"{prefix}{name}.")


_OF_FAULTS = {"faults.md"}
"""Pages that quote what is mistyped."""


@pytest.fixture
def readme(checkout: Path) -> str:
    """The text of the README and of the pages beside it."""
    pages = [
        checkout / "README.md",
        *(page for page in sorted((checkout / "docs").glob("*.md")) if page.name not in _OF_FAULTS),
    ]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


def test_quotes_the_two_commands(readme: str) -> None:
    """The README gives `make run`, `make test` and the one command that the project is for."""
    assert {"run", "test"} <= {word for call in commands(readme, "make") for word in call}
    assert "curate" in [p for call in commands(readme, "kedro") for p in option_values(call, "--pipelines")]


def test_make_targets_exist(readme: str, checkout: Path) -> None:
    """Each `make` of the README has its target."""
    assert unknown_targets(readme, (checkout / "Makefile").read_text(encoding="utf-8")) == []


def test_pipelines_are_registered(readme: str, registered: dict[str, Pipeline]) -> None:
    """Each `kedro run` of the README names registered pipelines."""
    assert unknown_pipelines(readme, registered) == []


def test_parameters_exist(readme: str, base_config: AbstractConfigLoader) -> None:
    """Each parameter that the README sets is in conf/base."""
    known = [*dotted_names(base_config["parameters"]), *base_config["globals"]]
    assert unknown_parameters(readme, known) == []


def test_outputs_are_in_the_catalog(readme: str, base_config: AbstractConfigLoader) -> None:
    """Each file of the table of outputs is written by a catalog entry, and there is such a table."""
    file_paths = [str(entry["filepath"]) for entry in base_config["catalog"].values() if "filepath" in entry]
    assert tabled_outputs(readme)
    assert unwritten_outputs(readme, file_paths) == []


BAD = """\
Type `make runn PARAMS=x=1`, or `make -j2 test`; makefiles are not `makefile`.

```bash
kedro run --pipeline curat --params threshold=8.5,treshold=9   # a comment
$ kedro run --pipelines=curate,inspekt
kedro viz
```

| file | what |
|---|---|
| `data/03_primary/verdicts.parquet`, `data/03_primary/verdict.parquet` | one row per sample |
| `data/05_model_input/prompts/{theme}_train.csv` | see `data/elsewhere` |
"""


def test_faults_are_found() -> None:
    """Misspelt targets, pipelines, parameters and outputs are named, and what is right is not."""
    assert unknown_targets(BAD, ".PHONY: run\nA := b\nrun: .stamp\ntest:\n") == ["runn"]
    assert unknown_pipelines(BAD, {"curate": 1}) == ["curat", "inspekt"]
    assert unknown_parameters(BAD, ["threshold"]) == ["treshold=9"]
    outputs = ["data/03_primary/verdicts.parquet", "data/05_model_input/prompts"]
    assert unwritten_outputs(BAD, outputs) == ["data/03_primary/verdict.parquet"]


def test_groups_of_parameters_have_names() -> None:
    """A group and what is in it can both be set."""
    assert [*dotted_names({"thresholds": {"edited_video": 8.0}})] == ["thresholds", "thresholds.edited_video"]
