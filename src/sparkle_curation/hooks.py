"""What happens around a run: the dataset's description taken up, parameters checked, errors told.

Kedro imports this module before it knows the environment, and all else of ours asks the description of that
environment when it is imported. So nothing of ours but errors and description is imported here at the top.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import LOGGING
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from sparkle_curation.commands import with_configuration
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.description import activate, find_description
from sparkle_curation.telling import in_words, tell_uncaught

logger = logging.getLogger(__name__)


class DescriptionLoader:
    """Takes up the description of the dataset that the run's environment has."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read ``dataset.yml`` of the environment, else that of base, before anything else of ours is imported.

        Raises:
            DescriptionError: it is not right, or this process works with another one.
            ParameterError: there is no configuration, or the environment has a description of its own and shares the data
                root of base.
        """
        from sparkle_curation.engine.log_text import AsShown  # noqa: PLC0415 -- see above

        conf = Path(context.config_loader.conf_source)
        check_configuration(conf)
        if not (context.project_path / "conf").is_dir() and "KEDRO_LOGGING_CONFIG" not in os.environ:
            # A package in a folder of its own: Kedro has looked for it there alone.
            logging_file = conf / "logging.yml"
            if logging_file.is_file():
                LOGGING.configure(yaml.safe_load(logging_file.read_text(encoding="utf-8")))
        for handler in logging.getLogger().handlers:  # Kedro lets a configuration name no filter of ours
            if not any(isinstance(each, AsShown) for each in handler.filters):
                handler.addFilter(AsShown())
        environment = context.env or str(getattr(context.config_loader, "default_run_env", "base"))
        activate(find_description(conf, environment))
        if "data_root" not in context.config_loader.runtime_params:
            check_own_root(conf, environment)


def check_configuration(conf: Path) -> None:
    """Nothing, when the folder holds a configuration.

    Raises:
        ParameterError: it holds none, as where the installed package runs with nothing beside it.
    """
    if (conf / "base").is_dir():
        return
    name = "conf-sparkle_curation.tar.gz"
    at_hand = next((each.as_posix() for where in ("", "*/") for each in Path().glob(f"{where}{name}")), None)
    command = with_configuration(at_hand or name, "--pipelines curate")
    raise ParameterError(
        "There is no configuration",
        where="--conf-source",
        got=f"no folder {conf / 'base'}",
        allowed=f"a folder that holds base/, or the archive {name}, which make package writes to dist/ beside the wheel",
        todo=command if at_hand else f"bring that archive into this folder, then: {command}",
    )


def check_own_root(conf: Path, environment: str) -> None:
    """Nothing, when the environment has no description of its own, or its globals set a data root of its own.

    Raises:
        ParameterError: it shares the data root of base.
    """
    path = find_description(conf, environment)
    base_root, root = (_data_root(conf / name) for name in ("base", environment))
    if path.parent.name != "base" and root in (None, base_root):
        raise ParameterError(
            "An environment with a dataset of its own needs a data root of its own",
            where=path.parent / "globals.yml",
            got=f"data_root: {root}" if root else "no data_root",
            allowed=f"any other folder than {base_root}, where the tables of the dataset in conf/base lie",
            todo="write `data_root: data_...` there, or add --params data_root=...",
        )


def _data_root(folder: Path) -> str | None:
    """The data root that the globals of an environment set; None where they set none."""
    from omegaconf import OmegaConf  # noqa: PLC0415 -- only where an environment is looked at

    path = folder / "globals.yml"
    found = OmegaConf.to_container(OmegaConf.load(path)) if path.is_file() else None
    return found.get("data_root") if isinstance(found, dict) else None


class ParameterGuard:
    """Stops a run whose parameters hold an unknown name or a value that is not allowed."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check what the configuration and ``--params`` come to, before any dataset is made."""
        from sparkle_curation.parameters import check_parameters, check_roots  # noqa: PLC0415 -- see above

        parameters = context.config_loader["parameters"]
        check_parameters(parameters)
        given = {name: parameters[name] for name in ("release_root", "data_root") if name in parameters}
        check_roots({**context.config_loader["globals"], **given})


class ErrorTeller:
    """Shows what is expected to go wrong as a sentence, not wrapped in the dataset that it came through."""

    @hook_impl
    def after_context_created(self) -> None:
        """Errors before and after the pipeline as well; Kedro sets up its own way of showing them until here."""
        tell_uncaught()

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the error of ours that ``error`` is or comes from, or that says the same, if there is one."""
        told = in_words(error)
        if told is not None and told is not error:
            raise told from None


class OldFilesTeller:
    """Names the files that an earlier version left under other names, once their successors are there."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say which they are; none is removed, since a person may have other uses for them."""
        from sparkle_curation.spec.old_names import old_paths  # noqa: PLC0415 -- see above

        paths = (str(catalog[name]._describe().get("filepath", "")) for name in pipeline.all_outputs())
        old = sorted(each for path in paths for each in old_paths(path) if Path(each).is_file())
        if old:
            told = "an earlier version of this project left files that this one does not read; they can be removed: %s"
            logger.warning(told, ", ".join(old))
