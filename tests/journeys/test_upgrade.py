"""Data of an earlier version under today's code: each pipeline renews its outputs or stops in words, and misreads nothing.

The earlier version is the commit before the formats of files were changed for the first time. It makes a data root with its
own code, which today's pipelines are given, each for itself, and then all together.
"""

from __future__ import annotations

import io
import logging
import os
import pkgutil
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from kedro.framework.session import KedroSession
from omegaconf import OmegaConf
from tests.conftest import CHECKOUT, Project
from tests.made.formats import format_versions
from tests.models.loopback import NAME, Behaviour, serve

import sparkle_curation.pipelines
from sparkle_curation.engine.io.format_version import FORMAT_VERSION
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import MissingTableError, SparkleError
from sparkle_curation.scoring.batches import JOURNAL_SCHEMA
from sparkle_curation.spec.stages import STAGES

pytestmark = pytest.mark.slow

EARLIER = "aeac14c"
RENAMED_JOURNALS = {"twins": "near_duplicates"}
EVERYTHING = ("manifest", "curate", "report", "score", "ground", "agreement")
"""What makes tables and journals that others read; what hashes frames had another name then."""

STOPPED_FOR_WANT_OF_SCORES = {"validate", "filter", "score", "agreement", "variants"}
"""Pipelines that read the tables of scores, which got a folder of their own: they ask for ``ingest`` first."""
STOPPED_FOR_WANT_OF_COLUMNS = {
    *("assemble", "camera", "edges", "filter", "gate", "ground", "near_duplicates", "profiles", "report"),
    *("signals", "track"),
}
"""Pipelines that read the media, which have more columns now: they ask for ``inspect`` first."""
STOPPED_FOR_WANT_OF_A_VARIANT = {"paper", "training_kit", "extract", "keep", "publish"}
"""Pipelines that go on from a variant: one of before has no record, and other names in its metrics."""
LEFT_OUT = {
    "consistency",
    "plots_page",
    "bench_build",
    "bench_evaluate",
    "bench_ingest",
    "bench_outputs",
    "bench_published",
    "bench_report",
    "download",
    "exclude",
    "link",
    "mix",
    "mix_diff",
    *("clips", "instruct", "forecast", "join"),
    *("edit_frame0", "remove_foreground", "background_video", "synthesize"),
}
"""Pipelines whose outputs no other reads, and which take long; those of the benchmark, which there was not then; what asks
the hub; what asks which clip, folder or other data root; and what makes new samples, of which there were none then."""
PIPELINES = [
    module.name
    for module in pkgutil.iter_modules(sparkle_curation.pipelines.__path__)
    if module.ispkg and module.name not in LEFT_OUT
]


