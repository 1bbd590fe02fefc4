"""Rubrics are data: ours by their files, theirs word for word from a checkout that is read and not run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.bench.judging.made import rubric_files, rubric_named

from sparkle_curation.bench.judging.rubric import (
    Rubric,
    choose_rubric,
    own_instructions,
    published_instructions,
)
from sparkle_curation.errors import ParameterError

TEXT = '\nJudge "it".\n\nEditing instruction is: {edit_prompt}.\n\nBelow:\n'


def checkout_with(folder: Path, rubric: Rubric, source: str) -> Path:
    """A checkout that has the evaluator."""
    assert rubric.published is not None
    (folder / rubric.published.file).write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["sparkle", "openve"])
def test_our_words_ask_for_what_is_read(name: str) -> None:
    """Scale and edit prompt are put in, and each dimension has its line."""
    rubric = rubric_named(name)
    instructions = own_instructions(name, rubric, rubric_files())
    text = instructions.ask("anything", "Put it on the <min> moon {a}.")
    assert "The instruction is: Put it on the <min> moon {a}." in text
    assert "<edit_prompt>" not in text
    assert "from 1 to 5" in text
    assert all(f"\n{dimension.name}:" in text for dimension in rubric.dimensions)
    assert instructions.origin == "own"


def test_their_words_are_taken_word_for_word(tmp_path: Path) -> None:
    """From the source of the evaluator, of which nothing is run; with what stands before and behind."""
    rubric = rubric_named("sparkle")
    source = f'raise SystemExit("run")\nBACKGROUND_REPLACEMENT = """{TEXT}"""\nOTHER = 1\n'
    instructions = published_instructions("sparkle", rubric, checkout_with(tmp_path, rubric, source))
    assert instructions.ask("any", "Make it {night}") == TEXT.format(edit_prompt="Make it {night}")
    assert instructions.origin == "showlab/Sparkle eval_sparkle_bench_gemini.py"


def test_words_by_kind_of_edit(tmp_path: Path) -> None:
    """OpenVE-Bench has a text for each."""
    rubric = rubric_named("openve")
    assert rubric.published is not None
    names = sorted(set(rubric.published.constants.values()))
    source = "\n".join(f"{name} = '{name} {{edit_prompt}}'" for name in names)
    instructions = published_instructions("openve", rubric, checkout_with(tmp_path, rubric, source))
    assert instructions.ask("local_add", "a hat") == "LOCAL_ADD a hat"
    assert instructions.ask("a new kind", "a hat") == "BACKGROUND_CHANGE a hat"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (None, "cannot be read"),
        ("def (", "cannot be read"),
        ("X = 1", "does not stand where it stood"),
        ("BACKGROUND_REPLACEMENT = 'no prompt'", "does not stand where it stood"),
        ("BACKGROUND_REPLACEMENT = '{edit_prompt} {edit_prompt}'", "does not stand where it stood"),
        ("BACKGROUND_REPLACEMENT = 'a {edit_prompt}' + X", "does not stand where it stood"),
    ],
)
def test_a_checkout_without_the_words_is_told(source: str | None, told: str, tmp_path: Path) -> None:
    """With the file, and with what to do: nothing is judged in words that are half theirs."""
    rubric = rubric_named("sparkle")
    if source is not None:
        checkout_with(tmp_path, rubric, source)
    with pytest.raises(ParameterError, match=told) as error:
        published_instructions("sparkle", rubric, tmp_path)
    assert "git clone https://github.com/showlab/Sparkle" in str(error.value.todo)


def test_a_rubric_that_is_not_there_is_told() -> None:
    """With those that are."""
    with pytest.raises(ParameterError, match="no such rubric") as error:
        choose_rubric("sparkel", rubric_files())
    assert (error.value.allowed, error.value.todo) == ("openve, sparkle", "did you mean 'sparkle'?")


@pytest.mark.parametrize(
    "change",
    [
        {"capped_by": "nothing"},
        {"scale": [5, 1]},
        {"scale": [1, "five"]},
        {"dimensions": []},
        {"dimensions": [{"key": "a", "names": ["A"]}, {"key": "b", "names": ["a"]}]},
        {"colour": "blue"},
    ],
)
def test_a_rubric_that_cannot_be_is_told(change: dict[str, object]) -> None:
    """With its file and member."""
    files = rubric_files()
    files["sparkle.yml"] = yaml.safe_dump(yaml.safe_load(files["sparkle.yml"]) | change)
    with pytest.raises(ParameterError, match="cannot be"):
        choose_rubric("sparkle", files)
    with pytest.raises(ParameterError, match="cannot be"):
        choose_rubric("torn", files | {"torn.yml": "title: ["})


def test_a_text_that_does_not_ask_for_a_score_is_told() -> None:
    """What an answer is read by must stand in the question."""
    rubric, files = rubric_named("sparkle"), rubric_files()
    for text in (files["sparkle.txt"].replace("\nBackground Dynamics:\n", "\n"), "Judge it."):
        with pytest.raises(ParameterError, match="lacks what an answer is read by"):
            own_instructions("sparkle", rubric, files | {"sparkle.txt": text})
    del files["sparkle.txt"]
    with pytest.raises(ParameterError, match="lacks what an answer is read by"):
        own_instructions("sparkle", rubric, files)


def test_a_rubric_without_published_words_says_so(tmp_path: Path) -> None:
    """One of one's own."""
    rubric = rubric_named("sparkle").model_copy(update={"published": None})
    with pytest.raises(ParameterError, match="no published words"):
        published_instructions("mine", rubric, tmp_path)
