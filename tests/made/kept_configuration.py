"""The configuration is parsed once a process: tests run the project a thousand times, and reading it was half of their time.

A run still finds its files, reads them, merges them and works out each value; only a text that was parsed is parsed no more.
"""

from __future__ import annotations

import functools
import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import omegaconf.base
import pytest
from omegaconf import OmegaConf


@contextmanager
def kept_configuration() -> Iterator[None]:
    """While it is open, neither a YAML text nor an interpolation is parsed twice."""
    parse, parsed = OmegaConf.load, dict[str, bytes]()

    def load(file: str | Path | io.StringIO) -> Any:
        if not isinstance(file, io.StringIO):
            return parse(file)
        text = file.read()
        if text not in parsed:
            parsed[text] = pickle.dumps(parse(io.StringIO(text)))
        return pickle.loads(parsed[text])  # noqa: S301 -- our own; a seventh of the time of a deep copy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OmegaConf, "load", staticmethod(load))
        patch.setattr(omegaconf.base, "parse", functools.cache(omegaconf.base.parse))
        yield


@contextmanager
def kept_pipelines() -> Iterator[None]:
    """While it is open, Kedro does not find all pipelines anew for each run: it believes that those of other names lack."""
    from kedro.framework.project import pipelines  # noqa: PLC0415  # sets up Kedro's log as it is imported

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipelines, "set_requested", lambda _: None)
        yield
