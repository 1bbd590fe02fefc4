"""What the keys of caches hold of the description: of each kind of work what it reads, and no more."""

from __future__ import annotations

from typing import Any

from sparkle_curation.spec.description.active import dataset

_READ_BY: Any = {
    "identity": True,
    "themes": {"__all__": {"name", "edit_type", "has_keyword"}},
    "annotations": True,
    "assets": True,
    "containers": True,
    "frames": True,
    "records_folder": True,
    "scores": {"scale", "score_range", "passes"},
    "groundings": True,
}


def reading_slice() -> str:
    """What tables of any kind are read by, as text: without colours, titles, licences, thresholds and single stages.

    A stage is in the key of its own table alone, see ``stage_slice``, so that a new one re-reads no other.
    """
    return dataset().model_dump_json(include=_READ_BY)


def measuring_slice() -> str:
    """What the assets of a sample are compared by: frames, kinds with their roles, and the scale of boxes."""
    return dataset().model_dump_json(include={"frames", "assets", "groundings"})


def stage_slice(name: str) -> str:
    """What the scores of a stage are read by: its file, its shape, and the columns of its criteria."""
    stage = next(each for each in dataset().scores.stages if each.name == name)
    columns = {"field", "reducer", "quantile", "column", "name", "scale", "primary"}
    return stage.model_dump_json(include={"file": True, "shape": True, "criteria": {"__all__": columns}})
