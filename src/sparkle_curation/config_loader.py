"""The configuration as a run reads it: paths written out, and its own files found wherever it lies.

Kedro reads a configuration from a folder or, as ``kedro package`` writes it, from an archive. What stands in it beside the
YAML (the description of the dataset, prompts) is read by path, so an archive is unpacked for the time of the run.
"""

from __future__ import annotations

import copy
import os
import re
import shlex
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.plain_config import merge_plain, read_plain, resolve_plain

_ROOTS = ("release_root", "data_root", "bench_root", "bench_ledger", "exclusions")
_PATHS = (
    *_ROOTS,
    "exclude.clip",
    "base",
    "other",
    "link.other",
    *(f"{group}.model.{name}" for group in ("score", "ground") for name in ("name", "adapter")),
    *(f"bench_evaluate.{name}" for name in ("judge.name", "judge.adapter", "rubric_checkout")),
)
"""Parameters that are or may be paths."""
_PATH_GROUPS = ("bench_models",)
"""Parameters that are paths by any names."""

_PLAIN_KINDS = ("catalog", "parameters")
"""Kinds of configuration that are many files."""

_VARIABLE = re.compile(r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader, which also knows ``~``, ``$NAME`` and ``${NAME}`` in paths, and reads archives whole."""

    def __init__(
        self,
        conf_source: str,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._parameters: dict[str, Any] | None = None
        self._unpacked = _unpack(Path(conf_source)) if Path(conf_source).is_file() else None
        if self._unpacked:
            conf_source = str(_folder_with_base(Path(self._unpacked.name), conf_source))
        _check_environment(Path(conf_source), env)
        # In place: the context of the run has the same dictionary.
        expand_parameters(runtime_params or {}, _PATHS)
        super().__init__(conf_source, env, runtime_params, **options)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The configuration of a kind; parameters with their paths written out, files of ``conf/`` where that lies."""
        if key == "parameters":
            # Kedro and hooks ask for them four times before a run, and reading YAML is a tenth of a short command's time.
            if self._parameters is None:
                self._parameters = self._read(key)
                self._order_members(self._parameters)
                expand_parameters(self._parameters, _PATHS)
            return copy.deepcopy(self._parameters)
        found = self._read(key)
        if key == "catalog":
            for entry in found.values():
                for name in ("filepath", "exclusions", "mask_decisions") if isinstance(entry, dict) else ():
                    path = entry.get(name)
                    if isinstance(path, str) and path.startswith("conf/"):
                        entry[name] = (Path(self.conf_source) / path.removeprefix("conf/")).as_posix()
                if self._unpacked and isinstance(entry, dict) and "packed_in" in entry:
                    entry["packed_in"] = self.conf_source
        return found

    def _read(self, key: str) -> dict[str, Any]:
        """A kind with the globals of this configuration: Kedro has one ``${globals:}`` a process, of the last loader."""
        self._register_globals_resolver()
        found: dict[str, Any] = super().__getitem__(key)
        return found

    def _order_members(self, parameters: dict[str, Any]) -> None:
        """The members of a mix as the files list them, then those of the command line: the first keeps what several have.

        Kedro lays the command line over the base environment before it reads the other one, so its members would be first.
        """
        given = self.runtime_params
        group = (given or {}).get("mix")
        if not isinstance(group, dict) or not isinstance(group.get("members"), dict):
            return
        self.runtime_params = {}
        try:
            files = self._read("parameters")
        finally:
            self.runtime_params = given
        listed = (files.get("mix") or {}).get("members") or {}
        members = parameters["mix"]["members"]
        if isinstance(listed, dict) and isinstance(members, dict):
            names = [
                *(name for name in listed if name in members),
                *(name for name in members if name not in listed),
            ]
            parameters["mix"]["members"] = {name: members[name] for name in names}

    def _read_raw_config(self, key: str) -> Any:
        """The files as they are; roots among the globals written out before ``${NAME}`` is taken for one of the globals."""
        raw = super()._read_raw_config(key)
        if key == "globals":
            for config in (*raw[0].values(), *raw[1].values()):
                _expand_globals(config)
        return raw

    def _read_dir_configs(
        self,
        conf_path: str,
        patterns: Iterable[str],
        key: str,
        processed_files: set[Path],
        read_environment_variables: bool | None = False,
    ) -> dict[Path, Any]:
        """The files of a kind in an environment: plain values, where nothing in them is known to OmegaConf alone."""
        if key in _PLAIN_KINDS and self._protocol == "file" and self._fs.isdir(Path(conf_path).as_posix()):
            globs = (self._fs.glob((Path(conf_path) / pattern).as_posix()) for pattern in patterns)
            names = [name for found in globs for name in found if not self._is_hidden(name)]
            paths = sorted({Path(name) for name in names if self._is_valid_config_path(Path(name))})
            plain = read_plain(paths)
            if plain is not None:
                processed_files |= set(paths)
                return plain
        read: dict[Path, Any] = super()._read_dir_configs(
            conf_path, patterns, key, processed_files, read_environment_variables
        )
        return read

    def _merge_and_resolve(self, key: str, config_per_file: dict[Path, Any]) -> dict[str, Any]:
        """What files of a kind come to, without making OmegaConf's objects of what needs none: that took half a second."""
        configs = list(config_per_file.values())
        if any(type(config) is dict for config in configs):
            written = merge_plain([*configs, (self.runtime_params or {}) if key == "parameters" else {}])
            if written is not None and not (key == "catalog" and self.restrict_runtime_params_type_selection):
                resolved = resolve_plain(written)
                return {
                    name: value
                    for name, value in resolved.items()
                    if key == "parameters" or not name.startswith("_")
                }
            config_per_file = {path: OmegaConf.create(config) for path, config in config_per_file.items()}
        found: dict[str, Any] = super()._merge_and_resolve(key, config_per_file)
        return found


def _unpack(path: Path) -> TemporaryDirectory[str] | None:
    """The members of an archive in a folder that goes when nobody holds it any more; None for a file of another kind."""
    folder = TemporaryDirectory(prefix="conf_")
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            tar.extractall(folder.name, filter="data")
        return folder
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder.name)  # noqa: S202 -- zipfile lets no member out of the folder
        return folder
    return None


