"""Runs of some steps alone (``--tags``, ``--from-nodes``, ``--nodes``, ``--namespaces``, ``--from-inputs``).

What steps hand from one to the next without saving it is not there for a run that begins behind its maker. Kedro would
say so in the middle of the run, about one dataset, and not what to do.
"""

from __future__ import annotations

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol, MemoryDataset
from kedro.pipeline import Pipeline

from sparkle_curation.errors import ParameterError


class PartialRunGuard:
    """Stops a run, before it begins, that needs what only steps outside of it hand on."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Look at each input.

        Raises:
            ParameterError: one is never saved, and no step of the run makes it.
        """
        lacking = {
            name
            for name in pipeline.inputs()
            if not name.startswith("params:")
            and name != "parameters"
            and isinstance(found := catalog.get(name), MemoryDataset)
            and not found.exists()
        }
        if not lacking:
            return
        pipelines.set_requested(None)
        makers = sorted(
            {
                node.name
                for each in pipelines.values()
                for node in each.nodes
                if not lacking.isdisjoint(node.outputs)
            }
        )
        whole = dict.fromkeys(str(node.namespace).partition(".")[0] for node in pipeline.nodes)
        raise ParameterError(
            "These steps need what other steps hand on without saving it",
            got=", ".join(sorted(lacking)),
            allowed=f"a run with the steps that make it: {', '.join(makers)}",
            todo=f"run the whole: kedro run --pipelines {','.join(whole)}; it makes nothing again that has not changed",
        )
