"""The training files are written as the release writes them, and read back the same."""

from __future__ import annotations

import csv
import io
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.pairs import Pairs
from tests.made.tables import annotation_tables, prompt_texts

from sparkle_curation.spec.themes import THEMES
from sparkle_curation.spec.training_csv import parse_training_csv, write_training_csv
from sparkle_curation.variant.export import VARIANT_COLUMNS
from sparkle_curation.variant.metadata_text import parse_metadata, write_metadata

ID = "Sparkle_time_000028"


def sample(**values: str | None) -> pl.DataFrame:
    """One exported sample."""
    row = {"id": ID, "theme": "time", "prompt": "p", "src_video": "s.mp4", "tgt_video": "t.mp4", **values}
    return pl.DataFrame([row], schema=dict.fromkeys(VARIANT_COLUMNS, pl.String))


def csv_of(samples: pl.DataFrame) -> bytes:
    """The training CSV as bytes."""
    buffer = io.BytesIO()
    write_training_csv(samples, buffer)
    return buffer.getvalue()


def metadata_of(samples: pl.DataFrame) -> bytes:
    """The metadata JSONL as bytes."""
    buffer = io.BytesIO()
    write_metadata(samples, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("prompt", "cell"),
    [
        ("plain", "plain"),
        (" leading", " leading"),
        ("a, b", '"a, b"'),
        ('say "x"', '"say ""x"""'),
        ("two\nlines", '"two\nlines"'),
        ("bare\rreturn", '"bare\rreturn"'),
        ("NA", "NA"),
        ("", ""),
        ("été 夏", "été 夏"),
    ],
)
def test_a_cell_is_quoted_only_where_it_must_be(prompt: str, cell: str) -> None:
    """Quotes stand around commas, quotes and line ends, and nowhere else."""
    expected = f"prompt,src_video,tgt_video,task\n{cell},s.mp4,t.mp4,{ID}\n"
    assert csv_of(sample(prompt=prompt)).decode() == expected


def test_no_samples_make_a_header() -> None:
    """A CSV without rows is a header alone."""
    assert csv_of(sample().clear()) == b"prompt,src_video,tgt_video,task\n"
    assert parse_training_csv(csv_of(sample().clear())).height == 0


@given(st.lists(prompt_texts.filter(lambda text: "\r" not in text)))
def test_the_csv_has_the_bytes_of_pythons_own_writer(prompts: list[str]) -> None:
    """`csv` with minimal quotes writes the same; it leaves a bare return unquoted, so that one is left out."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows(
        [["prompt", "src_video", "tgt_video", "task"], *([each, "s.mp4", "t.mp4", ID] for each in prompts)]
    )
    samples = pl.concat([sample().clear(), *(sample(prompt=each) for each in prompts)])
    assert csv_of(samples) == buffer.getvalue().encode()


@given(st.lists(prompt_texts | st.just(""), max_size=5))
def test_the_parsed_csv_is_what_was_written(prompts: list[str]) -> None:
    """Export, then parse, is identity; by Python's reader as well."""
    samples = pl.concat([sample().clear(), *(sample(prompt=each) for each in prompts)])
    text = csv_of(samples)
    assert_frame_equal(parse_training_csv(text), samples.select("id", "prompt", "src_video", "tgt_video"))
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    assert [row[0] for row in rows[1:]] == prompts


def test_a_metadata_line_is_what_json_dumps_writes() -> None:
    """The members stand in the order of the card, with text outside ASCII as it is."""
    samples = sample(edit_type="time", chosen_keyword="dusk: été", original_scene='a "b"\n\t\x00\x7f/\\')
    record = {
        "id": ID,
        "prompt": "p",
        "metadata": {
            "edit_type": "time",
            "chosen_keyword": "dusk: été",
            "original_scene": 'a "b"\n\t\x00\x7f/\\',
        },
    }
    assert metadata_of(samples).decode() == json.dumps(record, ensure_ascii=False) + "\n"


def test_an_absent_keyword_stays_absent() -> None:
    """openve3m has no `chosen_keyword`: the member is left out, not null."""
    line = metadata_of(sample(edit_type="openve3m_background_change", original_scene="a study"))
    assert json.loads(line)["metadata"] == {
        "edit_type": "openve3m_background_change",
        "original_scene": "a study",
    }


def test_a_sample_without_metadata_has_no_line() -> None:
    """Nothing is made up: a line without its scene would be quarantined when read."""
    assert metadata_of(sample()) == b""


def test_extra_members_go_back_to_their_place() -> None:
    """Members that the card does not name stand after those it names; cells of the CSV have no place here."""
    extras = {"$.note": 1, "$.metadata.weight": [2, None], "csv.split": "x", "$.odd key.é": "\ud800"}
    samples = pl.concat(
        [
            sample(edit_type="time", original_scene="s", extra_fields=json.dumps(extras)),
            sample(edit_type="time", original_scene="s"),
        ]
    )
    with_extras, without = metadata_of(samples).decode().splitlines()
    assert with_extras == (
        f'{{"id": "{ID}", "prompt": "p", "metadata": {{"edit_type": "time", "original_scene": "s", '
        '"weight": [2, null]}, "note": 1, "odd key.é": "\\ud800"}'
    )
    assert json.loads(without).keys() == {"id", "prompt", "metadata"}


@given(annotation_tables())
def test_the_parsed_metadata_is_what_was_written(table: pl.DataFrame) -> None:
    """Export, then parse, is identity on every sample that has metadata."""
    described = table.filter(pl.col("edit_type").is_not_null())
    parsed = parse_metadata(metadata_of(table))
    assert_frame_equal(
        parsed, described.select("id", "edit_type", "chosen_keyword", "original_scene", "extra_fields")
    )


def test_csvs_are_written_byte_for_byte(pairs: Pairs) -> None:
    """The prompts of samples, parsed and written, give the published bytes."""
    for theme in THEMES:
        published = (pairs.root / "prompts" / f"{theme}_train.csv").read_bytes()
        assert csv_of(parse_training_csv(published)) == published
