"""Before a run: the dataset's description taken up, parameters checked."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import yaml
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import LOGGING
from kedro.pipeline import Pipeline

from sparkle_curation.commands import note_run, with_configuration
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.description.active import activate, find_description
from sparkle_curation.starting import end_start, remember_inputs


class StartEnder:
    """Ends what makes the start of a command shorter."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline) -> None:
        """From here on memory counts and not the start."""
        remember_inputs(pipeline)
        end_start()


class AdviceCompleter:
    """Has the commands of messages repeat what this run was given."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note it."""
        note_run(context.env, context.config_loader.runtime_params)


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
        from sparkle_curation.engine.log_text import AsShown  # noqa: PLC0415 -- hooks/__init__.py says why

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
        from sparkle_curation.parameters import check_parameters, check_roots  # noqa: PLC0415 -- hooks/__init__.py says why

        parameters = context.config_loader["parameters"]
        check_parameters(parameters)
        given = {name: parameters[name] for name in ("release_root", "data_root") if name in parameters}
        check_roots({**context.config_loader["globals"], **given})
