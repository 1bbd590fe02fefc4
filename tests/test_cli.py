"""What ``kedro run`` says of a command line before anything runs."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run as kedro_run
from kedro.pipeline import Pipeline, node

from sparkle_curation.cli import run, split_params
from sparkle_curation.errors import ParameterError


def given(text: str) -> Any:
    """What ``--params`` comes to."""
    return split_params(click.Context(run), click.Option(["--params"]), text)


def test_good_parameters_are_read_as_kedro_reads_them() -> None:
    """Nested names, numbers, and blanks around."""
    assert given("threshold=8.5, split.seed=1,a=") == {"threshold": 8.5, "split": {"seed": 1}, "a": None}
    assert given("") == {}


@pytest.mark.parametrize(
    ("text", "todo"),
    [
        ("threshold=8,5", "--params threshold=8.5"),
        ("allow_empty=true,thresholds.edited_video=8,5", "--params thresholds.edited_video=8.5"),
        ("threshold=8,5,split.seed=1", "--params threshold=8.5"),
        ("threshold= 8 , 5 ", "--params threshold=8.5"),
        ("licence_allow=[cc0,mit],threshold=8", '--params "licence_allow=cc0 mit"'),
        ("themes=a,b,c", '--params "themes=a b c"'),
        ('a.prompt="{scene}, at dusk"', "--params 'a.prompt=\"{scene} at dusk\"'"),
    ],
)
def test_a_comma_in_a_value_is_answered_with_what_was_meant(text: str, todo: str) -> None:
    """A decimal point, or blanks."""
    with pytest.raises(ParameterError) as caught:
        given(text)
    assert caught.value.todo == todo


@pytest.mark.parametrize(("option", "words"), [("--only-missing-outputs", "leave it out")])
def test_an_option_that_would_mislead_is_refused(option: str, words: str) -> None:
    """It would show the variant of other thresholds."""
    ran = CliRunner().invoke(run, [option])
    assert ran.exit_code == 1
    assert words in ran.output


def test_the_old_name_of_an_option_works_without_a_warning(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """``--pipeline`` is ``--pipelines``; both at once are Kedro's to refuse."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(kedro_run, "callback", lambda **options: seen.append(options))
    assert CliRunner().invoke(run, ["--pipeline", "curate"]).exit_code == 0
    assert (seen[0]["pipeline"], seen[0]["pipelines"]) == (None, ["curate"])
    assert not recwarn.list


def test_steps_that_there_are_not_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kedro's sentence, which names what is near, without its traceback; any other error stays as it is."""

    def fail(**_: Any) -> None:
        raise ValueError("Pipeline does not contain nodes named ['a']. Did you mean: ['filter.a']?")

    monkeypatch.setattr(kedro_run, "callback", fail)
    ran = CliRunner().invoke(run, ["--nodes", "a"])
    assert ran.exit_code == 1
    assert "Did you mean: ['filter.a']?" in ran.output


def test_a_comment_in_a_value_is_refused() -> None:
    """YAML would take the rest of a path for one, and outputs would go to the folder before it."""
    with pytest.raises(ParameterError, match="takes it for a comment"):
        given("data_root=my #1/data")
    assert given("data_root=my#1/data") == {"data_root": "my#1/data"}


def test_a_pipeline_that_there_is_not_is_told_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    """And with all that there are."""

    def fail(**_: Any) -> None:
        raise ValueError("Failed to find the pipeline named 'injest'.")

    monkeypatch.setattr(kedro_run, "callback", fail)
    monkeypatch.setattr(
        "kedro.framework.project.pipelines", {"ingest": None, "inspect": None, "__default__": None}
    )
    ran = CliRunner().invoke(run, ["--pipelines", "injest"])
    assert ran.exit_code == 1
    assert "allowed: ingest, inspect" in ran.output
    assert "did you mean" in ran.output


def test_pipelines_that_cannot_run_as_one_are_told_with_commands_that_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kedro's own words are of a circle of nodes, or of steps that there are twice; the commands are in the order given."""

    def step(reads: str, writes: str, name: str) -> Pipeline:
        return Pipeline([node(lambda value: value, reads, writes, name=name)])

    known = {
        "read": step("a", "b", "step"),
        "back": step("b", "a", "back"),
        "on": step("b", "c", "on"),
        "both": step("a", "d", "step"),
    }

    def combine(**options: Any) -> Pipeline:
        return sum((known[name] for name in options["pipelines"]), Pipeline([]))

    monkeypatch.setattr(kedro_run, "callback", combine)
    monkeypatch.setattr("kedro.framework.project.pipelines", known)
    circle = CliRunner().invoke(run, ["--pipelines", "read,on,back"])
    assert circle.exit_code == 1
    assert "do:      kedro run --pipelines read,on && kedro run --pipelines back" in circle.output
    twice = CliRunner().invoke(run, ["--pipelines", "read,both,on"])
    assert "do:      kedro run --pipelines read && kedro run --pipelines both,on" in twice.output
    assert CliRunner().invoke(run, ["--pipelines", "read,on"]).exit_code == 0
