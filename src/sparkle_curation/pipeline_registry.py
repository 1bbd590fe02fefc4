"""The pipelines that can be run by name: each folder of ``pipelines/``, and what is put together from several."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from kedro.framework.project import pipelines as registered
from kedro.pipeline import Pipeline

from sparkle_curation import pipelines as folders
from sparkle_curation.spec.old_names import KnownPipelines
from sparkle_curation.spec.tables.ingested import COLUMNS


def register_pipelines() -> dict[str, Pipeline]:
    """The pipelines by name; ``curate`` goes from the release to a variant, and is the default."""
    # Kedro would look for the pipelines that a command names alone, and for a folder called `curate`.
    registered.set_requested(None)
    pipelines = {
        # A namespace each, which Kedro-Viz shows as one box that unfolds; datasets and parameters keep their names.
        name: Pipeline(_create(name), namespace=name, prefix_datasets_with_namespace=False)
        for name in sorted(each.name for each in iter_modules(folders.__path__) if each.ispkg)
    }
    # Filtering goes by tables that have passed `validate`, so that nothing is exported before they have.
    filtering = pipelines["filter"]
    validated = {name: f"{name}_validated" for name in COLUMNS if name in filtering.inputs()}
    pipelines["curate"] = (
        pipelines["ingest"]
        + pipelines["inspect"]
        + pipelines["validate"]
        + Pipeline(filtering, inputs=validated)
    )
    # A folder of clips can be looked at where no release was ever inspected.
    pipelines["camera_clips"] = Pipeline(pipelines["camera"], inputs={"media": "media_if_made"})
    # One process for DVC: a variant, and what git keeps of it.
    pipelines["filter_keep"] = filtering + pipelines["keep"]
    pipelines["__default__"] = pipelines["curate"]
    return KnownPipelines(pipelines)


def _create(name: str) -> Pipeline:
    """The pipeline of a folder, of its ``pipeline.py``.

    Kedro's ``find_pipelines`` would have each package import its wiring, and so all of its nodes whenever somebody asks
    for its parameters; ``kedro explore`` asks for those of all and runs none.
    """
    module = import_module(f"{folders.__name__}.{name}.pipeline")
    pipeline: Pipeline = module.create_pipeline()
    return pipeline
