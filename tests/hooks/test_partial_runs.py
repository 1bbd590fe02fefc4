"""A run of some steps alone does what it says, or says what to do before it begins."""

from __future__ import annotations

import pytest
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline

from sparkle_curation.errors import ParameterError
from sparkle_curation.hooks.partial_runs import PartialRunGuard

pytestmark = pytest.mark.usefixtures("kedro_project")


def guard(pipeline: Pipeline) -> None:
    """Look at a pipeline whose every dataset is in memory, those of parameters with a value."""
    names = {*pipeline.datasets(), *pipeline.inputs()}
    catalog = DataCatalog(
        {name: MemoryDataset(1) if name.startswith("params:") else MemoryDataset() for name in names}
    )
    PartialRunGuard().before_pipeline_run(pipeline, catalog)


def test_steps_that_lack_what_is_never_saved_are_not_begun() -> None:
    """Which datasets, who makes them, and the whole that does."""
    part = pipelines["filter"].filter(from_nodes=["filter.split_samples"], to_nodes=["filter.split_samples"])
    with pytest.raises(ParameterError) as caught:
        guard(part)
    told = caught.value.format_message()
    for word in ("variant_selected", "filter.select_samples", "kedro run --pipelines filter"):
        assert word in told


def test_steps_that_have_all_they_need_run() -> None:
    """From nothing but what the step before has saved."""
    guard(Pipeline([]))