def _check_environment(conf: Path, env: str | None) -> None:
    """Nothing, where the configuration has this environment, or none was asked for, or there is no configuration."""
    if not env or (conf / env).is_dir() or not (conf / "base").is_dir():
        return
    known = sorted(
        each.name for each in conf.iterdir() if each.is_dir() and not each.name.startswith((".", "_"))
    )
    raise ParameterError(
        "There is no such environment",
        where="--env or KEDRO_ENV",
        got=env,
        allowed=", ".join(known),
        todo=did_you_mean(env, known)
        or f"name one of them, or make its folder: mkdir {shlex.quote(str(conf / env))}",
    )


def _folder_with_base(folder: Path, archive: str) -> Path:
    """The folder of an unpacked configuration that holds ``base/``."""
    found = next(iter(sorted(folder.glob("**/base/globals.yml"))), None)
    if found is None:
        raise ParameterError(
            "The archive of the configuration has no base/globals.yml",
            where=archive,
            allowed="an archive of conf/, as kedro package writes it: dist/conf-sparkle_curation.tar.gz",
            todo="give that, or a folder: --conf-source conf",
        )
    return found.parents[1]


def _expand_globals(config: DictConfig) -> None:
    written: Any = OmegaConf.to_container(config, resolve=False)
    expand_parameters(written, _ROOTS)
    for name in _ROOTS:
        if name in written:
            config[name] = written[name]


def expand_parameters(parameters: dict[str, Any], names: Iterable[str]) -> None:
    """Write out the paths among the parameters, in place.

    Args:
        parameters: nested, as Kedro has them.
        names: dotted.

    Raises:
        ParameterError: see ``expand_path``.
    """
    of_groups = [
        f"{group}.{name}"
        for group in _PATH_GROUPS
        for name in _names_in(parameters.get(group))
        if "." not in name
    ]
    for name in (*names, *of_groups):
        *parents, last = name.split(".")
        group: Any = parameters
        for parent in parents:
            group = group.get(parent) if isinstance(group, dict) else None
        if isinstance(group, dict) and isinstance(group.get(last), str):
            group[last] = expand_path(group[last], name)


def _names_in(group: Any) -> list[str]:
    return [str(name) for name in group] if isinstance(group, dict) else []


def expand_path(path: str, name: str) -> str:
    """The path with ``~``, ``$NAME`` and ``${NAME}`` written out; ``$$`` stands for a dollar sign.

    Args:
        path: as the parameter has it.
        name: of the parameter.

    Raises:
        ParameterError: a variable is not set, or nobody of that name has a home here.

    >>> expand_path("s3://bucket/a~b/$$1", "release_root")
    's3://bucket/a~b/$1'
    """

    def value_of(found: re.Match[str]) -> str:
        variable = found[2] or found[3]
        if found[1] or variable in os.environ:
            return found[1] or os.environ[variable]
        raise ParameterError(
            f"The parameter '{name}' names an environment variable that is not set",
            where=name,
            got=path,
            allowed="variables that are set, as $NAME or ${NAME}; $$ for a dollar sign",
            todo=did_you_mean(variable, os.environ) or f"export {variable}=..., or write the path out",
        )

    written = _VARIABLE.sub(value_of, path)
    if not written.startswith("~"):
        return written
    try:
        return str(Path(written).expanduser())
    except RuntimeError:
        raise ParameterError(
            f"The parameter '{name}' begins with the home folder of somebody who is not known here",
            where=name,
            got=path,
            allowed="~/ for your own home, ~NAME/ for that of NAME",
            todo=f"for a folder that is called so: --params {name}=./{written}",
        ) from None
