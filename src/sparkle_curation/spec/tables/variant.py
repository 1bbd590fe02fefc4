"""The tables about variants: what differs between two versions of one, and what other thresholds would give."""

from __future__ import annotations

from sparkle_curation.spec.codes.diff_reasons import Change
from sparkle_curation.spec.fields import Field, ListOf, Scalar
from sparkle_curation.spec.stages import CRITERIA, PRIMARY_CRITERIA
from sparkle_curation.spec.tables.ingested import ID

SIDES = ("base", "other")
"""The two versions that are compared; columns of one of them begin with its name."""

DATA_COLUMNS = ("prompt", "src_video", "tgt_video")
"""What a training CSV says of a sample, besides its id."""

PLACE_COLUMNS = (*DATA_COLUMNS, "split")
"""The same, and whether the CSV is that for training."""

METADATA_COLUMNS = ("edit_type", "chosen_keyword", "original_scene", "extra_fields")
"""What the metadata JSONL says of a sample."""


def _of_both(name: str, description: str, field_type: Scalar = "string") -> tuple[Field, ...]:
    return tuple(
        Field(f"{side}_{name}", field_type, description.format(side), is_optional=True) for side in SIDES
    )


VARIANT_DIFF_COLUMNS: tuple[Field, ...] = (
    ID,
    Field("theme", "string", "Theme of the sample."),
    Field(
        "change", "string", f"{', '.join(f'`{change}`' for change in Change)}, from the base to the other."
    ),
    Field("reason", "string", "Causes, joined by ` + `: `threshold:STAGE`; see below."),
    Field("detail", "string", "The causes with their values: `threshold:STAGE 8.0 -> 8.5`."),
    Field("changed_columns", ListOf("string"), "Columns that differ; empty unless `changed`."),
    Field(
        "source_files",
        ListOf("string"),
        "Files of the release in which the change lies; empty where a threshold or policy made it.",
    ),
    *_of_both("prompt", "The edit prompt in the {} version."),
    *_of_both("src_video", "Path of the source video in the {} version."),
    *_of_both("tgt_video", "Path of the edited video in the {} version."),
    *_of_both("split", "`train` or `val` in the {} version."),
    *(
        field
        for each in CRITERIA
        for field in _of_both(f"{each.name}_score", f"Score of `{each.name}` in the {{}} version.", "float64")
    ),
    *_of_both(
        "rejected_by", "First stage that rejects the sample in the {} version; null when kept or unknown."
    ),
    *(
        field
        for name in METADATA_COLUMNS
        for field in _of_both(name, f"`{name}` of the metadata in the {{}} version.")
    ),
)
"""Columns of ``variant_diff``: one row per sample that is added, removed or changed."""


_SURVIVING_THEME = Field("theme", "string", "Theme, or `total` for all of them.")

THRESHOLD_SWEEP_COLUMNS: tuple[Field, ...] = (
    _SURVIVING_THEME,
    Field("stage", "string", "Scored stage."),
    Field("threshold", "float64", "Threshold, in hundredths of the scale: 0.0, 0.1 and so on to 10.0."),
    Field("surviving", "int64", "Samples that this stage alone would keep."),
)
"""Columns of ``threshold_sweep``: one row per theme (and the total), stage and threshold."""

THRESHOLD_SURFACE_COLUMNS: tuple[Field, ...] = (
    _SURVIVING_THEME,
    *(
        Field(f"{each.name}_threshold", "float64", f"Threshold of `{each.name}`: 7.0, 7.1 and so on to 10.0.")
        for each in PRIMARY_CRITERIA
    ),
    Field("surviving", "int64", "Samples that all stages together would keep."),
)
"""Columns of ``threshold_surface``: one row per theme (and the total) and combination of thresholds."""

VARIANT_TABLES: dict[str, tuple[str, tuple[Field, ...]]] = {
    "variant_diff": ("one row per sample that two versions of a variant do not share", VARIANT_DIFF_COLUMNS),
    "threshold_sweep": (
        "one row per theme (and the total), stage and threshold in steps of 0.1",
        THRESHOLD_SWEEP_COLUMNS,
    ),
    "threshold_surface": (
        "one row per theme (and the total) and combination of thresholds from 7 to 10 in steps of 0.1",
        THRESHOLD_SURFACE_COLUMNS,
    ),
}
"""Grain and columns of each of these tables."""
