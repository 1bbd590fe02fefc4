"""The description of the dataset, and the parameters: what must be right before anything else can be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sparkle_curation.doctor.finding import Finding, State, counted, of_error
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.errors import DescriptionError, ParameterError
from sparkle_curation.hooks.before_run import check_own_root
from sparkle_curation.spec.description.active import activate
from sparkle_curation.spec.old_names import renamed_parameter


def check_description(setup: Setup) -> Iterator[Finding]:
    """Whether the description can be taken up; modules that ask it cannot be imported before."""
    subject = "description"
    try:
        described = activate(setup.description)
    except DescriptionError as error:
        yield of_error(subject, error)
        return
    yield Finding(
        subject,
        State.OK,
        f"{described.title}, in {setup.description.relative_to(setup.project)}: "
        f"{counted(len(described.themes), 'theme')}, {counted(len(described.assets), 'asset kind')}, "
        f"{counted(len(described.scores.stages), 'scored stage')}",
    )


def check_parameters(setup: Setup) -> Iterator[Finding]:
    """Whether a run would take the parameters: each old name with its new one, then the first other fault."""
    from sparkle_curation import parameters as known  # noqa: PLC0415 -- asks the description

    subject = "parameters"
    try:
        parameters, roots = setup.parameters, setup.roots
    except ParameterError as error:  # there is no such environment
        yield of_error(subject, error)
        return
    except (OmegaConfBaseException, YAMLError, ValueError) as error:
        yield Finding(
            subject, State.PROBLEM, f"the configuration cannot be read: {error}", "correct the file"
        )
        return
    old = {path: renamed for path in _paths(parameters) if (renamed := renamed_parameter(path))}
    for path, renamed in old.items():
        is_typed = path.partition(".")[0] in setup.params
        place = "--params" if is_typed else f"{setup.conf.name}/{setup.environment} or {setup.conf.name}/base"
        yield Finding(
            subject, State.PROBLEM, f"There is no parameter '{path}', which stands in {place}", renamed
        )
    try:
        if not old:
            known.check_parameters(parameters)
        known.check_roots(roots)
        if "data_root" not in setup.params:
            check_own_root(setup.conf, setup.environment)
    except ParameterError as error:
        yield of_error(subject, error)
        return
    if not old:
        yield Finding(
            subject, State.OK, f"of {setup.environment} over base; data_root={setup.roots['data_root']}"
        )


def _paths(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of parameters; a group that was renamed counts as one."""
    for name, value in parameters.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and not renamed_parameter(path):
            yield from _paths(value, f"{path}.")
        else:
            yield path
