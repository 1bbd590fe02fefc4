"""What a judge scores: dimensions, scale and the text of the question, as a file of ``conf/base/prompts/rubrics/`` says."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import xxhash
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.spec.benchmark import benchmark_of

EDIT_PROMPT = "<edit_prompt>"
_MIN, _MAX = "<min>", "<max>"
_ANY = "*"
_HOME = "conf/base/prompts/rubrics"

Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dimension(_Part):
    """What one score is about.

    Attributes:
        key: in tables.
        names: what an answer may call it; the first is asked for.
    """

    key: Text
    names: Annotated[tuple[Text, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """What an answer is to call it."""
        return self.names[0]


class Published(_Part):
    """Where the published words stand.

    Attributes:
        repository: that a checkout is of.
        file: in it.
        constants: theme -> the name that the text is assigned to; ``*`` for all other themes.
        edit_prompt: what stands for the edit prompt in the text.
        scores: names of the files that the published evaluator writes, with ``{theme}`` and ``{judge}``; None where its
            records do not say of which sample they are.
    """

    repository: Text
    file: Text
    constants: Mapping[str, Text]
    edit_prompt: Text
    scores: Text | None = None


class Rubric(_Part):
    """A rubric.

    Attributes:
        title: for people.
        scale: lowest and highest score.
        capped_by: the dimension that no other one counts more than; None for none.
        text: the file with the question in our words.
        dimensions: in the order of the published scores.
        published: the words of others; None where there are none.
    """

    title: Text
    scale: tuple[int, int]
    capped_by: Text | None = None
    text: Text
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    published: Published | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        names = [name.casefold() for each in self.dimensions for name in each.names]
        if len(set(self.keys)) < len(self.keys) or len(set(names)) < len(names):
            raise ValueError("a key and names of its own for each dimension")
        if self.capped_by is not None and self.capped_by not in self.keys:
            raise ValueError(f"capped_by: one of {', '.join(self.keys)}")
        if self.scale[0] >= self.scale[1]:
            raise ValueError("scale: two integers, the lower first")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the dimensions, in their order."""
        return tuple(dimension.key for dimension in self.dimensions)

    def cap(self, scores: Mapping[str, int]) -> dict[str, int]:
        """The scores as they count: none above that of the dimension that caps them.

        >>> rubric = Rubric(title="t", scale=(1, 5), capped_by="a", text="t.txt", dimensions=[
        ...     {"key": "a", "names": ["A"]}, {"key": "b", "names": ["B"]}])
        >>> rubric.cap({"a": 3, "b": 5})
        {'a': 3, 'b': 3}
        """
        if self.capped_by is None:
            return dict(scores)
        limit = scores[self.capped_by]
        return {key: min(score, limit) for key, score in scores.items()}


@dataclass(frozen=True)
class Instructions:
    """What a judge is told, by theme.

    Attributes:
        name: of the rubric.
        rubric: what it scores.
        texts: theme -> the question, with ``<edit_prompt>``; ``*`` for all other themes.
        origin: whose words they are: ``own``, or the file of a repository.
    """

    name: str
    rubric: Rubric
    texts: Mapping[str, str]
    origin: str

    def ask(self, theme: str, edit_prompt: str) -> str:
        """The text of the question about a sample."""
        return self.texts.get(theme, self.texts.get(_ANY, "")).replace(EDIT_PROMPT, edit_prompt)

    @property
    def digest(self) -> str:
        """xxh3-128 of all texts: scores under other texts are other scores."""
        return xxhash.xxh3_128(repr(sorted(self.texts.items())).encode()).hexdigest()


def name_rubric(asked: str | None, themes: Iterable[str]) -> str:
    """The name of the rubric that is asked for, else of the one that the benchmark's description has.

    Args:
        asked: None for the benchmark's own.
        themes: of the samples, by which the benchmark is known.

    Raises:
        ParameterError: none is asked for, and the description has none.
    """
    benchmark = benchmark_of(themes)
    name = asked or (benchmark.rubric if benchmark else None)
    if name is None:
        raise ParameterError(
            "Nothing says by which rubric the benchmark is judged",
            where="bench_evaluate.rubric",
            got="null, and its description in conf/base/dataset.yml has no rubric",
            allowed="a file of conf/base/prompts/rubrics, without .yml",
            todo="--params bench_evaluate.rubric=sparkle; or rubric: sparkle in the description",
        )
    return name