def extract_earlier(folder: Path) -> None:
    """Write the files of the earlier commit; skips where git or its history is not at hand."""
    command = ["git", "-C", str(CHECKOUT), "archive", EARLIER]
    try:
        archive = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no git to take the earlier version from")
    if archive.returncode:
        pytest.skip(f"this clone does not have {EARLIER}: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


def asking(scores: str, boxes: str) -> dict[str, object]:
    """The parameters with which two samples are scored and grounded by servers at these addresses."""
    groups = {"score": scores, "ground": boxes}
    model = {"model.backend": "server", "model.name": NAME, "limit": 2}
    return {f"{group}.{name}": value for group in groups for name, value in model.items()} | {
        f"{group}.model.url": url for group, url in groups.items()
    }


@pytest.fixture(scope="module")
def params() -> Iterator[dict[str, object]]:
    """The parameters of all runs, of then and of now; two servers answer meanwhile."""
    score = Behaviour(text='{"reasoning": "fine", "score": [20, 21]}')
    boxes = Behaviour(text='[{"bbox_2d": [100, 100, 300, 400], "label": "x"}]')
    with serve(None, score) as scores_url, serve(None, boxes) as boxes_url:
        yield {"threshold": 8.5, **asking(scores_url, boxes_url)}


@pytest.fixture(scope="module")
def earlier(
    params: dict[str, object], sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data root that the earlier version made with all its pipelines. Read only."""
    folder = tmp_path_factory.mktemp("earlier")
    extract_earlier(folder / "project")
    project = Project(sample_release, folder / "data", params)
    finished = subprocess.run(
        project.command("--pipelines", ",".join([*EVERYTHING, *RENAMED_JOURNALS])),
        cwd=folder / "project",
        env=os.environ
        | {
            "PYTHONPATH": str(folder / "project" / "src"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "DO_NOT_TRACK": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return project.data_root


@pytest.fixture(scope="module")
def fresh(
    kedro_project: Path,
    params: dict[str, object],
    sample_release: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """What today's version makes where there was nothing. Read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("fresh") / "data", params)
    run(project, [*EVERYTHING, *RENAMED_JOURNALS.values()])
    return project


@pytest.fixture
def upgraded(kedro_project: Path, earlier: Path, fresh: Project, tmp_path: Path) -> Project:
    """A copy of the earlier data root, under today's code."""
    shutil.copytree(earlier, tmp_path / "data")
    return replace(fresh, data_root=tmp_path / "data")


def run(project: Project, pipelines: Sequence[str], **params: object) -> None:
    """Run pipelines together in this process, as ``Project.run_here`` does one."""
    runtime = OmegaConf.to_container(OmegaConf.from_dotlist(project.param_items(params)))
    with KedroSession.create(CHECKOUT, runtime_params=runtime) as session:
        session.run(pipeline_names=list(pipelines))


def contents(root: Path) -> dict[str, bytes]:
    """File -> its bytes, of all but journals."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    return {name: content for name, content in found.items() if not name.startswith("journals/")}


def differing(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """Files that hold something else than expected, but for pages and reports of a validation, which say when."""
    said_when = ("08_reporting/data_docs/", "08_reporting/validations/", "08_reporting/variant.html")
    names = [name for name in found if not name.startswith(said_when)]
    return [name for name in names if name not in expected or not is_same(name, found[name], expected[name])]


def is_same(name: str, content: bytes, expected: bytes) -> bool:
    """Whether two files hold the same; of tables that is columns, their types, and rows, whose order follows the files."""
    if not name.endswith(".parquet"):
        return content == expected
    table, other = (pl.read_parquet(io.BytesIO(each)) for each in (content, expected))
    return table.schema == other.schema and sorted(map(repr, table.rows())) == sorted(map(repr, other.rows()))


def check_journals(earlier: Path, root: Path) -> None:
    """Nothing, when each journal begins with what it held, under its own or its new name."""
    journals = sorted((earlier / "journals").glob("*.journal"))
    assert len(journals) > len(RENAMED_JOURNALS)
    for old in journals:
        new = root / "journals" / f"{RENAMED_JOURNALS.get(old.stem, old.stem)}.journal"
        kept = root / "journals" / old.name
        content = old.read_bytes()
        assert (new if new.is_file() else kept).read_bytes()[: len(content)] == content, old.name


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_each_pipeline_renews_or_stops_in_words(
    pipeline: str, earlier: Path, fresh: Project, upgraded: Project
) -> None:
    """What it writes from tables of before is what it writes from new ones; or it asks for those and writes nothing."""
    before = contents(upgraded.data_root)
    options = {"base": str(earlier)} if pipeline == "diff" else {}
    if pipeline in STOPPED_FOR_WANT_OF_SCORES | STOPPED_FOR_WANT_OF_COLUMNS:
        with pytest.raises(MissingTableError, match=r"kedro run --pipelines (ingest|inspect)") as stopped:
            run(upgraded, [pipeline], **options)
        assert stopped.value.got is not None
        old = Path(stopped.value.got.partition(",")[0])
        assert old.is_file() or stopped.value.got.startswith("no column lost_frame_count")
        # What bounds are worth is of verdicts and signals alone, and its step may be done by then.
        of_itself = {"08_reporting/signal_precision.csv"}
        now = contents(upgraded.data_root)
        assert {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)} <= of_itself
    elif pipeline in STOPPED_FOR_WANT_OF_A_VARIANT:
        with pytest.raises(SparkleError, match=r"kedro run --pipelines (curate|filter|training_kit)"):
            run(upgraded, [pipeline])
        assert contents(upgraded.data_root) == before
    else:
        run(upgraded, [pipeline], **options)
        written = {
            name: content
            for name, content in contents(upgraded.data_root).items()
            if before.get(name) != content
        }
        of_no_other = (
            "07_model_output/audit_sample",
            "08_reporting/variant_diff",
            "08_reporting/prune_counts",
            "08_reporting/merge_counts",
        )  # the fresh root has none
        assert (
            differing(
                {name: each for name, each in written.items() if not name.startswith(of_no_other)},
                contents(fresh.data_root),
            )
            == []
        )
    check_journals(earlier, upgraded.data_root)


def test_a_variant_of_before_is_the_same_variant(earlier: Path, upgraded: Project) -> None:
    """`diff` reads the old names on both sides: no sample differs, and the thresholds are told."""
    run(upgraded, ["diff"], base=str(earlier))
    assert pl.read_parquet(upgraded.output("08_reporting", "variant_diff.parquet")).is_empty()
    summary = upgraded.output("08_reporting", "variant_diff_summary.md").read_text(encoding="utf-8")
    assert "threshold=8.5" in summary


def test_what_is_read_of_before_is_not_misread(fresh: Project, upgraded: Project, tmp_path: Path) -> None:
    """Rescores and groups of before give the variant that new ones give; media without today's columns are refused."""
    anew = replace(fresh, data_root=Path(shutil.copytree(fresh.data_root, tmp_path / "fresh")))
    run(upgraded, ["ingest"])
    with pytest.raises(MissingTableError, match="kedro run --pipelines inspect"):
        run(upgraded, ["filter"])
    run(upgraded, ["inspect"])
    for project in (upgraded, anew):
        run(
            project,
            ["filter", "agreement"],
            score_source="rescored_else_released",
            **{"split.val_share": 0.3, "split.grouped_by": "picture"},
        )
    before = contents(fresh.data_root)
    written = {
        name: content
        for name, content in contents(anew.data_root).items()
        if before.get(name) != content or name.startswith("08_reporting/agreement")
    }
    assert {"03_primary/verdicts.parquet/location.parquet", "08_reporting/agreement.csv"} <= set(written)
    after = contents(upgraded.data_root)
    assert differing({name: after[name] for name in written}, written) == []


def test_a_whole_run_renews_all(
    earlier: Path, fresh: Project, upgraded: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Each output is that of a fresh root and says its format, but metrics; what old names are left is named, and stays."""
    with caplog.at_level(logging.INFO):
        run(upgraded, [*EVERYTHING, *RENAMED_JOURNALS.values()])
    found, expected = contents(upgraded.data_root), contents(fresh.data_root)
    assert differing(expected, found) == []
    assert differing({name: found[name] for name in expected}, expected) == []
    versions = format_versions(upgraded.data_root)
    assert {name for name in versions if name in expected and versions[name] is None} == {
        f"08_reporting/{name}_metrics.json" for name in ("agreement", "curation")
    }
    assert set(versions.values()) == {FORMAT_VERSION, None}
    left = {name for name in found if name not in expected}
    assert left == {
        *(f"02_intermediate/{stage.table}.parquet" for stage in STAGES),
        "08_reporting/samples_not_emitted.csv",
        "08_reporting/threshold_sweep.csv",
        "08_reporting/twin_counts.csv",
    }
    assert all(str(upgraded.output(*name.split("/"))) in caplog.text for name in left)
    assert "twins.journal: this journal is called near_duplicates.journal now" in caplog.text
    check_journals(earlier, upgraded.data_root)


def test_answers_of_before_are_still_rows_of_the_journal(earlier: Path, upgraded: Project) -> None:
    """They are read with today's columns, and pruning what no run has spoken of drops none."""
    run(upgraded, ["prune"], **{"prune.is_dry": False})
    journal = Journal(upgraded.output("journals", "score.journal"), JOURNAL_SCHEMA)
    with journal:
        rows = journal.read()
    assert rows.num_rows
    assert rows.schema.names == JOURNAL_SCHEMA.names
    check_journals(earlier, upgraded.data_root)
