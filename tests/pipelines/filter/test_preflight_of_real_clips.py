"""The preflight compared with Kiwi-Edit's loader, done on real files: what it says of each pair is what happens."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project
from tests.loader.fabricated_pairs import CASES, MAX_PIXELS, NUM_FRAMES, THEME, Case, id_of, write_release
from tests.loader.reference_loader import Clip, Options, Row, load_csv

from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.pair_files import SIDES
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.spec.layout import annotations_csv_path
from sparkle_curation.spec.tables.preflight import PairOutcome, PairReason

SETTINGS = {"num_frames": NUM_FRAMES, "max_pixels": MAX_PIXELS}


@pytest.fixture(scope="module")
def curated(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The fabricated release, curated once."""
    root = tmp_path_factory.mktemp("fabricated")
    write_release(root / "release")
    project = Project(root / "release", root / "data", {"missing_scores": "keep"})
    project.run_here("curate", params={f"preflight.{name}": value for name, value in SETTINGS.items()})
    return project


@pytest.fixture(scope="module")
def preflight(curated: Project) -> pl.DataFrame:
    """The preflight of the fabricated release."""
    return pl.read_parquet(curated.output("03_primary", "preflight.parquet"))


def rows_by_id(csv: Path, base: Path, options: Options) -> dict[str, Row]:
    """What the loader does with each row of a CSV."""
    return {row.task: row for row in load_csv(csv, base, options)}


@pytest.fixture(scope="module")
def loaded(curated: Project) -> dict[str, Row]:
    """What the loader does with each row of the release."""
    csv = curated.release_root / annotations_csv_path(THEME)
    return rows_by_id(csv, curated.release_root, Options(**SETTINGS))


def test_every_pair_is_in_the_preflight(preflight: pl.DataFrame) -> None:
    """One row each, in the order of the CSV."""
    assert preflight["id"].to_list() == [id_of(case.name) for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))
def test_each_fault_is_reported_by_its_reason(
    case: Case, preflight: pl.DataFrame, loaded: dict[str, Row]
) -> None:
    """The reasons are those of the fault, and the outcome is what the loader does with the files."""
    found = preflight.row(by_predicate=pl.col("id") == id_of(case.name), named=True)
    row = loaded[id_of(case.name)]
    assert tuple(found["reasons"]) == tuple(reason.value for reason in case.reasons), found["detail"]
    worst = max((reason.outcome for reason in case.reasons), key=list(PairOutcome).index, default="loads")
    assert found["outcome"] == worst
    if case.is_stricter:
        assert (row.error, found["outcome"]) == (None, "refused")
    elif found["outcome"] != "refused":
        assert (row.error is not None) == (found["outcome"] == "replaced"), row.error
    if row.error is None and not case.is_stricter:
        assert loaded_clips(found) == (row.source, row.edited)
    assert (found["detail"] is None) == (not case.reasons)


def loaded_clips(found: dict[str, object]) -> tuple[Clip, ...]:
    """What the preflight says is loaded, source first."""
    names = ("frame_count", "width_px", "height_px")
    return tuple(Clip(*(found[f"{side.name}_loaded_{name}"] for name in names)) for side in SIDES)


def test_faults_are_reported_from_each_other() -> None:
    """Every reason is tried, but for the one of what was not downloaded; and no two kinds of fault have the same ones."""
    told = {reason for case in CASES for reason in case.reasons}
    assert set(PairReason) - told == {PairReason.NOT_INSPECTED}


def test_the_variant_trains_without_a_replacement(curated: Project, preflight: pl.DataFrame) -> None:
    """The promise: the loader takes every row of the exported CSV."""
    csv = curated.output("05_model_input", "kiwi_edit", "prompts", f"{THEME}_train.csv")
    rows = rows_by_id(csv, curated.release_root, Options(**SETTINGS))
    assert list(rows) == preflight.filter(~pl.col("is_dropped"))["id"].to_list()
    assert {row.task: row.error for row in rows.values() if row.error} == {}


def test_reports_list_what_was_dropped_and_what_trains_badly(curated: Project) -> None:
    """Both groups, each pair with its reasons and what was found."""
    expected: dict[str, list[str]] = {"dropped": [], "warnings": []}
    for case in CASES:
        outcomes = {reason.outcome for reason in case.reasons}
        if outcomes:
            expected[
                "dropped" if outcomes & {PairOutcome.REFUSED, PairOutcome.REPLACED} else "warnings"
            ].append(id_of(case.name))
    for name, ids in expected.items():
        report = pl.read_csv(curated.output("08_reporting", f"preflight_{name}.csv"))
        assert report["id"].to_list() == ids
        assert report["detail"].null_count() == 0


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"num_frames": 9},
        {"num_frames": 1},
        {"num_frames": 12, "max_pixels": 5000},
        {"max_pixels": 64 * 36, "num_frames": 5},
        {"height": 40, "width": 100},
    ],
    ids=str,
)
def test_other_settings_are_followed_too(curated: Project, settings: dict[str, int]) -> None:
    """With other frames and sizes other pairs load; the preflight says the same ones as the loader."""
    annotations, media = (
        pl.read_parquet(curated.output("02_intermediate", f"{name}.parquet"))
        for name in ("annotations", "media")
    )
    found = check_pairs(annotations, media, LoaderSettings(**settings))
    csv = curated.release_root / annotations_csv_path(THEME)
    rows = rows_by_id(csv, curated.release_root, Options(**settings))
    for each in found.to_dicts():
        row = rows[each["id"]]
        assert row.error is None or each["is_dropped"], (each, row.error)
        if row.error is None:
            assert each["outcome"] != "replaced", each
        if not each["is_dropped"]:
            assert loaded_clips(each) == (row.source, row.edited)
