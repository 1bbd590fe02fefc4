"""A Ray cluster of two nodes on this machine. Ray is imported last, since it looks at its variables once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkle_curation.engine.executors.ray_actors import RayExecutor

HOME = Path.home() / ".ray"


class TwoNodes:
    """A cluster of a head with one processor and another node with one; the other can be taken away and put back."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415 -- the variables are set first

        self.cluster: Any = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        self.other = self.cluster.add_node(num_cpus=1)
        self.cluster.wait_for_nodes()
        self.address: str = self.cluster.address

    def executor(self) -> RayExecutor:
        """One that works on it."""
        return RayExecutor(self.address, workers=2)


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[TwoNodes]:
    """The cluster; connected to once, since that takes seconds."""
    was_there = HOME.exists()
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    patch.setenv("RAY_AUTH_MODE", "token")
    patch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef0123456789abcdef")
    nodes = TwoNodes()
    import ray  # noqa: PLC0415 -- the variables are set first

    ray.init(address=nodes.address, configure_logging=False, log_to_driver=False)
    yield nodes
    ray.shutdown()
    nodes.cluster.shutdown()
    patch.undo()
    assert HOME.exists() == was_there
