"""Paths are written out, and the files of a configuration are found wherever it lies."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.project import settings
from tests.conftest import CHECKOUT

from sparkle_curation.config_loader import ConfigLoader, expand_path
from sparkle_curation.errors import ParameterError

ARGUMENTS = {"base_env": "base", "default_run_env": "local", "merge_strategy": {"parameters": "soft"}}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a variable that are the same everywhere."""
    monkeypatch.setenv("HOME", "/homes/ann")
    monkeypatch.setenv("STORE", "/srv/store")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("~/Sparkle", "/homes/ann/Sparkle"),
        ("~", "/homes/ann"),
        ("$HOME/Sparkle", "/homes/ann/Sparkle"),
        ("${STORE}/a/$STORE", "/srv/store/a//srv/store"),
        ("HEAD~1", "HEAD~1"),
        ("a~b/$$x", "a~b/$x"),
        ("s3://bucket/$5", "s3://bucket/$5"),
    ],
)
def test_a_path_is_written_out(path: str, written: str) -> None:
    """Homes at the beginning alone, variables anywhere; what names neither stays."""
    assert expand_path(path, "release_root") == written


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$NO_SUCH_VARIABLE/a", ["'data_root'", "is not set", "$NO_SUCH_VARIABLE/a"]),
        ("${NO_SUCH_VARIABLE}", ["is not set"]),
        ("~nobody-of-this-name/out", ["not known here", "data_root=./~nobody-of-this-name/out"]),
    ],
)
def test_what_cannot_be_written_out_is_told(path: str, words: list[str]) -> None:
    """No folder of the name of a variable is ever made."""
    with pytest.raises(ParameterError) as caught:
        expand_path(path, "data_root")
    for word in words:
        assert word in caught.value.format_message()


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A copy of the project's configuration."""
    return Path(shutil.copytree(CHECKOUT / "conf", tmp_path / "conf"))


@pytest.mark.usefixtures("home")
def test_paths_are_written_out_wherever_they_stand(conf: Path) -> None:
    """In the globals of an environment, and on the command line, which goes before; in place, for the run's context."""
    (conf / "local" / "globals.yml").write_text("release_root: ${STORE}/Sparkle\ndata_root: ~/out\n")
    given = {"base": "~/other", "score": {"model": {"name": "$STORE/judge"}}}
    loader = ConfigLoader(str(conf), runtime_params=given, **ARGUMENTS)
    assert loader["globals"]["release_root"] == "/srv/store/Sparkle"
    assert loader["globals"]["data_root"] == "/homes/ann/out"
    assert loader["catalog"]["verdicts"]["filepath"] == "/homes/ann/out/03_primary/verdicts.parquet"
    assert loader["parameters"]["score"]["model"]["name"] == "/srv/store/judge"
    assert given["base"] == "/homes/ann/other"
    given = {"data_root": "${STORE}"}
    catalog = ConfigLoader(str(conf), runtime_params=given, **ARGUMENTS)["catalog"]
    assert catalog["verdicts"]["filepath"] == "/srv/store/03_primary/verdicts.parquet"


def test_members_of_a_mix_are_in_the_order_of_the_file(conf: Path) -> None:
    """Whatever of them the command line says: the member that is named before keeps what several have."""
    members = "mix: {members: {b: {data_root: x}, a: {data_root: y}, c: {data_root: z}}}\n"
    (conf / "local" / "parameters.yml").write_text(members)
    given = {"mix": {"members": {"d": {"data_root": "w"}, "a": {"weight": 0}}, "budget": 3}}
    found = ConfigLoader(str(conf), runtime_params=given, **ARGUMENTS)["parameters"]["mix"]
    assert list(found["members"]) == ["b", "a", "c", "d"]
    assert found["members"]["a"] == {"data_root": "y", "weight": 0}
    assert found["budget"] == 3


@pytest.mark.usefixtures("home")
def test_each_of_two_configurations_has_its_own_globals(conf: Path) -> None:
    """Whichever was opened last: a second data root is not that of the first."""
    first = ConfigLoader(str(conf), **ARGUMENTS)
    (conf / "local" / "globals.yml").write_text("data_root: /srv/second\n")
    second = ConfigLoader(str(conf), **ARGUMENTS)
    assert second["catalog"]["verdicts"]["filepath"] == "/srv/second/03_primary/verdicts.parquet"
    (conf / "local" / "globals.yml").unlink()
    assert first["catalog"]["verdicts"]["filepath"] == "data/03_primary/verdicts.parquet"
    assert second["catalog"]["assets"]["filepath"] == "/srv/second/02_intermediate/assets.parquet"


