"""A version is read alike from the data root, from another folder, and from git and DVC."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kedro.config import AbstractConfigLoader, OmegaConfigLoader
from kedro.io import DatasetError
from polars.testing import assert_frame_equal
from tests.datasets.variant.kept_versions import (
    FIRST,
    KEPT,
    LOW,
    NEW,
    PATHS,
    SECOND,
    folder_store,
    git,
    keep_versions,
    store_of,
    use_remote,
    write_version,
)
from tests.made.formats import make_newer
from tests.made.tables import THRESHOLDS
from tests.made.versions import version

from sparkle_curation.datasets import ReportCSVDataset, VariantStoreDataset
from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.errors import VersionError
from sparkle_curation.variant.versions.diff import compare
from sparkle_curation.variant.versions.version import CurationSettings


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with DVC and two versions; read only."""
    folder = tmp_path_factory.mktemp("repository")
    keep_versions(folder)
    return folder


@pytest.fixture
def copied(repository: Path, tmp_path: Path) -> Path:
    """A copy of the repository, to be broken."""
    return Path(shutil.copytree(repository, tmp_path / "copy", symlinks=True))


# ------------------------------------------------------------------ folders
@pytest.mark.parametrize("name", ["workspace", "", None])
def test_the_data_root_is_the_workspace(tmp_path: Path, name: str | None) -> None:
    """All that a curation left is there."""
    made = version(FIRST, obstacles={LOW: "no_prompt"})
    write_version(tmp_path, made)
    opened = folder_store(tmp_path).open(name)
    assert opened.name == "workspace"
    assert opened.verdicts is not None
    assert made.verdicts is not None
    assert_frame_equal(opened.samples, made.samples)
    assert_frame_equal(opened.verdicts, made.verdicts)
    assert opened.settings == CurationSettings(THRESHOLDS, "reject", "keep")
    assert opened.not_exported is not None
    assert opened.not_exported["reason"].to_list() == ["no_prompt"]
    assert opened.source_files is not None
    assert opened.commit is None


def test_reports_are_read_as_they_were_before_they_were_saved(tmp_path: Path) -> None:
    """Without the apostrophe that keeps a spreadsheet from calculating a text."""
    made = version(FIRST, obstacles={LOW: "=1+1"}, unloadable={KEPT: "'@x"})
    write_version(tmp_path, made)
    for report, table in (("not_exported", made.not_exported), ("unloadable", made.unloadable)):
        assert table is not None
        ReportCSVDataset(filepath=str(tmp_path / PATHS[report])).save(table)
    opened = folder_store(tmp_path).open("workspace")
    assert opened.not_exported is not None
    assert_frame_equal(opened.not_exported, made.not_exported)
    assert opened.unloadable is not None
    assert_frame_equal(opened.unloadable, made.unloadable)


def test_verdicts_of_a_newer_format_are_refused(tmp_path: Path) -> None:
    """In words, and by the name of the version: they would be compared as what they are not."""
    write_version(tmp_path, version(FIRST))
    make_newer(tmp_path / PATHS["verdicts"])
    with pytest.raises(FormatVersionError, match="newer version of this project") as refused:
        folder_store(tmp_path).open("workspace")
    assert refused.value.where == f"workspace: {PATHS['verdicts']}"


def test_a_folder_is_another_data_root(tmp_path: Path) -> None:
    """Whatever the current one is; it need not exist."""
    write_version(tmp_path / "one", version(FIRST))
    opened = folder_store(tmp_path / "none").open(str(tmp_path / "one"))
    assert opened.samples["id"].to_list() == [KEPT, LOW]
    assert compare(opened, version(FIRST)).is_empty()


@pytest.mark.parametrize("folder", ["05_model_input/kiwi_edit", "05_model_input/kiwi_edit/prompts"])
def test_a_folder_of_csvs_is_a_version_without_verdicts(tmp_path: Path, folder: str) -> None:
    """The folder of the CSVs, or the one with `prompts/`: a download of the release is such a one."""
    write_version(tmp_path, version(FIRST))
    opened = folder_store(tmp_path).open(str(tmp_path / folder))
    assert opened.samples["id"].to_list() == [KEPT, LOW]
    assert opened.verdicts is None
    assert opened.settings == CurationSettings()


def test_the_sample_release_itself_can_be_compared_with(sample_release: Path, tmp_path: Path) -> None:
    """Its CSVs are read as they were published."""
    opened = folder_store(tmp_path).open(str(sample_release))
    assert opened.samples.height == 80
    assert opened.samples["original_scene"].null_count() == 0


def test_an_empty_variant_is_a_version(tmp_path: Path) -> None:
    """Thresholds that nothing passes leave no CSV, and metrics that say so."""
    write_version(tmp_path, version({KEPT: 1.0}))
    opened = folder_store(tmp_path).open("workspace")
    assert opened.samples.is_empty()
    assert compare(version({KEPT: 9.0}), opened)["reason"].to_list() == ["score:edited_frame0"]


