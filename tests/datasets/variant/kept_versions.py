"""Versions of a variant on disk and in a git repository with DVC, for tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import polars as pl
from tests.made.versions import version

from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.datasets.variant.variant_store import VariantPaths, VariantStore, VariantStoreDataset
from sparkle_curation.variant.versions.version import VariantVersion

PATHS = {
    "prompts": "05_model_input/kiwi_edit/prompts",
    "verdicts": "03_primary/verdicts.parquet",
    "metrics": "08_reporting/curation_metrics.json",
    "not_exported": "08_reporting/samples_not_exported.csv",
    "unloadable": "08_reporting/preflight_dropped.csv",
    "source_files": "08_reporting/ingest_counts.csv",
}
KEPT, LOW, NEW = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"
FIRST = {KEPT: 9.0, LOW: {"edited_video": 8.2}}
SECOND = {KEPT: 9.0, LOW: {"edited_video": 7.9}, NEW: 8.6}


def write_version(root: Path, made: VariantVersion) -> None:
    """The files that a curation leaves in a data root."""
    assert made.verdicts is not None
    assert made.not_exported is not None
    assert made.unloadable is not None
    for path in PATHS.values():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    KiwiEditDataset(filepath=str((root / PATHS["prompts"]).parent)).save(made.samples)
    made.verdicts.write_parquet(root / PATHS["verdicts"])
    made.not_exported.write_csv(root / PATHS["not_exported"])
    made.unloadable.write_csv(root / PATHS["unloadable"])
    settings = made.settings
    metrics = {
        "thresholds": settings.thresholds,
        "missing_scores": settings.missing_scores,
        "imputed_scores": settings.imputed_scores,
        "total": {"exported": made.exported_count},
    }
    (root / PATHS["metrics"]).write_text(json.dumps(metrics), encoding="utf-8")
    row = {"path": "prompts/time_train.csv", "size_bytes": made.samples.height, "record_count": 1}
    pl.DataFrame([row | {"row_count": 1, "quarantined_count": 0}]).write_csv(root / PATHS["source_files"])


def git(repository: Path, *arguments: str) -> str:
    """What a git command says, run as somebody without settings."""
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    finished = subprocess.run(
        ["git", *who, *arguments], cwd=repository, capture_output=True, text=True, check=True
    )
    return finished.stdout.strip()


def use_remote(folder: Path, remote: Path, level: str = "local") -> None:
    """Make a folder the default remote of a DVC repository: for this clone only, or with ``repo`` for git to see."""
    from dvc.repo import Repo  # noqa: PLC0415 -- takes a second

    with Repo(str(folder)) as dvc, dvc.config.edit(level) as config:
        config["remote"] = {"store": {"url": str(remote)}}
        config["core"] = {"remote": "store"}


def keep_versions(repository: Path, *, project: str = "", remote: Path | None = None) -> None:
    """A new git repository whose last two commits have two versions of a variant; DVC has all but the reports.

    Args:
        repository: an empty folder.
        project: the folder in it where `.dvc` and `data/` are.
        remote: a folder that DVC pushes to.
    """
    from dvc.repo import Repo  # noqa: PLC0415 -- takes a second

    folder = repository / project
    folder.mkdir(parents=True, exist_ok=True)
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    Repo.init(str(folder), subdir=bool(project)).close()
    if remote:
        use_remote(folder, remote)
    with Repo(str(folder)) as dvc:
        for message, samples in {"First": FIRST, "Second": SECOND}.items():
            write_version(folder / "data", version(samples, name=message))
            dvc.add(
                [str(folder / "data" / "05_model_input/kiwi_edit"), str(folder / "data" / PATHS["verdicts"])]
            )
            if remote:
                dvc.push()
            git(repository, "add", "--all")
            git(repository, "commit", "--quiet", "--message", message)


def store_of(repository: Path, data_root: Path | None = None, project: str = "") -> VariantStore:
    """The store of a repository, as the catalog makes it."""
    folder = repository / project
    return VariantStoreDataset(
        path=str(data_root or folder / "data"),
        repository={"path": str(folder), "data_root": "data"},
        files=PATHS,
    ).load()


def folder_store(data_root: Path) -> VariantStore:
    """A store whose project is in no git repository."""
    return VariantStore(
        data_root=str(data_root), repository=data_root, tracked_root="data", paths=VariantPaths(**PATHS)
    )