def test_an_entry_of_the_catalog_is_what_kedro_takes_it_for(tmp_path: Path) -> None:
    """Whatever it is put together from, and of whatever type that is; an environment goes over it."""
    for folder in ("base", "local"):
        (tmp_path / folder).mkdir()
    (tmp_path / "base/globals.yml").write_text(
        "root: data\nhas_text: true\nparts: [a, b]\n", encoding="utf-8"
    )
    (tmp_path / "base/catalog.yml").write_text(
        """
_root: ${runtime_params:root,${globals:root}}
_has_text: ${globals:has_text}
_parts: ${globals:parts}
_options: {depth: 2, name: "${_root}"}
table:
  type: kedro.io.MemoryDataset
  filepath: ${_root}/a b/{part}.parquet
  both: ${_root}/${_root}
  flag: ${_has_text}
  is: is ${_has_text}
  parts: ${_parts}
  options: ${_options}
  more: [{path: "${_root}/x"}, "${_has_text}", 1, null]
  load: {deep: {path: "${_root}", other: "${table.flag}", near: "${.path}/y", none: null}}
  escaped: \\${_root}/z
  last: a${_root}}b
""",
        encoding="utf-8",
    )
    (tmp_path / "local/catalog.yml").write_text("other: {filepath: '${globals:root}/o'}\n", encoding="utf-8")
    given = {"root": "/srv/ü,{x}"}
    ours, kedro = (
        loader(str(tmp_path), runtime_params=given, **ARGUMENTS)["catalog"]
        for loader in (ConfigLoader, OmegaConfigLoader)
    )
    assert ours == kedro
    assert ours["other"] == {"filepath": "data/o"}
    assert ours["table"]["filepath"] == "/srv/ü,{x}/a b/{part}.parquet"
    assert ours["table"]["flag"] is True
    assert ours["table"]["more"] == [{"path": "/srv/ü,{x}/x"}, True, 1, None]
    assert ours["table"]["load"]["deep"]["near"] == "/srv/ü,{x}/y"


@pytest.mark.parametrize("kind", ["catalog", "parameters"])
def test_the_configuration_is_what_kedro_takes_it_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, under what a command line may give."""
    monkeypatch.chdir(CHECKOUT)
    given = {"data_root": "/srv/x", "threshold": 8, "signal_bounds": {"new": {"deep": [1]}}, "variants": None}
    ours, kedro = (
        loader("conf", env="new", runtime_params=given, **ARGUMENTS)[kind]
        for loader in (ConfigLoader, OmegaConfigLoader)
    )
    assert ours == kedro


def test_an_environment_that_is_not_there_is_told(conf: Path) -> None:
    """With those that are, and the nearest of them."""
    with pytest.raises(ParameterError) as caught:
        ConfigLoader(str(conf), env="locl", **ARGUMENTS)
    told = caught.value.format_message()
    assert "There is no such environment" in told
    assert "base, local, new, test" in told
    assert "did you mean 'local'?" in told
    assert ConfigLoader(str(conf), env="test", **ARGUMENTS)["globals"]["data_root"]


def test_an_archive_is_read_with_all_that_is_in_it(conf: Path, tmp_path: Path) -> None:
    """The description and the prompts are found in it; without conf/base it is none."""
    path = tmp_path / "conf.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(conf, "conf")
    loader = ConfigLoader(str(path), **ARGUMENTS)
    assert (Path(loader.conf_source) / "base" / "dataset.yml").is_file()
    for entry in loader["catalog"].values():
        if "prompts/score" in str(entry.get("filepath")):
            assert Path(entry["filepath"]).is_file()
            assert entry["filepath"].startswith(loader.conf_source)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(conf / "logging.yml", "logging.yml")
    with pytest.raises(ParameterError, match="no base/globals"):
        ConfigLoader(str(path), **ARGUMENTS)


@pytest.mark.usefixtures("kedro_project")
def test_the_project_reads_its_configuration_so() -> None:
    """Kedro's own loader would take `~` for a folder's name."""
    assert settings.CONFIG_LOADER_CLASS is ConfigLoader
