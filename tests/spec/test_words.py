"""The words of the release agree with each other, with the configuration and with the pages made from them."""

from __future__ import annotations

from pathlib import Path

from kedro.config import OmegaConfigLoader

from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import walk
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES


def test_the_default_thresholds_are_the_published_ones(checkout: Path) -> None:
    """What the parameters say without anyone's change is what the paper did."""
    config = OmegaConfigLoader(str(checkout / "conf"), base_env="base", default_run_env="base")
    parameters = config["parameters"]
    thresholds = resolve_thresholds(parameters["threshold"], Thresholds(**parameters["thresholds"]))
    assert thresholds == {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0}


def test_each_stage_has_its_table_and_score() -> None:
    """The scores that stages are filtered by stand in ingested tables, flat and under their name."""
    for stage in STAGES:
        table = JSONL_TABLES[stage.table]
        assert table.file_name == stage.file_name
        assert str(table.schema.field(stage.score_column).type) == "double"


def test_every_field_is_described() -> None:
    """Each column and each nested member has a sentence for the reader of a table."""
    for columns in COLUMNS.values():
        for path, field in walk(columns):
            assert field.description.endswith("."), path


def test_every_reason_has_a_meaning() -> None:
    """Reason codes are told in a sentence, and only warnings keep their row."""
    assert all(reason.meaning.endswith(".") for reason in Reason)
    assert {reason for reason in Reason if reason.is_row_kept} == {
        Reason.PROMPT_DIFFERS,
        Reason.UNKNOWN_FIELD,
    }
