"""Kept samples are exported as the release has them, and from the assets where it lacks them."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import (
    annotation_tables,
    annotations,
    assets,
    csv_row,
    known,
    metadata,
    sample_ids,
    table,
)

from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.variant.export import (
    PAIR_COLUMNS,
    VARIANT_COLUMNS,
    compose,
    find_prompts,
    with_metadata,
)

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_openve3m_000001"

NO_PROMPTS = pl.DataFrame(schema={"id": pl.String, "prompt": pl.String, "table": pl.String})
BOTH_VIDEOS = ("source_video", "edited_video")


def prompts_found(**by_id: str) -> pl.DataFrame:
    """Prompts of samples that the annotations lack."""
    rows = [(key, prompt, "grounding_r1") for key, prompt in by_id.items()]
    return pl.DataFrame(rows, schema=NO_PROMPTS.schema, orient="row")


def videos(*ids: str) -> pl.DataFrame:
    """Assets with both videos of each id."""
    return assets(*((key, kind) for key in ids for kind in BOTH_VIDEOS))


# ------------------------------------------------------------------ prompts
def test_the_first_table_with_the_sample_gives_its_prompt() -> None:
    """The tables are asked in their order, each only for what those before it lack."""
    tables = {
        "edited_frame0_scores": table("edited_frame0_scores", [{"id": B, "prompt": "from the score"}]),
        "grounding_r1": table("grounding_r1", [{"id": key, "prompt": "from round 1"} for key in (A, B, C)]),
    }
    found = find_prompts(known(A, B, released=False), annotations(), tables)
    assert found.rows() == [
        (A, "from round 1", "grounding_r1"),
        (B, "from the score", "edited_frame0_scores"),
    ]


def test_a_sample_with_an_annotation_needs_no_other_prompt() -> None:
    """Neither the CSV's samples nor those of the metadata alone are looked up."""
    tables = {name: table(name, [{"id": A, "prompt": "other"}]) for name in JSONL_TABLES}
    noted = annotations({**metadata(A), "prompt": "of the metadata"})
    assert find_prompts(known(A, released=False), noted, tables).is_empty()
    assert find_prompts(known(A), annotations(csv_row(A)), tables).is_empty()


def test_no_table_is_read_when_nothing_is_wanted() -> None:
    """The tables are gigabytes; one that fails when read shows that none is."""
    unreadable = pl.scan_parquet("nowhere.parquet")
    assert find_prompts(known(A), annotations(csv_row(A)), {"grounding_r1": unreadable}).is_empty()


# ------------------------------------------------------------------ composition
def test_a_released_sample_is_exported_as_it_stands() -> None:
    """Prompt, paths and metadata are the release's, and no asset is asked for."""
    row = csv_row(A, prompt="NA", src_video="elsewhere/x.mp4") | metadata(A, chosen_keyword="urban: roof")
    exported, not_exported = compose(
        known(A), annotations(row), NO_PROMPTS, pl.scan_parquet("nowhere.parquet")
    )
    assert exported.rows(named=True) == [{name: row.get(name) for name in PAIR_COLUMNS}]
    described = with_metadata(exported, annotations(csv_row(B) | metadata(B), row))
    assert described.rows(named=True) == [{name: row.get(name) for name in VARIANT_COLUMNS}]
    assert not_exported.rows() == []


def test_a_released_sample_without_metadata_has_no_edit_type() -> None:
    """Nothing is made up where the release has no metadata of the sample."""
    released = annotations(csv_row(A))
    exported, _ = compose(known(A), released, NO_PROMPTS, assets())
    assert with_metadata(exported, released).row(0, named=True)["edit_type"] is None


def test_a_sample_of_the_metadata_alone_is_exported_with_its_videos() -> None:
    """The prompt is the metadata's, the paths are those of the layout."""
    noted = annotations({**metadata(A), "prompt": "of the metadata"})
    exported, not_exported = compose(known(A, released=False), noted, NO_PROMPTS, videos(A))
    assert exported.select("id", "prompt", "src_video", "tgt_video").row(0) == (
        A,
        "of the metadata",
        f"location/source_video/{A}.mp4",
        f"location/edited_video/{A}.mp4",
    )
    assert not_exported.is_empty()


