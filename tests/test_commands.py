"""Commands are told as they are typed where the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkle_curation import commands
from sparkle_curation.commands import note_start
from sparkle_curation.errors import ParameterError, ReleaseError
from sparkle_curation.hooks.before_run import check_configuration

CONF = "conf-sparkle_curation.tar.gz"


@pytest.fixture
def _as_package() -> Iterator[None]:
    """The process, started by `python -m` without a checkout; afterwards as it was."""
    note_start(["/site/sparkle_curation/__main__.py", "--pipelines", "filter", "--conf-source", "my conf"])
    yield
    commands._started.clear()


def test_a_checkout_is_told_kedros_command() -> None:
    """Nothing is replaced where Kedro was started."""
    assert commands.as_typed("kedro run --pipelines ingest") == "kedro run --pipelines ingest"


@pytest.mark.usefixtures("_as_package")
def test_a_package_is_told_its_own_command() -> None:
    """With the configuration that it was started with, quoted for a shell; what is no such command stays."""
    told = ReleaseError("No", todo="first kedro run --pipelines ingest, or kedro running").format_message()
    assert told.endswith(
        "first python -m sparkle_curation --conf-source 'my conf' --pipelines ingest, or kedro running"
    )


def test_the_console_script_is_told_by_its_name() -> None:
    """Also where the configuration was given in one word."""
    try:
        note_start(["/venv/bin/sparkle-curation", f"--conf-source={CONF}"])
        assert commands.as_typed("kedro run") == f"sparkle-curation --conf-source {CONF}"
    finally:
        commands._started.clear()


@pytest.mark.usefixtures("_as_package")
def test_without_a_configuration_the_archive_at_hand_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a command to type; where there is none, what to bring is told before it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError) as absent:
        check_configuration(tmp_path / "conf")
    command = "python -m sparkle_curation --conf-source {} --pipelines curate"
    assert absent.value.todo == f"bring that archive into this folder, then: {command.format(CONF)}"
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / CONF).touch()
    with pytest.raises(ParameterError) as there:
        check_configuration(tmp_path / "conf")
    assert there.value.todo == command.format(f"dist/{CONF}")
    (tmp_path / "conf" / "base").mkdir(parents=True)
    check_configuration(tmp_path / "conf")
