"""Names from before they were changed, and what each is called now.

Data of an earlier version is read through this table and not migrated; a parameter or pipeline is answered with its
new name.
"""

from __future__ import annotations

from typing import Any, TypeVar

import polars as pl

from sparkle_curation.errors import ParameterError

PARAMETERS = {
    "tainted_scores": "imputed_scores",
    "twins": "near_duplicates",
    "contact_sheet.nearest_cut_off": "contact_sheet.nearest_threshold",
    "score.instructions": "score.prompt_template",
}
"""Parameters, or groups of them."""

PIPELINES = {"judge": "filter", "twins": "near_duplicates"}

KEYS = {
    "cut_offs": "thresholds",
    "tainted_scores": "imputed_scores",
    "tainted": "imputed",
    "emitted": "exported",
    "not_emitted": "not_exported",
}
"""Members of the metrics, at any depth."""

COLUMNS = {
    "cut_off": "threshold",
    "is_taint": "is_imputed",
    "score_without_tainted_pass": "score_without_imputed_pass",
    "tainted": "imputed",
    "emitted": "exported",
    "not_emitted": "not_exported",
    "twin_count": "near_duplicate_count",
    "anchor_index": "sampled_frame_index",
    "unanswered_anchors": "unanswered_sampled_frames",
    "instructions_origin": "prompt_template_origin",
    "instructions_digest": "prompt_template_digest",
}
"""Columns of tables."""

_COLUMN_ENDS = {"_cut_off": "_threshold", "_is_tainted": "_is_imputed"}
"""Ends of columns that begin with a stage."""

VALUES = {"below_cut_off": "below_threshold", "above_cut_off": "above_threshold", "tainted": "imputed"}
"""Codes in the columns of verdicts: outcomes and reasons."""

FILES = {
    "samples_not_emitted.csv": "samples_not_exported.csv",
    "threshold_sweep.csv": "threshold_sweep.parquet",
    "twin_counts.csv": "near_duplicate_counts.csv",
    "twins.journal": "near_duplicates.journal",
}
"""Files in a data root."""

_FOLDERS = {"scores": "_scores.parquet"}
"""Folders that were made for files of some name; they lay beside the folder before."""

PipelineT = TypeVar("PipelineT")


class KnownPipelines(dict[str, PipelineT]):
    """Pipelines by name; who asks for one by its old name is told the new one."""

    def __missing__(self, name: str) -> PipelineT:
        """Never a pipeline.

        Raises:
            ParameterError: the pipeline is called otherwise now.
            KeyError: there is and was none of that name.
        """
        if name in PIPELINES:
            raise ParameterError(
                f"There is no pipeline '{name}' any more",
                got=f"--pipelines {name}",
                allowed=", ".join(sorted(self)),
                todo=f"did you mean '{PIPELINES[name]}'?",
            )
        raise KeyError(name)


def renamed_parameter(path: str) -> str | None:
    """The new name of an old parameter, as a question; None where it has none.

    >>> renamed_parameter("twins.max_distance")
    "did you mean 'near_duplicates.max_distance'?"
    """
    for old, new in PARAMETERS.items():
        if path == old or path.startswith(f"{old}."):
            return f"did you mean '{new}{path.removeprefix(old)}'?"
    return None


def renamed_column(name: str) -> str:
    """The new name of a column; its own where it was not renamed.

    >>> renamed_column("edited_video_cut_off")
    'edited_video_threshold'
    """
    for old, new in _COLUMN_ENDS.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return COLUMNS.get(name, name)


def with_new_names(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The table with its columns, and the codes of verdicts in it, under their new names; a new table as it is."""
    columns = frame.collect_schema()
    renamed = {name: renamed_column(name) for name in columns}
    changed = {old: new for old, new in renamed.items() if old != new and new not in columns}
    if not changed:
        return frame
    coded = [
        pl.col(name).replace(VALUES)
        for name, dtype in columns.items()
        if dtype == pl.String and (name == "reject_reason" or name.endswith("_outcome"))
    ]
    return frame.with_columns(coded).rename(changed)


def with_new_keys(value: Any) -> Any:
    """What a JSON file holds, with the names of its members as they are now."""
    if isinstance(value, dict):
        return {KEYS.get(key, key): with_new_keys(inner) for key, inner in value.items()}
    return [with_new_keys(inner) for inner in value] if isinstance(value, list) else value


def old_paths(path: str) -> list[str]:
    """Where a file lay under the names, and in the folder, that it had before.

    >>> old_paths("08_reporting/samples_not_exported.csv")
    ['08_reporting/samples_not_emitted.csv']
    >>> old_paths("02_intermediate/scores/one_scores.parquet")
    ['02_intermediate/one_scores.parquet']
    """
    folder, slash, name = path.rpartition("/")
    renamed = [f"{folder}{slash}{old}" for old, new in FILES.items() if new == name]
    before, slash, inner = folder.rpartition("/")
    is_moved = inner in _FOLDERS and name.endswith(_FOLDERS[inner])
    return [*renamed, f"{before}{slash}{name}"] if is_moved else renamed
