"""What was read against what became of it: a row that is lost or made up stops the run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.ingest.made_lines import (
    CSV_HEADER,
    CSV_PATH,
    Ingested,
    csv_line,
    file_of,
    good_line,
    ingest,
    make_release,
    source_path,
)

from sparkle_curation.errors import ConservationError
from sparkle_curation.ingest.conservation import absences, count_sources, expected_sources, shard_gaps
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import (
    COLUMNS,
    QUARANTINE_COLUMNS,
    SOURCE_FILE_COLUMNS,
    Field,
)
from sparkle_curation.spec.themes import THEMES

STILL = "edited_frame0_scores"
METADATA_PATH = source_path("annotations")


def empty(columns: tuple[Field, ...]) -> pl.DataFrame:
    """A table of these columns without rows."""
    return pl.DataFrame(pl.from_arrow(arrow_schema(columns).empty_table()))


NOTHING = Ingested(empty(()), empty(QUARANTINE_COLUMNS), empty(SOURCE_FILE_COLUMNS))


def count(ingested: dict[str, Ingested]) -> pl.DataFrame:
    """The counts of ingested tables; the other tables are empty."""
    tables = {
        name: ingested[name].rows if name in ingested else empty(columns) for name, columns in COLUMNS.items()
    }
    return count_sources(
        {name: table.lazy() for name, table in tables.items()},
        pl.concat(each.quarantined for each in [NOTHING, *ingested.values()]).lazy(),
        {name: ingested.get(name, NOTHING).source_files.lazy() for name in COLUMNS},
    )


@pytest.fixture
def ingested(tmp_path: Path) -> dict[str, Ingested]:
    """Annotations and scores of a small release with a fault and a warning of each kind."""
    release = make_release(
        tmp_path / "release",
        {
            CSV_PATH: file_of(CSV_HEADER, csv_line(1, "two\nlines"), csv_line(2), b"x", csv_line(2)),
            METADATA_PATH: file_of(good_line("annotations", 2), b"", good_line("annotations", 7)),
            source_path(STILL): file_of(*(good_line(STILL, number, note=1) for number in (1, 2, 2, 3)), b"["),
        },
    )
    return {name: ingest(name, release, tmp_path / "out") for name in ("annotations", STILL)}


def test_every_source_is_counted(ingested: dict[str, Ingested]) -> None:
    """Records = rows + quarantined for each; warnings apart; a CSV by its lines; what is absent comes last."""
    counts = count(ingested)
    assert counts.filter("is_present").drop("size_bytes", "is_present", "excluded_count").rows() == [
        ("annotations", "time", CSV_PATH, 5, 3, 2, 0),
        ("annotations", "time", METADATA_PATH, 3, 2, 1, 0),
        (STILL, "time", source_path(STILL), 5, 3, 2, 2),
    ]
    absent = counts.filter(~pl.col("is_present"))
    assert absent.height == expected_sources().height - 3
    assert (
        absent.select("record_count", "row_count", "quarantined_count", "size_bytes").sum().row(0) == (0,) * 4
    )
    for name in COLUMNS:
        assert counts.filter(table=name)["is_present"].is_sorted(descending=True)
    assert counts["table"].unique(maintain_order=True).to_list() == list(COLUMNS)


@pytest.mark.parametrize("name", ["annotations", STILL])
def test_a_lost_row_stops_the_run(name: str, ingested: dict[str, Ingested]) -> None:
    """A row that is gone from a written table is missed, and the error names table, file and counts."""
    whole = ingested[name]
    ingested[name] = Ingested(whole.rows[:-1], whole.quarantined, whole.source_files)
    with pytest.raises(ConservationError, match=f"{name}: .*\n.*(3 read, 1 rows, 1|5 read, 2 rows, 2)"):
        count(ingested)


@pytest.mark.parametrize("name", ["annotations", STILL])
def test_a_row_from_nowhere_stops_the_run(name: str, ingested: dict[str, Ingested]) -> None:
    """A row that stands twice is one too many."""
    whole = ingested[name]
    ingested[name] = Ingested(pl.concat([whole.rows, whole.rows[:1]]), whole.quarantined, whole.source_files)
    with pytest.raises(ConservationError):
        count(ingested)


@pytest.mark.parametrize("name", ["annotations", STILL])
def test_a_lost_line_of_the_quarantine_stops_the_run(name: str, ingested: dict[str, Ingested]) -> None:
    """What was quarantined must be there as well."""
    whole = ingested[name]
    faults = whole.quarantined.filter(~pl.col("is_row_kept"))
    ingested[name] = Ingested(whole.rows, faults[1:], whole.source_files)
    with pytest.raises(ConservationError):
        count(ingested)


def test_rows_of_a_source_that_was_not_read_stop_the_run(ingested: dict[str, Ingested]) -> None:
    """A row whose theme has no file came from nowhere; neither did a quarantined line of such a file."""
    whole = ingested[STILL]
    strange = whole.rows.with_columns(pl.lit("style").alias("theme"))
    ingested[STILL] = Ingested(pl.concat([whole.rows, strange]), whole.quarantined, whole.source_files)
    with pytest.raises(ConservationError, match="intermediate_data/style"):
        count(ingested)
    ingested[STILL] = Ingested(whole.rows, whole.quarantined, whole.source_files[:0])
    with pytest.raises(ConservationError):
        count(ingested)


# ------------------------------------------------------------------ what is absent
def counts_without(*absent: str) -> pl.DataFrame:
    """Counts in which the sources whose path holds one of these are absent."""
    is_absent = pl.any_horizontal(
        pl.lit(False), *(pl.col("path").str.contains(part, literal=True) for part in absent)
    )
    return expected_sources().with_columns(~is_absent.alias("is_present"))


def test_a_whole_release_lacks_nothing() -> None:
    """No sentence where there is nothing to say; 5 themes with two annotations, five tables, eight kinds each."""
    assert absences(counts_without()) == []
    assert expected_sources().height == 5 * (2 + 5 + 8)


def test_an_empty_release_lacks_everything() -> None:
    """One sentence, not 75."""
    assert absences(counts_without("/")) == ["everything: the folder holds no file of Sparkle"]


def test_what_is_absent_is_said_by_theme_and_part() -> None:
    """A whole theme as such; a part of the themes that are there by what it is, those of the same themes together."""
    assert absences(counts_without("style")) == ["the whole theme style"]
    assert absences(counts_without("time/edited_video_score.jsonl", "time/source_video_mask")) == [
        "of time: edited_video_score.jsonl, source_video_mask"
    ]
    said = absences(counts_without("style", "edited_video_score.jsonl", "season_train.csv"))
    assert said == [
        "the whole theme style",
        "of season: {theme}_train.csv",
        "of any theme: edited_video_score.jsonl",
    ]


def test_the_shards_of_a_kind_stand_for_its_folder() -> None:
    """A kind that is there in shards alone is not absent; those of another kind do not stand for it."""
    sources = NOTHING.source_files
    shards = [
        ("assets", "time", "intermediate_data/time_edited_frame0_part00.tar", 1, 0, None, 0),
        ("assets", "time", "time_source_video_part07.tar", 1, 0, None, 0),
        ("assets", "time", "time/edited_video", 1, 0, None, 0),
    ]
    assets = Ingested(
        empty(COLUMNS["assets"]), NOTHING.quarantined, pl.DataFrame(shards, sources.schema, orient="row")
    )
    absent = count({"assets": assets}).filter(~pl.col("is_present"), table="assets", theme="time")["path"]
    assert set(absent) == {
        f"intermediate_data/time/{kind}"
        for kind in (
            "source_frame0",
            "edited_frame0_foreground_removed",
            "edited_background_video",
            "source_video_mask",
            "edited_video_canny",
        )
    }


def test_the_themes_are_those_of_the_card() -> None:
    """Each theme is expected with the same parts."""
    parts = expected_sources().group_by("theme", maintain_order=True).len()
    assert parts.rows() == [(theme, 15) for theme in THEMES]


def test_a_gap_between_shards_is_found() -> None:
    """At the front and in the middle, whatever the numbers; a whole row of shards has none, and another kind is apart."""
    paths = [
        "time_edited_video_part01.tar",
        "intermediate_data/time_source_frame0_part00.tar",
        "intermediate_data/time_source_frame0_part01.tar",
        "style_source_video_part02.tar",
        "style_source_video_part00.tar",
        "style_source_video_part900000000.tar",
        "time/source_video",
    ]
    assert shard_gaps(pl.DataFrame({"path": paths, "is_present": True})) == [
        "time_edited_video_part00.tar",
        "style_source_video_part01.tar",
        "style_source_video_part03.tar to style_source_video_part899999999.tar",
    ]
    assert shard_gaps(pl.DataFrame({"path": paths, "is_present": False})) == []
