"""Named variants: each is what `filter` makes with its parameters, and one that fails spoils no other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.pipelines.filter.test_pipeline import EXTRA, GOOD, make_catalog
from tests.test_parameters import GOOD as GOOD_PARAMETERS

from sparkle_curation.datasets import VariantsDataset
from sparkle_curation.datasets.reports.report_datasets import ReportCSVDataset
from sparkle_curation.errors import EmptyOutputError, ParameterError, ValidationError
from sparkle_curation.expectations.pages.reports import summarise
from sparkle_curation.parameters import check_parameters
from sparkle_curation.pipelines.filter.pipeline import create_pipeline as create_filter
from sparkle_curation.pipelines.variants.pipeline import create_pipeline

STRICT = {"threshold": 9.2}


def variants_catalog(folder: Path, variants: Mapping[str, Any], *, is_sound: bool = True) -> DataCatalog:
    """The catalog of `filter` with what `variants` reads beside it."""
    catalog = make_catalog(folder)
    broken = {
        "suite": ["annotations"],
        "table": ["annotations"],
        "rule": ["unique"],
        "kind": ["key"],
        "meaning": ["each id once"],
        "severity": ["critical"],
        "is_met": [False],
        "failed_count": [1],
        "failed_ids": ["a"],
    }
    summary = summarise([]) if is_sound else pl.DataFrame(broken)
    catalog["params:variants"] = MemoryDataset(variants)
    catalog["validation_summary"] = MemoryDataset(summary)
    catalog["data_docs"] = MemoryDataset("data_docs/index.html")
    for name in ("variants", "variants_before"):
        catalog[name] = VariantsDataset(filepath=str(folder / "variants"))
    catalog["variants_table"] = ReportCSVDataset(filepath=str(folder / "variants.csv"))
    return catalog


def run(folder: Path, variants: Mapping[str, Any], **sound: bool) -> DataCatalog:
    """The catalog after the pipeline has run."""
    catalog = variants_catalog(folder, variants, **sound)
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


def exported(catalog: DataCatalog, name: str) -> list[str]:
    """The samples of a variant on disk."""
    return sorted(catalog.load("variants")[name]()["id"])


def files(folder: Path) -> dict[str, bytes]:
    """Each file below a folder with what is in it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_each_variant_has_its_parameters(tmp_path: Path) -> None:
    """Without changes it is the very variant of `filter`, card and all; the table counts both."""
    catalog = run(
        tmp_path,
        {"same": {}, "strict": STRICT, "held_out": {"split": {"val_share": 0.99, "grouped_by": "file"}}},
    )
    SequentialRunner().run(create_filter(), catalog)
    assert files(tmp_path / "variants" / "same") == files(tmp_path / "variant")
    assert exported(catalog, "same") == [GOOD, EXTRA]
    assert exported(catalog, "strict") == [EXTRA]
    assert set(catalog.load("variants")["held_out"]()["split"]) == {"val"}
    table = catalog.load("variants_table")
    assert table.filter(theme="total").select("variant", "known", "exported", "val", "error").rows() == [
        ("same", 3, 2, 0, None),
        ("strict", 3, 1, 0, None),
        ("held_out", 3, 2, 2, None),
    ]
    assert table.filter(variant="strict")["edited_video_threshold"].unique().to_list() == [9.2]
    assert (tmp_path / "variants/strict/README.md").read_text(encoding="utf-8").count("threshold=9.2") == 1


def test_a_variant_that_fails_spoils_no_other(tmp_path: Path) -> None:
    """It is told at the end and stands in the table; its folder of before stays, and so does one that is not named."""
    run(tmp_path, {"first": {}, "last": {}, "old": {}})
    before = files(tmp_path / "variants" / "first")
    with pytest.raises(EmptyOutputError) as caught:
        run(tmp_path, {"first": {"threshold": 10}, "last": STRICT})
    assert "variants.first" in str(caught.value.where)
    assert "--params variants.first.threshold=8" in str(caught.value.todo)
    catalog = variants_catalog(tmp_path, {})
    assert files(tmp_path / "variants" / "first") == before
    assert exported(catalog, "last") == [EXTRA]
    assert exported(catalog, "old") == [GOOD, EXTRA]
    table = catalog.load("variants_table")
    assert table.filter(variant="first").select("theme", "exported").rows() == [("total", None)]
    assert "reject every sample" in table.filter(variant="first")["error"].item()


def test_a_variant_does_not_lose_a_theme(tmp_path: Path) -> None:
    """Pairs of a theme that no table knows any more stay, unless the variant is told that they may go."""
    run(tmp_path, {"mine": {}})
    prompts = tmp_path / "variants/mine/prompts"
    (prompts / "time_train.csv").write_bytes((prompts / "style_train.csv").read_bytes())
    with pytest.raises(EmptyOutputError, match="pairs of time there"):
        run(tmp_path, {"mine": STRICT})
    assert (prompts / "time_train.csv").is_file()
    run(tmp_path, {"mine": {"allow_empty": True}})
    assert not (prompts / "time_train.csv").exists()


def test_tables_pass_the_gate_first(tmp_path: Path) -> None:
    """A broken critical rule stops the run before any variant is made."""
    with pytest.raises(ValidationError, match="nothing is exported"):
        run(tmp_path, {"mine": {}}, is_sound=False)
    assert not (tmp_path / "variants").exists()


def test_no_variant_is_an_empty_folder(tmp_path: Path) -> None:
    """And a table without rows."""
    catalog = run(tmp_path, {})
    assert list((tmp_path / "variants").iterdir()) == []
    assert catalog.load("variants_table").is_empty()


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        ({"a": {"treshold": 9}}, "did you mean 'variants.a.threshold'"),
        ({"a": {"split": {"sed": 9}}}, "did you mean 'variants.a.split.seed'"),
        ({"a": {"threshold": 11}}, "--params variants.a.threshold="),
        ({"a": {"thresholds": {"edited_vido": 9}}}, "did you mean 'variants.a.thresholds.edited_video'"),
        ({"a/b": {}}, "letters, digits"),
        ({"a": {}, "A": {}}, "letters, digits"),
        ({"a": 9}, "letters, digits"),
        (9, "letters, digits"),
    ],
)
def test_a_wrong_parameter_is_answered_before_anything_runs(variants: object, told: str) -> None:
    """An unknown one with the one that was meant, a wrong value with what is allowed, and no name that is no folder."""
    with pytest.raises(ParameterError) as caught:
        check_parameters(GOOD_PARAMETERS | {"variants": variants})
    assert told in str(caught.value)
