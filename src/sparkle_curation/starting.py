"""What makes a command shorter: no garbage is looked for while modules load, nor among them later; libyaml reads YAML.

Measured on `kedro explore`, two quiet cores: docs/decisions/0084-a-command-starts-by-what-it-needs.md.
"""

from __future__ import annotations

import gc
from functools import partial
from typing import Any

import omegaconf._utils as omegaconf_utils
import yaml
from kedro.pipeline import Pipeline

_THRESHOLDS = gc.get_threshold()
_loader_of_omegaconf = omegaconf_utils.get_yaml_loader
_AT_START = (200_000, 50, 100)
"""The first is new objects, after which garbage is looked for: about as many as importing makes, and all of them stay."""


def begin_start() -> None:
    """Look for garbage seldom while modules are imported, and read YAML by libyaml where PyYAML was built with it."""
    gc.set_threshold(*_AT_START)
    if yaml.__with_libyaml__:
        loader = _libyaml_loader()
        omegaconf_utils.get_yaml_loader = lambda: loader


def end_start() -> None:
    """Look for garbage as Python does by itself, and not among what the first start of this process has made."""
    if not gc.get_freeze_count():
        gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def remember_inputs(pipeline: Pipeline) -> None:
    """Have a pipeline tell its free inputs without working them out again, which Kedro asks it after each of its steps.

    A pipeline does not change: of 56 steps that took a twentieth of a repeated run's processor time.
    """
    inputs = frozenset(pipeline.inputs())
    setattr(pipeline, "inputs", partial(set, inputs))  # noqa: B010 -- a method, which mypy lets nobody assign


def _libyaml_loader() -> Any:
    """OmegaConf's own loader of YAML, with its types and its refusal of repeated keys, upon the parser written in C.

    OmegaConf 2.4 does the same by itself; Hydra, which DVC brings, holds it below that.
    """

    class Loader(yaml.cyaml.CParser, _loader_of_omegaconf()):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            yaml.cyaml.CParser.__init__(self, stream)
            yaml.constructor.SafeConstructor.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    return Loader
