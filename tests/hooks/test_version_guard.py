"""A stage of DVC runs with what a version is made of, or says plainly why it does not."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from sparkle_curation.errors import ParameterError, VersionError
from sparkle_curation.hooks.version_guard import STAGE_VARIABLE, VersionGuard, check_experiment, check_stage

ROOTS = {"release_root": "data/01_raw/sparkle_sample", "data_root": "data"}


def write(folder: Path, **files: str) -> Path:
    """The folder conf/local with these YAML files."""
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "files", [{}, {"globals": ""}, {"globals": "data_root: data\n"}, {"logging": "version: 1\n"}]
)
def test_a_local_configuration_that_changes_nothing_is_fine(
    tmp_path: Path, files: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """None at all, an empty file, the same roots, or other files than settings."""
    check_stage(ROOTS, write(tmp_path, **files))
    check_stage(ROOTS, tmp_path / "absent")
    assert not caplog.records


def test_another_release_in_the_local_configuration_stops_a_stage(tmp_path: Path) -> None:
    """The stage would curate the release of conf/base, which is not the one that the person means."""
    with pytest.raises(ParameterError) as caught:
        check_stage(ROOTS, write(tmp_path, globals="release_root: /data/Sparkle\n"))
    assert caught.value.where == tmp_path / "globals.yml"
    assert caught.value.got == "release_root: /data/Sparkle"
    assert "dvc exp run -S conf/base/globals.yml:release_root=/data/Sparkle" in str(caught.value.todo)


def test_an_experiment_without_a_version_stops(tmp_path: Path) -> None:
    """In the folder of a queued experiment without `dvc.lock`; not with it, and not in a workspace that has none yet."""
    folder = tmp_path / ".dvc/tmp/exps/tmpab12"
    folder.mkdir(parents=True)
    with pytest.raises(VersionError, match=r"read the whole release again(.|\n)*git add dvc\.lock"):
        check_experiment(folder)
    (folder / "dvc.lock").touch()
    check_experiment(folder)
    check_experiment(tmp_path)


def test_another_data_root_stops_a_stage(tmp_path: Path) -> None:
    """DVC would keep what lies where dvc.yaml says, from an earlier run."""
    with pytest.raises(ParameterError, match="would write to another folder"):
        check_stage({**ROOTS, "data_root": "elsewhere"}, tmp_path)


def test_parameters_that_are_passed_over_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """They may be there for runs by hand, so the stage goes on."""
    (tmp_path / "validate").mkdir()
    write(tmp_path / "validate", parameters="validation: {bounds: {}}\n")
    with caplog.at_level(logging.WARNING):
        check_stage(ROOTS, write(tmp_path, parameters="threshold: 9\n"))
    assert [record.getMessage() for record in caplog.records] == [
        "not part of a version, passed over in conf/local: threshold, validation"
    ]


@pytest.mark.parametrize("is_stage", [True, False])
def test_only_a_stage_is_guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_stage: bool) -> None:
    """A run by hand takes conf/local as ever."""
    monkeypatch.delenv(STAGE_VARIABLE, raising=False)
    (tmp_path / "local").mkdir()
    write(tmp_path / "local", globals="release_root: elsewhere\n")
    context = SimpleNamespace(config_loader=Loader({"globals": ROOTS}, str(tmp_path)))
    if not is_stage:
        VersionGuard().after_context_created(context)
        return
    monkeypatch.setenv(STAGE_VARIABLE, "dvc.yaml:ingest")
    with pytest.raises(ParameterError):
        VersionGuard().after_context_created(context)


class Loader(dict[str, dict[str, str]]):
    """A configuration with its folder, as Kedro's loader has it."""

    def __init__(self, config: dict[str, dict[str, str]], conf_source: str) -> None:
        super().__init__(config)
        self.conf_source = conf_source