def test_a_sample_of_the_tables_alone_is_exported_with_its_videos() -> None:
    """The prompt is the one that was looked up."""
    exported, _ = compose(
        known(A, released=False), annotations(), prompts_found(**{A: "looked up"}), videos(A)
    )
    assert exported.select("id", "prompt", "chosen_keyword").rows() == [(A, "looked up", None)]


@pytest.mark.parametrize(
    ("prompts", "seen", "reason", "detail"),
    [
        ({}, videos(A), "no_prompt", "no table has its prompt"),
        (
            {A: "p"},
            assets((A, "edited_video"), (A, "edited_frame0"), (B, "source_video")),
            "no_source_video",
            f"location/source_video/{A}.mp4 is not among the assets",
        ),
        (
            {A: "p"},
            assets((A, "source_video")),
            "no_edited_video",
            f"location/edited_video/{A}.mp4 is not among the assets",
        ),
        (
            {},
            assets(),
            "no_prompt",
            "no table has its prompt; "
            + "; ".join(f"location/{kind}/{A}.mp4 is not among the assets" for kind in BOTH_VIDEOS),
        ),
    ],
)
def test_a_kept_sample_that_cannot_be_exported_says_why(
    prompts: dict[str, str], seen: pl.DataFrame, reason: str, detail: str
) -> None:
    """The first obstacle is the reason, and all stand in the detail."""
    exported, not_exported = compose(known(A, released=False), annotations(), prompts_found(**prompts), seen)
    assert exported.is_empty()
    assert not_exported.rows() == [(A, "location", reason, detail)]


def test_an_asset_that_is_loose_and_in_a_tar_counts_once() -> None:
    """The previews of the release lie loose and in the tars; the sample is exported once."""
    seen = pl.concat([videos(A), videos(A)])
    exported, _ = compose(known(A, released=False), annotations(), prompts_found(**{A: "p"}), seen)
    assert exported.height == 1


def test_the_order_of_the_kept_samples_stays() -> None:
    """Export does not sort: the verdicts stand in the order of the release."""
    rows = annotations(csv_row(A, 3), csv_row(B, 2))
    exported, _ = compose(known(B, A), rows, NO_PROMPTS, assets())
    assert exported["id"].to_list() == [B, A]


def test_samples_that_the_release_lacks_stand_after_those_it_has() -> None:
    """So that each CSV begins as the published one."""
    kept = pl.concat([known(A, released=False), known(B)])
    exported, _ = compose(kept, annotations(csv_row(B)), prompts_found(**{A: "p"}), videos(A))
    assert exported["id"].to_list() == [B, A]


def test_nothing_kept_gives_nothing() -> None:
    """An empty frame gives empty frames with the columns of any other."""
    exported, not_exported = compose(known(), annotations(), NO_PROMPTS, assets())
    assert exported.schema == dict.fromkeys(PAIR_COLUMNS, pl.String)
    assert not_exported.schema == dict.fromkeys(["id", "theme", "reason", "detail"], pl.String)


def test_annotations_with_an_id_twice_stop_the_run() -> None:
    """A join would export the sample twice; ingest lets no duplicate through."""
    with pytest.raises(ConservationError, match="2 exported with 1 ids"):
        compose(known(A), annotations(csv_row(A), csv_row(A)), NO_PROMPTS, assets())


@given(annotation_tables(), st.lists(sample_ids, unique=True), st.lists(sample_ids, unique=True))
def test_every_kept_sample_is_exported_or_told(
    table_: pl.DataFrame, others: list[str], with_videos: list[str]
) -> None:
    """Kept is exported and not exported; all of the CSV's samples are exported; and no input is changed."""
    released = table_.filter(pl.col("csv_line").is_not_null())["id"].to_list()
    rest = sorted({*table_["id"], *others} - set(released))
    kept = pl.concat([known(*released), known(*rest, released=False)])
    seen = videos(*with_videos)
    before = [frame.clone() for frame in (kept, table_, seen)]
    exported, not_exported = compose(kept, table_, NO_PROMPTS, seen)
    assert sorted([*exported["id"], *not_exported["id"]]) == sorted(kept["id"])
    assert set(released) <= set(exported["id"])
    assert exported.select("prompt", "src_video", "tgt_video").null_count().row(0) == (0, 0, 0)
    for frame, old in zip((kept, table_, seen), before, strict=True):
        assert_frame_equal(frame, old)