def choose_rubric(name: str, files: Mapping[str, str]) -> Rubric:
    """The rubric of that name.

    Args:
        name: of its file, without the suffix.
        files: name of a file -> its text.

    Raises:
        ParameterError: there is none of that name, or its file says something that cannot be.
    """
    known = sorted(file.removesuffix(".yml") for file in files if file.endswith(".yml"))
    if name not in known:
        raise ParameterError(
            "There is no such rubric",
            where="rubric of bench_evaluate, or of bench_published",
            got=name,
            allowed=", ".join(known),
            todo=did_you_mean(name, known) or f"take one of these, or write {_HOME}/{name}.yml",
        )
    try:
        return Rubric.model_validate(yaml.safe_load(files[f"{name}.yml"]))
    except (ValidationError, yaml.YAMLError) as error:
        told = error.errors()[0] if isinstance(error, ValidationError) else None
        raise ParameterError(
            "A rubric says something that cannot be",
            where=f"{_HOME}/{name}.yml" + (f", {'.'.join(map(str, told['loc']))}" if told else ""),
            got=told["msg"] if told else error,
            allowed="the members that sparkle.yml explains",
            todo="mend it, or take another rubric: --params bench_evaluate.rubric=sparkle",
        ) from error


def own_instructions(name: str, rubric: Rubric, files: Mapping[str, str]) -> Instructions:
    """The question in our words.

    Raises:
        ParameterError: its file is not there, or lacks what is filled in or asked for.
    """
    text = files.get(rubric.text)
    wanted = [EDIT_PROMPT, *(f"\n{dimension.name}:\n" for dimension in rubric.dimensions)]
    absent = wanted if text is None else [part for part in wanted if part not in text]
    if text is None or absent:
        raise ParameterError(
            "The text of a rubric lacks what an answer is read by",
            where=f"{_HOME}/{rubric.text}",
            got="no such file" if text is None else f"no {absent[0].strip()}",
            allowed=", ".join(part.strip() for part in wanted),
            todo="write it where it belongs: the edit prompt, and a line for each score",
        )
    low, high = map(str, rubric.scale)
    filled = text.replace(_MIN, low).replace(_MAX, high).strip()
    return Instructions(name, rubric, {_ANY: filled}, "own")


def published_instructions(name: str, rubric: Rubric, checkout: Path) -> Instructions:
    """The question in the words of others, word for word, from the source of their evaluator, which is not run.

    Raises:
        ParameterError: there is no such checkout, or the words do not stand where they stood.
    """
    published = rubric.published
    if published is None:
        raise ParameterError(
            "There are no published words of this rubric",
            where="bench_evaluate.rubric_checkout",
            got=checkout,
            allowed="null",
            todo="--params bench_evaluate.rubric_checkout=null",
        )
    path = checkout / published.file
    todo = f"git clone https://github.com/{published.repository} and name its folder, or take our words: "
    todo += "--params bench_evaluate.rubric_checkout=null"
    try:
        constants = _text_constants(ast.parse(path.read_text(encoding="utf-8")))
    except (OSError, SyntaxError, ValueError) as error:
        raise ParameterError(
            "The published rubric cannot be read",
            where=path,
            got=f"{type(error).__name__}: {error}",
            allowed=f"a checkout of {published.repository}",
            todo=todo,
        ) from error
    texts = {theme: constants.get(constant, "") for theme, constant in published.constants.items()}
    for theme, text in texts.items():
        if text.count(published.edit_prompt) != 1:
            raise ParameterError(
                "The published rubric does not stand where it stood",
                where=f"{path}, {published.constants[theme]}",
                got="no such text" if not text else f"{published.edit_prompt} not exactly once",
                allowed=f"a text with {published.edit_prompt}, as {published.repository} had it",
                todo=todo,
            )
    filled = {theme: text.replace(published.edit_prompt, EDIT_PROMPT) for theme, text in texts.items()}
    return Instructions(name, rubric, filled, f"{published.repository} {published.file}")


def _text_constants(tree: ast.Module) -> dict[str, str]:
    """Name -> text of each constant that is assigned a text."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
