"""The status of the last run for Kedro-Viz.

Its own hook times nodes without their saving, in which most of ours do their work, and notes the default pipeline alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from sparkle_curation.hooks.viz_stats import is_shown
from sparkle_curation.masking import without_secrets

logger = logging.getLogger(__name__)

EVENTS_PATH = Path(".viz", "kedro_pipeline_events.json")
"""Where Kedro-Viz looks for them, from the folder of the project."""


class VizRunStatus:
    """Notes, after a run of whatever pipelines, how long each node took with loading and saving, and what failed.

    Kedro-Viz need not be installed. A run that Kedro-Viz does not show is not noted, see ``VizStats``.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._begin()

    def _begin(self) -> None:
        self._started: dict[str, tuple[Node, float]] = {}
        self._took_s: dict[str, float] = {}
        self._saved: list[str] = []
        self._began_at = _now()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """See whether the run is on what Kedro-Viz shows."""
        self._path = context.project_path / EVENTS_PATH if is_shown(context) else None

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget the run before."""
        self._begin()

    @hook_impl
    def before_dataset_loaded(self, node: Node) -> None:
        """A node begins with its first input."""
        self._started.setdefault(node.name, (node, perf_counter()))

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """One without inputs begins here."""
        self._started.setdefault(node.name, (node, perf_counter()))

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """A node that saves nothing ends here."""
        if not node.outputs:
            self._end(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """A node ends with its last output."""
        self._saved.append(dataset_name)
        if all(each in self._saved for each in node.outputs):
            self._end(node)

    def _end(self, node: Node) -> None:
        self._took_s[node.name] = perf_counter() - self._started[node.name][1]

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Note a run that ended well."""
        self._write({"event": "after_pipeline_run", "timestamp": _now()})

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Note a run that failed, and at which node."""
        told: dict[str, Any] = {"error": without_secrets(str(error)), "traceback": "", "timestamp": _now()}
        begun = [node for name, (node, _) in self._started.items() if name not in self._took_s]
        failed = [
            {"event": "on_node_error", "node": node.name, "node_id": id_of(node), **told}
            for node in begun[-1:]
        ]
        self._write(*failed, {"event": "on_pipeline_error", **told})

    def _write(self, *ends: dict[str, Any]) -> None:
        if self._path is None:
            return
        from sparkle_curation.engine.io.atomic import atomic_file  # noqa: PLC0415 -- hooks/__init__.py says why

        events: list[dict[str, Any]] = [{"event": "before_pipeline_run", "timestamp": self._began_at}]
        for name, seconds in self._took_s.items():
            node = self._started[name][0]
            about: dict[str, Any] = {
                "node": name,
                "node_id": id_of(node),
                "duration": seconds,
                "status": "success",
            }
            events.append({"event": "after_node_run", **about})
        for name in self._saved:
            about = {"dataset": name, "node_id": id_of(name), "status": "Available"}
            events.append({"event": "after_dataset_saved", **about})
        try:
            with atomic_file(self._path) as temporary:
                temporary.write_text(json.dumps([*events, *ends], indent=1), encoding="utf-8")
        except OSError as error:
            # It is for people to look at. A run does not fail for want of it.
            logger.warning("the run's status for Kedro-Viz could not be noted: %s", error)


def id_of(node: Node | str) -> str:
    """What Kedro-Viz calls a node or dataset."""
    return hashlib.sha1(str(node).encode(), usedforsecurity=False).hexdigest()[:8]


def _now() -> str:
    return datetime.now(tz=UTC).isoformat()
