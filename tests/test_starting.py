"""The start of a command: what reads its YAML reads it as OmegaConf does, and it imports what it needs alone."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
from pathlib import Path

import omegaconf._utils as omegaconf_utils
import polars as pl
import pytest
import yaml
from kedro.pipeline import Node, Pipeline
from kedro.validation import DataValidationError, ValidationConfigurationError
from omegaconf import OmegaConf

from sparkle_curation import starting
from sparkle_curation.catalog import Catalog
from sparkle_curation.starting import begin_start, end_start, remember_inputs

ROOT = Path(__file__).parents[1]
OF_OMEGACONF = starting._loader_of_omegaconf  # also where a command was started in this process before


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setattr(omegaconf_utils, "get_yaml_loader", OF_OMEGACONF)
    end_start()
    yield
    end_start()


def test_each_file_of_the_configuration_reads_alike():
    """As OmegaConf reads it, interpolations as they stand."""
    paths = sorted((ROOT / "conf").rglob("*.yml"))
    before = [OmegaConf.load(path) for path in paths]
    begin_start()
    assert [OmegaConf.load(path) for path in paths] == before
    assert len(paths) > 80


def test_values_have_the_types_that_omegaconf_gives_them():
    """Of YAML 1.1, less dates, and numbers with an exponent alone."""
    begin_start()
    read = OmegaConf.create("{a: 1e3, b: 2026-11-29, c: 0o7, d: '1', e: ~, f: .5, g: yes, h: 1_000, i: 1:30}")
    expected = {"a": 1e3, "b": "2026-11-29", "c": "0o7", "d": "1", "e": None, "f": 0.5, "g": True, "h": 1000}
    assert OmegaConf.to_container(read) == {**expected, "i": 90}


def test_a_key_that_is_there_twice_is_refused_as_before():
    """One of the two values would be lost."""
    begin_start()
    with pytest.raises(yaml.constructor.ConstructorError, match="found duplicate key threshold"):
        OmegaConf.create("threshold: 8\nthreshold: 9\n")


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_libyaml_reads_where_it_is_there():
    """A parser in C is about ten times as fast."""
    begin_start()
    assert issubclass(omegaconf_utils.get_yaml_loader(), yaml.cyaml.CParser)


def test_garbage_is_looked_for_as_usual_once_the_start_is_over():
    """A run bounds its memory."""
    usual = gc.get_threshold()
    begin_start()
    begin_start()
    assert gc.get_threshold() > usual
    end_start()
    assert gc.get_threshold() == usual


def test_what_a_start_made_is_set_aside_once():
    """So that a process with many starts, such as this one, does not keep the garbage of each."""
    begin_start()
    end_start()
    set_aside = gc.get_freeze_count()
    assert set_aside > 10_000
    later = [[number] for number in range(1000)]
    end_start()
    assert gc.get_freeze_count() <= set_aside, later


def test_parameters_are_checked_without_importing_the_nodes_of_any_pipeline():
    """Those of all pipelines, which `kedro explore` asks for and runs none of."""
    told = "import sys, sparkle_curation.parameters; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    modules = run.stdout.split()
    assert "sparkle_curation.pipelines.score.params" in modules
    assert [each for each in modules if each.startswith("sparkle_") and each.endswith(".nodes")] == []


def _first(first: object, _second: object) -> object:
    return first


def test_a_pipeline_whose_inputs_are_remembered_tells_the_same():
    """To each asker a set of its own, and in another process too; which outputs it has does not depend on it."""
    pipeline = Pipeline([Node(_first, ["a", "params:p"], "b"), Node(_first, ["b", "a"], "c")])
    free = pipeline.inputs()
    remember_inputs(pipeline)
    pipeline.inputs().clear()
    assert pipeline.inputs() == free == {"a", "params:p"}
    again = pickle.loads(pickle.dumps(pipeline))  # noqa: S301 -- our own
    assert again.inputs() == free
    assert again.outputs() == pipeline.outputs() == {"c"}


def test_a_wrong_table_is_not_saved_and_pandera_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Our validators are made by our catalog; what one cannot be made of, Kedro tells."""
    monkeypatch.setitem(sys.modules, "kedro.validation.pandera_validator", None)  # its import would fail

    def entry(**validator: object) -> dict[str, object]:
        kind = "sparkle_curation.datasets.TableDataset"
        return {"type": kind, "filepath": str(tmp_path / "t.parquet"), "validator": validator}

    ours = "sparkle_curation.datasets.TableSchemaValidator"
    catalog = Catalog.from_config(
        {
            "assets": entry(**{"class": ours, "options": {"table": "assets"}}),
            "unknown": entry(**{"class": ours, "options": {"table": "none"}}),
        }
    )
    with pytest.raises(DataValidationError, match="has not the columns"):
        catalog.save("assets", pl.DataFrame({"id": ["a"]}))
    monkeypatch.undo()
    with pytest.raises(ValidationConfigurationError, match="no table none"):
        catalog.save("unknown", pl.DataFrame({"id": ["a"]}))
    assert not list(tmp_path.iterdir())
