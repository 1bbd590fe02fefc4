"""Pipelines of which one reads what another writes, under a name of its own, run one after the other or not at all."""

from __future__ import annotations

import pytest
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from tests.conftest import Project

from sparkle_curation.datasets import TableDataset
from sparkle_curation.errors import ParameterError
from sparkle_curation.hooks.run_order import RunOrderGuard

SAME = {"released_annotations": "annotations", "track_regrounded_r1": "regrounded_r1"}
"""Entries that are the file of another."""


def guard(*names: str) -> None:
    """Look at pipelines as one run, whose datasets lie in memory but for some that two entries share."""
    pipeline = sum((pipelines[name] for name in names), Pipeline([]))
    catalog = DataCatalog({name: MemoryDataset() for name in pipeline.datasets()})
    for name in {*SAME, *SAME.values()} & pipeline.datasets():
        catalog[name] = TableDataset(filepath=f"{SAME.get(name, name)}.parquet")
    RunOrderGuard().before_pipeline_run({"pipeline_names": list(names)}, pipeline, catalog)


def test_a_run_that_nothing_orders_is_told_with_the_commands_in_their_order(project: Project) -> None:
    """Before anything is written, whatever order the names are in."""
    with pytest.raises(ParameterError, match="nothing orders who writes a file") as caught:
        project.run_here("bench_ingest,filter,ingest")
    assert caught.value.got == "bench_ingest reads what ingest writes"
    assert caught.value.todo == "kedro run --pipelines ingest && kedro run --pipelines bench_ingest,filter"
    assert not project.output("02_intermediate").exists()


@pytest.mark.parametrize(
    ("names", "runs"),
    [
        (("track", "ground"), ["ground", "track"]),
        (("curate", "bench_ingest"), ["ingest,inspect,validate", "filter,bench_ingest"]),
        (("bench_ingest", "filter", "ingest", "ground"), ["ingest,ground", "bench_ingest,filter"]),
    ],
)
def test_a_writer_runs_before_its_reader(
    kedro_project: object, names: tuple[str, ...], runs: list[str]
) -> None:
    """One that holds several is taken apart where it is to come before and behind another."""
    with pytest.raises(ParameterError) as caught:
        guard(*names)
    assert caught.value.todo == " && ".join(f"kedro run --pipelines {run}" for run in runs)


@pytest.mark.parametrize("names", [("ingest", "inspect", "filter"), ("bench_ingest", "filter"), ("curate",)])
def test_what_is_ordered_runs(kedro_project: object, names: tuple[str, ...]) -> None:
    """By what is handed on under one name; and one pipeline whatever it reads."""
    guard(*names)
