"""Members that cannot be: each told in words, before anything is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from tests.conftest import CHECKOUT
from tests.made.shapes import SHAPES

from sparkle_curation.errors import DescriptionError, ParameterError, SparkleError, VersionError
from sparkle_curation.mixing.members import find_members
from sparkle_curation.mixing.params import Member, MixGroup


def curated(root: Path, dataset: str = "sparkle") -> Path:
    """A data root whose variant has a record."""
    folder = root / "05_model_input" / "kiwi_edit"
    folder.mkdir(parents=True)
    (folder / "variant.json").write_text(json.dumps({"dataset": dataset}), "utf-8")
    return root


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A configuration with the description of base, and one of another shape."""
    for env in ("base", "tasks"):
        (tmp_path / "conf" / env).mkdir(parents=True)
    source = (CHECKOUT / "conf/base/dataset.yml").read_text("utf-8")
    (tmp_path / "conf/base/dataset.yml").write_text(source, "utf-8")
    (tmp_path / "conf/base/globals.yml").write_text("release_root: /releases/sparkle\n", "utf-8")
    (tmp_path / "conf/tasks/dataset.yml").write_text(yaml.safe_dump(SHAPES["per_task"][0]), "utf-8")
    return tmp_path / "conf"


def of(root: Path, **more: Any) -> Member:
    """A member of a data root."""
    return Member(data_root=str(root), **more)


def test_members_are_found_by_the_name_of_their_dataset(conf: Path, tmp_path: Path) -> None:
    """With the environment that describes it, and the release root of its globals."""
    tasks = SHAPES["per_task"][0]["name"]
    found = find_members(
        {"s": of(curated(tmp_path / "a")), "t": of(curated(tmp_path / "b", tasks), release_root="s3://t")},
        conf,
    )
    assert [(each.name, each.env, each.release_root) for each in found] == [
        ("s", "base", "/releases/sparkle"),
        ("t", "tasks", "s3://t"),
    ]


def test_what_cannot_be_a_member_is_told(conf: Path, tmp_path: Path) -> None:
    """Each in a sentence, with what to do."""
    fine, other = of(curated(tmp_path / "a")), of(curated(tmp_path / "b"))
    (tmp_path / "bare").mkdir()
    (tmp_path / "ingested/02_intermediate/annotations.parquet").mkdir(parents=True)
    cases: list[tuple[dict[str, Member], type[SparkleError], str]] = [
        ({"a": fine}, ParameterError, "two members or more"),
        ({"a": fine, "b": of(tmp_path / "gone")}, ParameterError, "is not there.*mix.members.b.data_root"),
        ({"a": fine, "b": of(tmp_path / "bare")}, VersionError, "b was not ingested.*--env base.*bare"),
        (
            {"a": fine, "b": of(tmp_path / "ingested")},
            VersionError,
            "b was not curated.*pipelines curate,near",
        ),
        ({"a": fine, "b": of(tmp_path / "a" / ".." / "a")}, ParameterError, "which a has too"),
        (
            {"a": fine, "b": of(curated(tmp_path / "c", "Ditto"))},
            DescriptionError,
            "No environment describes",
        ),
        ({"a": fine, "b": of(tmp_path / "b", env="tsks")}, ParameterError, "did you mean 'tasks'"),
        ({"a": fine, "b": of(tmp_path / "b", env="tasks")}, DescriptionError, "describes another dataset"),
        ({"a": fine, "b": of(tmp_path / "b", weight=1.0)}, ParameterError, "Some members have a weight"),
        (
            {"a": of(tmp_path / "a", weight=0.0), "b": of(tmp_path / "b", weight=0.0)},
            ParameterError,
            "sum to nothing.*mix.members.a.weight=1,mix.members.b.weight=1",
        ),
    ]
    assert other
    for members, kind, said in cases:
        with pytest.raises(kind, match=f"(?s){said}"):
            find_members(members, conf)


def test_the_environment_of_a_data_root_is_in_the_command_that_curates_it(conf: Path, tmp_path: Path) -> None:
    """As its globals name it; --env base would curate another dataset there."""
    (tmp_path / "bare").mkdir()
    (conf / "tasks/globals.yml").write_text(f"data_root: {tmp_path}/bare\n", "utf-8")
    with pytest.raises(VersionError) as error:
        find_members({"a": of(curated(tmp_path / "a")), "b": of(tmp_path / "bare")}, conf)
    assert (
        error.value.todo
        == f"kedro run --pipelines curate,near_duplicates --env tasks --params data_root={tmp_path}/bare"
    )


def test_two_environments_of_one_dataset_ask_for_one(conf: Path, tmp_path: Path) -> None:
    """Which of them describes the member is for a person to say."""
    (conf / "twin").mkdir()
    (conf / "twin/dataset.yml").write_bytes((conf / "base/dataset.yml").read_bytes())
    members = {"a": of(curated(tmp_path / "a")), "b": of(curated(tmp_path / "b"), env="twin")}
    with pytest.raises(DescriptionError, match=r"(?s)Several environments.*base, twin.*members.a.env=base"):
        find_members(members, conf)


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"a b": {"data_root": "x"}}, "members"),
        ({"../a": {"data_root": "x"}}, "members"),
        ({"a": {"data_root": "x"}, "A": {"data_root": "y"}}, "members"),
        ({"a": {}}, "data_root"),
        ({"a": {"data_root": "x", "weight": -1}}, "weight"),
        ({"a": {"data_root": "x", "weight": float("nan")}}, "weight"),
        ({"a": {"data_root": "x", "weight": "2"}}, "weight"),
        ({"a": {"data_root": "x", "quota": -1}}, "quota"),
        ({"a": {"data_root": "x", "quota": {}}}, "quota"),
        ({"a": {"data_root": "x", "thresholds": {"o": "8"}}}, "thresholds"),
        ({"a": {"data_root": "x", "wieght": 1}}, "wieght"),
    ],
)
def test_a_member_that_says_what_cannot_be_is_refused(members: dict[str, Any], where: str) -> None:
    """By name: a folder's, each once but for case; no weight below 0."""
    with pytest.raises(ValidationError) as error:
        MixGroup(members=members, budget=None, near_duplicates="prompt", benchmark_leakage="drop")
    assert error.value.errors()[0]["loc"][-1] == where
