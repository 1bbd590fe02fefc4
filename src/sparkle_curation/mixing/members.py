"""Members looked up: their data roots, what describes each, and where its release lies."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sparkle_curation.errors import DescriptionError, ParameterError, VersionError, did_you_mean
from sparkle_curation.mixing.member_tables import VARIANT
from sparkle_curation.mixing.params import Member
from sparkle_curation.spec.description.dataset import Dataset
from sparkle_curation.spec.description.reading import FILE_NAME, read_description
from sparkle_curation.variant.other_root import read_other_record
from sparkle_curation.variant.record import RECORD_NAME


@dataclass(frozen=True)
class FoundMember:
    """A member with what is known of it before its tables are read.

    Attributes:
        name: its folder in the mix.
        params: what was asked for.
        data_root: its data root.
        release_root: where its release lies; None where nobody says so.
        env: the environment that describes it.
        path: of its description.
        description: of its dataset.
    """

    name: str
    params: Member
    data_root: Path
    release_root: str | None
    env: str
    path: Path
    description: Dataset


def find_members(members: Mapping[str, Member], conf: Path) -> list[FoundMember]:
    """The members, in their order.

    Args:
        members: by name.
        conf: the folder of the configuration.

    Raises:
        ParameterError: there are fewer than two, one has no data root, two have the same, or weights cannot be.
        VersionError: there is no variant in a data root.
        DescriptionError: no environment describes a member, or several do.
    """
    if len(members) < 2:
        raise ParameterError(
            "A mix needs two members or more",
            where="mix.members",
            got=", ".join(members) or "none",
            allowed="{NAME: {data_root: FOLDER}}, of each a folder in which a dataset was curated",
            todo="kedro run --pipelines mix --params "
            "mix.members.first.data_root=/path/to/one,mix.members.second.data_root=/path/to/other",
        )
    _check_weights(members)
    described = _described(conf)
    found = [_find(name, member, conf, described) for name, member in members.items()]
    by_root: dict[Path, str] = {}
    for each in found:
        other = by_root.setdefault(each.data_root.resolve(), each.name)
        if other != each.name:
            raise ParameterError(
                "Two members have one data root, so each of its samples would be in the mix twice",
                where=f"mix.members.{each.name}.data_root",
                got=f"{each.params.data_root}, which {other} has too",
                allowed="a data root of its own for each member",
                todo=f"name another one, or take {each.name} out of mix.members; to have more of {other}, give it a weight",
            )
    return found


def _check_weights(members: Mapping[str, Member]) -> None:
    weights = {name: each.weight for name, each in members.items()}
    without = [name for name, weight in weights.items() if weight is None]
    if without and len(without) < len(members):
        raise ParameterError(
            "Some members have a weight and others have none",
            where=f"mix.members.{without[0]}.weight",
            got="null",
            allowed="a weight for all, or for none: then each has as many as it can give",
            todo="kedro run --pipelines mix --params "
            + ",".join(f"mix.members.{name}.weight=1" for name in without),
        )
    if not without and not sum(weight or 0 for weight in weights.values()):
        raise ParameterError(
            "The weights sum to nothing, so no member would be in the mix",
            where="mix.members.*.weight",
            got=", ".join(f"{name}: {weight:g}" for name, weight in weights.items()),
            allowed="a weight above 0 for one member at least",
            todo="kedro run --pipelines mix --params "
            + ",".join(f"mix.members.{name}.weight=1" for name in members),
        )


def _find(name: str, member: Member, conf: Path, described: Mapping[str, Dataset]) -> FoundMember:
    root = Path(member.data_root).expanduser().absolute()
    if not root.is_dir():
        raise ParameterError(
            "The data root of a member is not there",
            where=f"mix.members.{name}.data_root",
            got=member.data_root,
            allowed="a folder of this machine in which a dataset was curated",
            todo=f"name the folder that it was curated into: --params mix.members.{name}.data_root=/path/to/data_root",
        )
    record_path = root / VARIANT / RECORD_NAME
    at_root = member.env or _environment_at(conf, root)
    curate = curate_command(root, at_root, member.release_root)
    if at_root is None:
        curate += "; with the --env of its own description, if it has one"
    if not record_path.is_file():
        is_ingested = (root / "02_intermediate" / "annotations.parquet").exists()
        raise VersionError(
            f"The member {name} was not {'curated' if is_ingested else 'ingested'}",
            where=record_path,
            got="no variant" if is_ingested else "neither tables nor a variant",
            allowed="a data root in which curate has made a variant",
            todo=curate,
        )
    dataset_name = read_other_record(record_path, curate).get("dataset")
    env = member.env or _environment_of(name, dataset_name, described)
    if env not in described:
        raise ParameterError(
            "There is no description of that environment",
            where=f"mix.members.{name}.env",
            got=env,
            allowed=", ".join(described),
            todo=did_you_mean(env, described) or f"name one of these: --params mix.members.{name}.env=base",
        )
    if described[env].name != dataset_name:
        raise DescriptionError(
            f"The environment of the member {name} describes another dataset than the one that was curated there",
            where=f"mix.members.{name}.env",
            got=f"{env}, which describes {described[env].name}",
            allowed=f"an environment that describes {dataset_name}",
            todo=f"name it: --params mix.members.{name}.env=NAME, or leave it out",
        )
    release = member.release_root or _release_root(conf, env)
    return FoundMember(name, member, root, release, env, (conf / env / FILE_NAME).absolute(), described[env])


def curate_command(root: Path, env: str | None, release_root: str | None) -> str:
    """The command that curates a data root."""
    params = f"data_root={root}" + (f",release_root={release_root}" if release_root else "")
    return (
        f"kedro run --pipelines curate,near_duplicates --env {env or 'base'} --params {shlex.quote(params)}"
    )


def _described(conf: Path) -> dict[str, Dataset]:
    """The descriptions by environment, base first; one that is not right is said where it is wanted."""
    found = {}
    for path in sorted(conf.glob(f"*/{FILE_NAME}"), key=lambda path: (path.parent.name != "base", path)):
        try:
            found[path.parent.name] = read_description(path)
        except DescriptionError:
            continue
    return found


def _environment_of(name: str, dataset_name: object, described: Mapping[str, Dataset]) -> str:
    fitting = [env for env, each in described.items() if each.name == dataset_name]
    if len(fitting) == 1:
        return fitting[0]
    raise DescriptionError(
        f"{'Several environments describe' if fitting else 'No environment describes'} the dataset of the member {name}",
        where=f"mix.members.{name}",
        got=", ".join(fitting)
        or f"a variant of {dataset_name}; described are "
        + ", ".join(f"{each.name} ({env})" for env, each in described.items()),
        allowed=f"one folder of conf/ whose {FILE_NAME} describes {dataset_name}",
        todo=f"name one: --params mix.members.{name}.env={fitting[0]}"
        if fitting
        else f"put the {FILE_NAME} that it was curated with into a folder of conf/, as docs/other_datasets.md says",
    )


def _environment_at(conf: Path, root: Path) -> str | None:
    """The environment whose globals name this data root; None where none does, or several do."""
    found = []
    for path in sorted(conf.glob("*/globals.yml")):
        content: Any = yaml.safe_load(path.read_text("utf-8"))
        named = content.get("data_root") if isinstance(content, dict) else None
        if isinstance(named, str) and Path(named).expanduser().resolve() == root.resolve():
            found.append(path.parent.name)
    return found[0] if len(found) == 1 else None


def _release_root(conf: Path, env: str) -> str | None:
    """The release root that the globals of an environment give; None where they give none that can be read as it stands."""
    for folder in (env, "base") if env == "base" or not (conf / env / FILE_NAME).is_file() else (env,):
        path = conf / folder / "globals.yml"
        content: Any = yaml.safe_load(path.read_text("utf-8")) if path.is_file() else {}
        root = content.get("release_root") if isinstance(content, dict) else None
        if isinstance(root, str) and "$" not in root:
            return root
    return None
