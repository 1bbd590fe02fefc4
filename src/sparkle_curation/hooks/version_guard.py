"""Keeps what DVC runs to what a version is made of: the files of conf/base, and outputs under data/.

DVC looks at the parameter files in conf/base and at the outputs that dvc.yaml names. A setting in conf/local, which
git does not have, would change a variant and not its version; an experiment in a folder of its own would lack it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from omegaconf import OmegaConf

from sparkle_curation.config_loader import expand_path
from sparkle_curation.errors import ParameterError, VersionError

logger = logging.getLogger(__name__)

STAGE_VARIABLE = "DVC_STAGE"
"""DVC sets it for the commands of its stages."""

VERSIONED_DATA_ROOT = "data"
"""The data root that the outputs in dvc.yaml lie in."""

_GLOBALS = "conf/base/globals.yml"

_EXPERIMENTS = "/.dvc/tmp/exps/"
"""Where DVC makes a folder for each queued experiment."""


class VersionGuard:
    """Stops a stage of DVC whose release or data root a version cannot know; says which settings it passes over."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Look at the roots, and at what conf/local would set."""
        if STAGE_VARIABLE in os.environ:
            check_experiment(Path.cwd())
            check_stage(context.config_loader["globals"], Path(context.config_loader.conf_source) / "local")


def check_experiment(folder: Path) -> None:
    """Nothing, when a stage runs in the workspace, or in the folder of an experiment that begins at a version.

    Raises:
        VersionError: the experiment's commit has no ``dvc.lock``: every stage would begin anew, and each experiment read the
            whole release again.
    """
    if _EXPERIMENTS in folder.as_posix() and not (folder / "dvc.lock").is_file():
        raise VersionError(
            "This experiment begins at a commit that has no version: it would read the whole release again",
            where="dvc.lock",
            got="none in the commit",
            allowed="what dvc repro wrote, committed before experiments are queued",
            todo="remove them, make a version, then queue again: dvc queue remove --all && dvc repro && git add dvc.lock "
            "data/08_reporting/version && git commit -m 'The variant'",
        )


def check_stage(roots: Mapping[str, Any], local: Path) -> None:
    """Nothing, when a stage of DVC may run with these roots; parameters in ``local`` are logged as passed over.

    Args:
        roots: the globals of conf/base.
        local: the folder conf/local, which need not be there.

    Raises:
        ParameterError: the data root is not the one in dvc.yaml, or ``local`` has other roots.
    """
    if roots["data_root"] != VERSIONED_DATA_ROOT:
        raise ParameterError(
            "A stage of DVC would write to another folder than dvc.yaml names",
            where=_GLOBALS,
            got=f"data_root: {roots['data_root']}",
            allowed=f"data_root: {VERSIONED_DATA_ROOT}",
            todo="put it back; to keep many versions apart is what DVC does. kedro run --params data_root=... is free",
        )
    for path, name, value in _settings(local, "globals.y*ml"):
        written = expand_path(value, name) if isinstance(value, str) else value
        if roots.get(name) != written:
            raise ParameterError(
                "conf/local has a setting that a version would need",
                where=path,
                got=f"{name}: {value}",
                allowed=f"{name}: {roots.get(name)}, as {_GLOBALS} has it, or nothing",
                todo=f"move it to {_GLOBALS}, or for one experiment: dvc exp run -S {_GLOBALS}:{name}={value}",
            )
    passed_over = sorted({name for _, name, _ in _settings(local, "**/parameters*.y*ml")})
    if passed_over:
        logger.warning("not part of a version, passed over in conf/local: %s", ", ".join(passed_over))


def _settings(folder: Path, pattern: str) -> Iterator[tuple[Path, str, Any]]:
    """File, name and value of the settings in the YAML files of a folder; a group counts as one."""
    for path in sorted(folder.glob(pattern)):
        for name, value in (OmegaConf.to_container(OmegaConf.load(path)) or {}).items():  # type: ignore[union-attr]
            yield path, str(name), value
