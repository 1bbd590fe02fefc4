"""Which commit of the release on the hub references are to, and whether the files there are those that the tables know."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError, StaleTableError
from sparkle_curation.hub.client import COMMIT, Hub
from sparkle_curation.hub.origin import Origin
from sparkle_curation.hub.release_at_hub import find_release
from sparkle_curation.hub.settings import PublishSettings
from sparkle_curation.spec.description.active import dataset


def find_origin(hub: Hub, settings: PublishSettings, known: Origin | None) -> Origin:
    """Repository and commit of the release.

    Args:
        hub: asked only where a branch stands for a commit.
        settings: what goes before.
        known: what ``release_root`` says.

    Raises:
        ParameterError: nobody says which.
        ReleaseError: the hub has no such repository.
    """
    repository = settings.release_repository or (known.repository if known else dataset().repository) or ""
    commit = settings.release_commit or (known.commit if known else None)
    if not repository or (commit is None and known is None):
        raise ParameterError(
            "It is not known which commit of the release on the hub the references are to",
            where="publish.release_commit",
            got="null, and release_root is no download of this project and no address of the hub",
            allowed="the commit that the release at hand is a copy of",
            todo="copy it from the page of the repository (Files and versions): --params publish.release_commit=..., "
            "publish.release_repository=OWNER/NAME; or bring the release by kedro run --pipelines download, which notes it",
        )
    if commit is None or not COMMIT.fullmatch(commit):
        commit = find_release(hub, repository, commit).commit
    return Origin(repository, commit)


def check_references(hub: Hub, references: pl.DataFrame, source_files: AnyFrame) -> None:
    """Nothing, where each file that is referred to is on the hub and has the length that it had when it was ingested.

    Args:
        hub: where the release is.
        references: with ``repository``, ``commit``, ``file``, ``path``, ``size``; of one commit.
        source_files: tars that were ingested, with ``path`` and ``size_bytes``.

    Raises:
        StaleTableError: one is not, or has not.
    """
    if references.is_empty():
        return
    repository, commit = references.select("repository", "commit").row(0)
    listed = pl.DataFrame(
        [(file.path, file.size) for file in hub.files(repository, commit)],
        schema={"file": pl.String, "there": pl.Int64},
        orient="row",
    )
    tars = (
        source_files.lazy()
        .select(pl.col("path").alias("file"), pl.col("size_bytes").alias("known"))
        .unique("file")
    )
    is_loose = pl.col("file") == pl.col("path")
    files = (
        references.lazy()
        .unique("file", keep="first", maintain_order=True)
        .join(tars, on="file", how="left", maintain_order="left")
        .with_columns(known=pl.when(is_loose).then("size").otherwise("known"))
        .join(listed.lazy(), on="file", how="left", maintain_order="left")
        .select("file", "known", "there")
        .filter(pl.col("there").is_null() | (pl.col("there") != pl.col("known")))
        .collect()
    )
    if files.height:
        file, known, there = files.row(0)
        raise StaleTableError(
            "The files on the hub are not those that the references are to",
            where=f"{repository} at {commit}",
            got=f"{files.height:,} files that are absent or of another length, {file} among them: "
            f"{'absent' if there is None else f'{there:,} bytes'}",
            allowed=f"{known:,} bytes, as ingested" if known is not None else "a file that was ingested",
            todo="give the commit that the release at hand is a copy of: --params publish.release_commit=...; without any, "
            "--params publish.check_references=false says that you know better",
        )
