"""Small ingested tables for tests, with the columns that an ingested table has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from hypothesis import strategies as st

from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import COLUMNS
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES

THRESHOLDS = {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0}


def table(name: str, rows: Sequence[Mapping[str, Any]] = ()) -> pl.DataFrame:
    """The ingested table ``name`` with these rows; what a row does not say is null."""
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(COLUMNS[name]).empty_table()))
    return pl.DataFrame(rows, schema=empty.schema) if rows else empty


def theme_of(sample_id: str) -> str:
    """The theme in an id."""
    return sample_id.split("_")[1]


def csv_row(sample_id: str, csv_line: int = 2, **values: Any) -> dict[str, Any]:
    """A row of ``annotations`` that the release's CSV has, without metadata."""
    theme = theme_of(sample_id)
    return {
        "id": sample_id,
        "theme": theme,
        "prompt": f"prompt of {sample_id}",
        "src_video": asset_path(theme, "source_video", sample_id),
        "tgt_video": asset_path(theme, "edited_video", sample_id),
        "task": sample_id,
        "csv_line": csv_line,
        **values,
    }


def metadata(sample_id: str, **values: Any) -> dict[str, Any]:
    """What metadata add to a row of ``annotations``."""
    return {
        "id": sample_id,
        "theme": theme_of(sample_id),
        "edit_type": METADATA_EDIT_TYPES[theme_of(sample_id)],
        "original_scene": "A cobblestone street",
        "metadata_line": 1,
        **values,
    }


def annotations(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """The table ``annotations`` with these rows."""
    return table("annotations", rows)


def scores(**by_stage: Mapping[str, float | None]) -> dict[str, pl.DataFrame]:
    """The score tables by stage, from the score of each id; a stage that is not named has none."""
    return {
        stage.name: table(
            stage.table,
            [
                {
                    "id": key,
                    "theme": theme_of(key),
                    "prompt": f"{stage.name} of {key}",
                    stage.score_column: score,
                }
                for key, score in by_stage.get(stage.name, {}).items()
            ],
        )
        for stage in STAGES
    }


def same_scores(by_id: Mapping[str, float | None]) -> dict[str, pl.DataFrame]:
    """The score tables by stage, each sample with one score at all stages."""
    return scores(**{stage.name: by_id for stage in STAGES})


def assets(*samples: tuple[str, str]) -> pl.DataFrame:
    """The table ``assets`` with these pairs of id and kind."""
    return table(
        "assets",
        [
            {"id": key, "theme": theme_of(key), "kind": kind, "path": asset_path(theme_of(key), kind, key)}
            for key, kind in samples
        ],
    )


def known(*ids: str, released: bool = True) -> pl.DataFrame:
    """Known samples, all of them released or none."""
    return pl.DataFrame(
        {"id": ids, "theme": [theme_of(key) for key in ids], "is_released": [released] * len(ids)},
        schema={"id": pl.String, "theme": pl.String, "is_released": pl.Boolean},
    )


sample_ids = st.builds(SampleId, st.sampled_from(THEMES), st.integers(0, 30)).map(str)
"""Ids that often meet."""

score_values = st.one_of(st.none(), st.sampled_from([0.0, 7.999, 8.0, 8.5, 10.0]), st.floats(0, 10))
"""Scores: none, around the thresholds, and any."""

score_tables = st.fixed_dictionaries(
    {stage.name: st.dictionaries(sample_ids, score_values, max_size=12) for stage in STAGES}
).map(lambda by_stage: scores(**by_stage))
"""Score tables by stage."""

threshold_values = st.fixed_dictionaries({stage.name: st.floats(0, 10) for stage in STAGES})
"""Thresholds by stage."""

prompt_texts = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    st.text(
        st.sampled_from([",", '"', "\n", "\r", " ", "a", "1", "e", ".", "\t", "é", "\u2028"]), min_size=1
    ),
    st.sampled_from(["NA", "null", "1e5", "true", "None", "-inf", '"', '""', "\r", " x", "#N/A", "0x1"]),
)
"""Prompts that try the quoting of a CSV and the guesses of its readers."""


@st.composite
def annotation_tables(draw: st.DrawFn, prompts: st.SearchStrategy[str] = prompt_texts) -> pl.DataFrame:
    """``annotations``: some samples of the CSV, some of the metadata, some of both."""
    rows = []
    for line, key in enumerate(draw(st.lists(sample_ids, unique=True, max_size=12)), start=2):
        where = draw(st.sampled_from(["csv", "metadata", "both"]))
        row: dict[str, Any] = (
            csv_row(key, line) if where != "metadata" else {"id": key, "theme": theme_of(key)}
        )
        if where != "csv":
            keyword = draw(st.none() | prompts)
            row |= metadata(key, chosen_keyword=keyword, original_scene=draw(prompts), metadata_line=line)
        rows.append(row | {"prompt": draw(prompts)})
    return annotations(*rows)