def test_without_metrics_the_verdicts_give_the_thresholds(tmp_path: Path) -> None:
    """The policies are not known then."""
    write_version(tmp_path, version(FIRST))
    (tmp_path / PATHS["metrics"]).unlink()
    assert folder_store(tmp_path).open("workspace").settings == CurationSettings(THRESHOLDS)


def test_a_folder_without_a_variant_is_refused(tmp_path: Path) -> None:
    """What was looked for, and what to do."""
    with pytest.raises(
        VersionError, match=r"no training CSVs(.|\n)*05_model_input(.|\n)*kedro run --pipelines curate"
    ):
        folder_store(tmp_path).open("workspace")


def test_csvs_that_were_removed_are_not_an_empty_variant(tmp_path: Path) -> None:
    """The metrics say that there were some."""
    write_version(tmp_path, version(FIRST))
    shutil.rmtree(tmp_path / PATHS["prompts"])
    with pytest.raises(VersionError, match="no training CSVs"):
        folder_store(tmp_path).open("workspace")


def test_verdicts_of_another_curation_are_refused(tmp_path: Path) -> None:
    """As a run that was killed between two outputs leaves them."""
    write_version(tmp_path, version(FIRST))
    verdicts = version(SECOND).verdicts
    assert verdicts is not None
    verdicts.write_parquet(tmp_path / PATHS["verdicts"])
    with pytest.raises(VersionError, match=f"not of one curation(.|\n)*{LOW}"):
        folder_store(tmp_path).open("workspace")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (PATHS["verdicts"], b"PAR1 and no more"),
        (PATHS["metrics"], b"{"),
        pytest.param(PATHS["metrics"], b"[" * 100_000, id="metrics that nest deeply"),
        pytest.param(
            f"{PATHS['prompts']}/location_train_metadata.jsonl",
            b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            id="metadata that nest deeply",
        ),
        (PATHS["metrics"], b'{"thresholds": {}}'),
        (f"{PATHS['prompts']}/location_train.csv", b"prompt,src_video\nx\n"),
        (f"{PATHS['prompts']}/location_train_metadata.jsonl", b'{"id": 1'),
        (f"{PATHS['prompts']}/location_train_metadata.jsonl", b'{"id": "x"}'),
    ],
)
def test_a_file_that_no_curation_wrote_is_named(tmp_path: Path, path: str, content: bytes) -> None:
    """Not a traceback of the library that could not read it."""
    write_version(tmp_path, version(FIRST))
    (tmp_path / path).write_bytes(content)
    with pytest.raises(VersionError, match="not what a curation writes") as caught:
        folder_store(tmp_path).open("workspace")
    assert str(caught.value.where).startswith(f"workspace: {path.removesuffix('_metadata.jsonl')[:40]}")


# ------------------------------------------------------------------ git and DVC
@pytest.mark.parametrize(("name", "samples"), [("HEAD~1", FIRST), ("HEAD", SECOND), ("main", SECOND)])
def test_a_revision_is_read_from_git_and_dvc(repository: Path, name: str, samples: dict[str, float]) -> None:
    """The CSVs and verdicts from DVC's cache, the reports from git; nothing is checked out."""
    made = version(samples)
    before = sorted((path, path.stat().st_mtime_ns) for path in (repository / "data").rglob("*"))
    opened = store_of(repository).open(name)
    assert_frame_equal(opened.samples, made.samples)
    assert opened.verdicts is not None
    assert made.verdicts is not None
    assert_frame_equal(opened.verdicts, made.verdicts)
    assert opened.settings.thresholds == THRESHOLDS
    assert opened.commit == git(repository, "rev-parse", name)
    assert sorted((path, path.stat().st_mtime_ns) for path in (repository / "data").rglob("*")) == before


def test_revisions_are_compared(repository: Path) -> None:
    """The difference of the last two commits, and of the last one and the work tree."""
    store = store_of(repository)
    diff = compare(store.open("HEAD~1"), store.open("HEAD"))
    assert diff.select("id", "change", "detail").rows() == [
        (LOW, "removed", "score:edited_video 8.2 -> 7.9"),
        (NEW, "added", "source_added"),
    ]
    assert compare(store.open("HEAD"), store.open("workspace")).is_empty()


