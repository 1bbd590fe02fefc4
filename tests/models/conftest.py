"""What the tests of models share: tiny checkpoints, and torchvision beside a torch without CUDA."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models.tiny_checkpoint import Family, make_checkpoint


@pytest.fixture(scope="session")
def torch_ready() -> None:
    """Torchvision can be imported: beside a torch without CUDA it looks for two operators that nobody declared."""
    from tests.models.torch_operators import declare_operators  # noqa: PLC0415 -- imports torch

    declare_operators()


@pytest.fixture(scope="session", params=["qwen3_vl", "qwen2_5_vl"])
def family(request: pytest.FixtureRequest) -> Family:
    """Each architecture in turn."""
    name: Family = request.param
    return name


@pytest.fixture(scope="session")
def checkpoint(family: Family, torch_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint of the architecture; read only."""
    return make_checkpoint(tmp_path_factory.mktemp("checkpoints") / family, family)


@pytest.fixture(scope="session")
def qwen3_checkpoint(torch_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen3-VL, for what does not depend on the architecture; read only."""
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "qwen3_vl", "qwen3_vl")
