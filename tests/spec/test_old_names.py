"""What has another name than before is answered with it, or read all the same; nothing is misread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from click import ClickException
from kedro.config import OmegaConfigLoader
from omegaconf import OmegaConf
from polars.testing import assert_frame_equal
from tests.conftest import CHECKOUT
from tests.datasets.variant.kept_versions import FIRST, LOW, PATHS, folder_store, write_version
from tests.made.versions import version

from sparkle_curation.datasets import JournalDataset, TableDataset
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ParameterError
from sparkle_curation.parameters import check_parameters
from sparkle_curation.pipeline_registry import register_pipelines
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import ScoreSettings
from sparkle_curation.spec.old_names import (
    COLUMNS,
    FILES,
    KEYS,
    PARAMETERS,
    PIPELINES,
    VALUES,
    renamed_column,
    with_new_names,
)

GOLDEN = Path(__file__).parents[1] / "golden"
ENDS = {"_threshold": "_cut_off", "_is_imputed": "_is_tainted"}


def changed(*items: str) -> dict[str, Any]:
    """The parameters of conf/base with these on top, as ``--params`` gives them."""
    good = OmegaConfigLoader(str(CHECKOUT / "conf"), base_env="base", default_run_env="base")["parameters"]
    merged = OmegaConf.merge(OmegaConf.create(good), OmegaConf.from_dotlist(list(items)))
    return dict(OmegaConf.to_container(merged))  # type: ignore[arg-type]


def _old_column(name: str) -> str:
    for new, old in ENDS.items():
        if name.endswith(new):
            return name.removesuffix(new) + old
    return {new: old for old, new in COLUMNS.items()}.get(name, name)


def _as_before(root: Path) -> None:
    """The files of a version as the project wrote them before."""
    old_values = {new: old for old, new in VALUES.items()}
    verdicts = pl.read_parquet(root / PATHS["verdicts"])
    codes = [name for name in verdicts.columns if name == "reject_reason" or name.endswith("_outcome")]
    verdicts.with_columns(pl.col(codes).replace(old_values)).rename(_old_column).write_parquet(
        root / PATHS["verdicts"]
    )
    metrics = json.loads((root / PATHS["metrics"]).read_text(encoding="utf-8"))
    old_keys = {new: old for old, new in KEYS.items()}
    metrics = {old_keys.get(key, key): value for key, value in metrics.items()}
    metrics["total"] = {old_keys.get(key, key): value for key, value in metrics["total"].items()}
    (root / PATHS["metrics"]).write_text(json.dumps(metrics), encoding="utf-8")
    path = root / PATHS["not_exported"]
    path.rename(path.with_name("samples_not_emitted.csv"))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("tainted_scores=reject", "imputed_scores"),
        ("twins.max_distance=3", "near_duplicates"),
        ("contact_sheet.nearest_cut_off=edited_video", "contact_sheet.nearest_threshold"),
        ("score.instructions=own", "score.prompt_template"),
    ],
)
def test_an_old_parameter_stops_with_its_new_name(given: str, named: str) -> None:
    """The name is not guessed by its spelling: it is looked up first."""
    with pytest.raises(ParameterError) as error:
        check_parameters(changed(given))
    assert error.value.todo == f"did you mean '{named}'?"


def test_each_new_parameter_is_one() -> None:
    """The table names what there is."""
    good = changed()
    for new in PARAMETERS.values():
        group, _, name = new.partition(".")
        assert group in good
        assert not name or name in good[group]


@pytest.mark.parametrize(("old", "new"), PIPELINES.items())
@pytest.mark.usefixtures("kedro_project")
def test_an_old_pipeline_stops_with_its_new_name(old: str, new: str) -> None:
    """The new one is there, the old one is answered in words; a name that never was is none."""
    pipelines = register_pipelines()
    assert new in pipelines
    with pytest.raises(ClickException, match=f"did you mean '{new}'"):
        pipelines[old]
    with pytest.raises(KeyError):
        pipelines["never"]


def test_a_version_from_before_is_read_as_one_of_now(tmp_path: Path) -> None:
    """Columns, codes, metrics and file names of before give the same version; so `diff` misreads none."""
    before, now = tmp_path / "before", tmp_path / "now"
    for root in (before, now):
        write_version(root, version(FIRST, obstacles={LOW: "no_prompt"}))
    _as_before(before)
    assert "edited_video_cut_off" in pl.read_parquet(before / PATHS["verdicts"]).columns
    old, new = (folder_store(root).open(None) for root in (before, now))
    assert old.verdicts is not None
    assert new.verdicts is not None
    assert old.not_exported is not None
    assert new.not_exported is not None
    assert_frame_equal(old.verdicts, new.verdicts)
    assert_frame_equal(old.not_exported, new.not_exported)
    assert (old.settings, old.exported_count) == (new.settings, new.exported_count)


def test_a_table_from_before_is_loaded_under_new_names(tmp_path: Path) -> None:
    """Columns and codes are those of now; a table of now is as it is, and other columns stay."""
    path = tmp_path / "table.parquet"
    pl.DataFrame(
        {
            "edited_video_cut_off": [8.0],
            "edited_video_outcome": ["tainted"],
            "reject_reason": ["below_cut_off"],
            "anchor_index": [3],
            "prompt": ["tainted"],
        }
    ).write_parquet(path)
    expected = pl.DataFrame(
        {
            "edited_video_threshold": [8.0],
            "edited_video_outcome": ["imputed"],
            "reject_reason": ["below_threshold"],
            "sampled_frame_index": [3],
            "prompt": ["tainted"],
        }
    )
    loaded = TableDataset(filepath=str(path)).load().collect()
    assert_frame_equal(loaded, expected)
    assert_frame_equal(with_new_names(expected.lazy()).collect(), expected)


def test_an_empty_table_is_read(tmp_path: Path) -> None:
    """No rows and no columns are as good as any."""
    assert with_new_names(pl.LazyFrame()).collect().is_empty()
    assert renamed_column("id") == "id"
    assert "a" not in FILES


SCHEMA = "tests.spec.test_old_names.JOURNAL_SCHEMA"
JOURNAL_SCHEMA = pa.schema([("key", pa.string()), ("value", pa.int64())])


def test_a_journal_under_its_old_name_goes_on(tmp_path: Path) -> None:
    """Its rows are those of the journal under the new name; where both are there, neither is touched."""
    old, new = tmp_path / "twins.journal", tmp_path / "near_duplicates.journal"
    rows = pa.table({"key": ["a"], "value": [1]}, JOURNAL_SCHEMA)
    with Journal(old, JOURNAL_SCHEMA) as journal:
        journal.append(rows)
    journal = JournalDataset(filepath=str(new), schema=SCHEMA).load()
    assert not old.exists()
    assert journal.read().equals(rows)
    old.write_bytes(b"another")
    JournalDataset(filepath=str(new), schema=SCHEMA).load()
    assert old.read_bytes() == b"another"
    assert new.is_file()


def test_answers_from_before_are_found() -> None:
    """The key of an answer is made of facts under their first names, whatever these are called in the code."""
    facts = ScoreSettings(ScoreScale(25, 4)).as_facts()
    assert facts == {
        "rubric": {"score_range": 25, "passes": 4},
        "seed": 42,
        "max_tries": 3,
        "is_constrained": False,
        "has_labels": False,
    }


def test_the_golden_results_differ_in_names_alone() -> None:
    """The golden file of before, with the members of `renames.json` renamed, is that of now."""
    renames = json.loads((GOLDEN / "renames.json").read_text(encoding="utf-8"))

    def renamed(value: object) -> object:
        if isinstance(value, dict):
            return {renames.get(key, key): renamed(inner) for key, inner in value.items()}
        return [renamed(inner) for inner in value] if isinstance(value, list) else value

    before, now = (
        json.loads((GOLDEN / f"curate_threshold_8.5{end}.json").read_text(encoding="utf-8"))
        for end in ("_before_renames", "")
    )
    assert before != now
    # What a default is for, not what it is called: at other than the published thresholds imputed scores are rejected now.
    before["metrics"]["tainted_scores"] = now["metrics"]["imputed_scores"]
    assert renamed(before) == now
    assert renames == KEYS