def test_an_experiment_is_a_revision(copied: Path) -> None:
    """By the name that `dvc exp show` gives."""
    head, first = git(copied, "rev-parse", "HEAD"), git(copied, "rev-parse", "HEAD~1")
    git(copied, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/loose-newt", first)
    assert store_of(copied).open("loose-newt").commit == first


def test_a_data_root_elsewhere_does_not_move_the_revisions(repository: Path, tmp_path: Path) -> None:
    """With `--params data_root=...`, the workspace is there, and revisions have theirs where the globals say."""
    write_version(tmp_path, version({KEPT: 9.0}))
    store = store_of(repository, data_root=tmp_path)
    assert store.open("workspace").samples.height == 1
    assert store.open("HEAD").samples.height == 2


def test_a_project_in_a_subfolder_is_found(tmp_path: Path) -> None:
    """Its `.dvc` is not at the root of the git repository."""
    keep_versions(tmp_path, project="curation")
    assert store_of(tmp_path, project="curation").open("HEAD~1").samples["id"].to_list() == [KEPT, LOW]


@pytest.mark.parametrize("level", ["local", "repo"])
def test_what_the_cache_lacks_comes_from_the_remote(tmp_path: Path, level: str) -> None:
    """A fresh clone has fetched nothing yet, and its revisions are from before it was told of a remote."""
    keep_versions(tmp_path / "origin", remote=tmp_path / "remote")
    git(tmp_path, "clone", "--quiet", "origin", "clone")
    with pytest.raises(VersionError, match="cannot be read"):
        store_of(tmp_path / "clone").open("HEAD~1")
    use_remote(tmp_path / "clone", tmp_path / "remote", level)
    assert store_of(tmp_path / "clone").open("HEAD~1").samples["id"].to_list() == [KEPT, LOW]


def test_what_neither_cache_nor_remote_has_is_reported(copied: Path, tmp_path: Path) -> None:
    """A fresh clone without a remote: the names are known, the contents are nowhere."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(copied), str(clone))
    with pytest.raises(VersionError, match=r"cannot be read(.|\n)*kiwi_edit(.|\n)*dvc fetch"):
        store_of(clone).open("HEAD")


def test_a_single_file_that_the_cache_lacks_is_reported(copied: Path) -> None:
    """It is not taken for a version without verdicts, which would have no reasons."""
    verdicts = (copied / "data" / f"{PATHS['verdicts']}.dvc").read_text(encoding="utf-8")
    digest = next(line.split()[-1] for line in verdicts.splitlines() if "md5:" in line and "hash" not in line)
    (copied / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]).unlink()
    with pytest.raises(VersionError, match=r"cannot be read(.|\n)*verdicts\.parquet(.|\n)*dvc fetch"):
        store_of(copied).open("HEAD")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("HAED", r"neither a folder nor a git revision(.|\n)*HAED"),
        ("HEAD~9", r"neither a folder nor a git revision"),
        ("./nowhere", r"neither a folder nor a git revision"),
        ("HEAD~2", r"no training CSVs(.|\n)*HEAD~2 \([0-9a-f]{12}\)(.|\n)*dvc repro"),
    ],
)
def test_a_revision_that_has_no_variant_is_refused(repository: Path, name: str, message: str) -> None:
    """Unknown to git, or from before there was a variant."""
    with pytest.raises(VersionError, match=message):
        store_of(repository).open(name)


def test_a_data_root_outside_of_git_has_no_revisions(repository: Path, tmp_path: Path) -> None:
    """What the globals say decides."""
    dataset = VariantStoreDataset(
        path=str(tmp_path), repository={"path": str(repository), "data_root": str(tmp_path)}, files=PATHS
    )
    with pytest.raises(VersionError, match="not in the git repository"):
        dataset.load().open("HEAD")


def test_a_project_without_git_has_no_revisions(tmp_path: Path) -> None:
    """Folders can still be compared."""
    write_version(tmp_path, version(FIRST))
    with pytest.raises(VersionError, match=r"revision cannot be read(.|\n)*base=FOLDER"):
        folder_store(tmp_path).open("HEAD")
    assert folder_store(tmp_path).open(str(tmp_path)).samples.height == 2


# ------------------------------------------------------------------ the dataset
def test_versions_are_read_only(repository: Path) -> None:
    """A version is what a curation leaves."""
    dataset = VariantStoreDataset(
        path=str(repository), repository={"path": ".", "data_root": "data"}, files=PATHS
    )
    with pytest.raises(DatasetError, match="read only"):
        dataset.save("x")  # type: ignore[arg-type]


def test_the_catalog_names_the_files_as_the_other_pipelines_do(
    base_catalog: dict[str, dict[str, object]],
) -> None:
    """The paths stand twice, in the entries that write them and in the one that reads them; they are the same."""
    entry = base_catalog["variant_versions"]
    written = {
        "prompts": "variant_samples",
        "verdicts": "verdicts",
        "metrics": "curation_metrics",
        "not_exported": "samples_not_exported",
        "unloadable": "preflight_dropped",
        "source_files": "ingest_counts",
    }
    assert entry["files"] == PATHS
    in_the_variant = {"prompts": "/prompts"}
    for member, dataset in written.items():
        found = f"{base_catalog[dataset]['filepath']}{in_the_variant.get(member, '')}"
        assert found == f"{entry['path']}/{PATHS[member]}"


@pytest.fixture
def base_catalog(checkout: Path) -> dict[str, dict[str, object]]:
    """The catalog of conf/base."""
    loader: AbstractConfigLoader = OmegaConfigLoader(
        conf_source=str(checkout / "conf"), base_env="base", default_run_env="base"
    )
    catalog: dict[str, dict[str, object]] = loader["catalog"]
    return catalog
