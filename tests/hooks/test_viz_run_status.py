"""The status of a run that Kedro-Viz shows: nodes timed with their saving, and where a run failed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import AbstractDataset, DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from sparkle_curation.hooks.viz_run_status import EVENTS_PATH, VizRunStatus, id_of

SAVING_S = 0.05


class SlowlySaved(AbstractDataset[int, int]):
    """A number whose saving takes its time."""

    def load(self) -> int:
        """The number."""
        return self._number

    def save(self, data: int) -> None:
        """Keep it."""
        time.sleep(SAVING_S)
        self._number = data

    def _describe(self) -> dict[str, Any]:
        return {}


def run(project: Path, *, fails: bool, **params: object) -> dict[str, Any]:
    """What Kedro-Viz makes of the events of a run of two nodes, of which the second may fail; empty where there are none."""
    from kedro_viz.api.rest.responses.run_events import (  # noqa: PLC0415 -- costs seconds
        transform_events_to_structured_format,
    )

    (project / "pyproject.toml").touch()
    first = node(lambda: 1, None, "a", name="one.make_a")
    second = node(lambda a: 1 / (a - 1) if fails else a, "a", "b", name="one.make_b")
    catalog = DataCatalog({"a": SlowlySaved()})
    hook, manager = VizRunStatus(), _create_hook_manager()
    manager.register(hook)
    config = SimpleNamespace(runtime_params=params)
    told: Any = SimpleNamespace(env=None, project_path=project, config_loader=config)
    hook.after_context_created(told)
    hook.before_pipeline_run()
    pipeline = Pipeline([first, second])
    try:
        SequentialRunner().run(pipeline, catalog, manager)
    except ZeroDivisionError as error:
        hook.on_pipeline_error(error)
    else:
        hook.after_pipeline_run()
    if not (project / EVENTS_PATH).exists():
        return {}
    events = json.loads((project / EVENTS_PATH).read_text(encoding="utf-8"))
    shown: dict[str, Any] = transform_events_to_structured_format(events).model_dump(mode="json")
    shown["ids"] = [id_of(each) for each in (first, second)]
    return shown


def test_each_node_is_timed_with_its_saving(tmp_path: Path) -> None:
    """Of a run that ended well, by the ids that Kedro-Viz gives the nodes."""
    shown = run(tmp_path, fails=False)
    one, two = (shown["nodes"][each] for each in shown["ids"])
    assert (one["status"], two["status"], shown["pipeline"]["status"]) == ("success",) * 3
    assert one["duration"] >= SAVING_S
    assert [each["name"] for each in shown["datasets"].values()] == ["a", "b"]


def test_a_node_that_failed_is_shown_as_failed(tmp_path: Path) -> None:
    """With the error; the one before it stays a success."""
    shown = run(tmp_path, fails=True)
    one, two = (shown["nodes"][each] for each in shown["ids"])
    assert (one["status"], two["status"], shown["pipeline"]["status"]) == ("success", "failed", "failed")
    assert "division by zero" in two["error"]["message"]


def test_a_run_elsewhere_is_not_noted(tmp_path: Path) -> None:
    """What Kedro-Viz shows is the project's own data root."""
    assert run(tmp_path, fails=False, data_root="elsewhere") == {}


def test_ids_are_those_of_kedro_viz() -> None:
    """Which it makes of a node's text and a dataset's name."""
    utils = pytest.importorskip("kedro_viz.integrations.kedro.hooks_utils")
    step = node(lambda a: a, "a", "b", name="x")
    assert (id_of(step), id_of("a")) == (utils.hash_node(step), utils.hash_node("a"))
