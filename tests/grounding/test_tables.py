"""Regroundings of stored answers: one that is read as none any more costs its sample or its frame, and not the run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.grounding.batches import JOURNAL_SCHEMA
from sparkle_curation.grounding.tables import stream_round1, stream_round2

DOG = '[{"bbox_2d": [1, 2, 3, 4], "label": "dog"}]'
TORN = '[{"bbox_2d": [1, 2, 3], "label": "dog"}]'
"""An answer that code which reads less strictly might have taken."""

PROVENANCE = dict.fromkeys(
    (
        "backend",
        "model",
        "revision",
        "adapter",
        "adapter_revision",
        "prompt_template_origin",
        "prompt_template_digest",
        "settings",
    )
)


@pytest.fixture
def answers(tmp_path: Path) -> JournalRows:
    """Two samples, the second of whose answers are torn, and all of them without an error."""
    journal = Journal(tmp_path / "made.journal", JOURNAL_SCHEMA)
    texts = {"a": [DOG, DOG], "b": [TORN, DOG]}
    rows = [
        {"key": key, "answers": [{"text": text, "fault": None, "tries": 1} for text in said], "error": None}
        for key, said in texts.items()
    ]
    with journal:
        journal.append(pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA))
    return JournalRows(journal)


def jobs() -> pl.DataFrame:
    """The jobs of both samples."""
    return pl.DataFrame(
        {
            "key": ["a", "b"],
            "id": ["A", "B"],
            "theme": "time",
            "prompt": "Dusk",
            "labels": [["dog"], ["dog"]],
            "source_digest": "s",
            "edited_digest": "e",
            "is_asked": True,
            "error": pl.Series([None, None], dtype=pl.String),
            "error_detail": pl.Series([None, None], dtype=pl.String),
        }
    )


def test_an_answer_of_round_1_that_is_none_any_more_is_a_fault(answers: JournalRows) -> None:
    """The other sample has its boxes."""
    table = pa.concat_tables(stream_round1(jobs(), answers, PROVENANCE).batches()).to_pylist()
    assert [row["fault"] for row in table] == [None, "not_four_numbers"]
    assert [row["round1_labels"] for row in table] == [["dog"], None]


def test_an_answer_of_round_2_that_is_none_any_more_is_a_frame_without_one(answers: JournalRows) -> None:
    """The other frames of the sample stand."""
    round1 = pl.DataFrame(
        {
            "id": ["A", "B"],
            "round1_labels": [["dog"], ["dog"]],
            "round1_objects": [[{"bbox_2d": [1.0, 2.0, 3.0, 4.0], "label": "dog"}]] * 2,
        }
    )
    table = pa.concat_tables(stream_round2(jobs(), answers, round1, PROVENANCE).batches()).to_pylist()
    assert [row["unanswered_sampled_frames"] for row in table] == [[], [0]]
    assert [len(row["frame_objects"]) for row in table] == [2, 2]
    assert table[1]["frame_objects"][1][0]["bbox_2d"] == [1, 2, 3, 4]
