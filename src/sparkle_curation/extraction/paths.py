"""Paths below a folder that may be written to: what is hostile, or would be two files in one place, is refused in words."""

from __future__ import annotations

import polars as pl

from sparkle_curation.errors import FileError

MANIFEST = "manifest.parquet"
WORK = ".extract"
"""What is ours in the folder: the manifest, and what a run has in hand."""

_UNSAFE = (
    rf"(?i)(^|/)\.{{0,2}}(/|$)|[\x00-\x1f\x7f]|^({MANIFEST.replace('.', '[.]')}|[{WORK[0]}]{WORK[1:]})(/|$)"
)
"""An absolute path, an empty part, `.` and `..`, a control character, and the names that are ours."""
_TODO = (
    "look at what is wanted; kedro run --pipelines ingest,training_kit makes the table again from the release"
)


def is_unsafe(path: pl.Expr) -> pl.Expr:
    """Whether a path would lead out of the folder that it stands below, or to what is ours there.

    >>> paths = ["a/b.mp4", "../b", "a/../b", "/etc/x", "a//b", "", ".extract/x", "Manifest.parquet", "a/..b"]
    >>> pl.select(is_unsafe(pl.lit(pl.Series(paths)))).to_series().to_list()
    [False, True, True, True, True, True, True, True, False]
    """
    return path.str.contains(_UNSAFE)


def check_paths(paths: pl.Series, where: object) -> None:
    """Nothing, where all paths can be written below one folder, on any file system.

    Args:
        paths: each once.
        where: what they stand in, for the error.

    Raises:
        FileError: one leads out of the folder, or two would be one file where upper and lower case are the same.
    """
    unsafe = paths.filter(pl.select(is_unsafe(pl.lit(paths))).to_series())
    if len(unsafe):
        raise FileError(
            "A path leads out of the folder that it shall be written to, or to what is ours there",
            where=where,
            got=f"{unsafe[0]!r}" + (f", and {len(unsafe) - 1:,} more" if len(unsafe) > 1 else ""),
            allowed="a path below the folder, without '..', '//' and control characters, and not "
            f"below {MANIFEST} or {WORK}",
            todo=_TODO,
        )
    files = pl.DataFrame({"path": paths}).with_columns(
        pl.col("path").str.normalize("NFC").str.to_lowercase().alias("folded"), pl.lit(True).alias("is_file")
    )
    folders = files
    everything = [files]
    while (folders := _parents(folders)).height:
        everything.append(folders)
    each = pl.concat(everything).unique(["path", "is_file"])
    clash = each.filter(pl.len().over("folded") > 1).sort("folded", "path").head(2)
    if clash.height:
        raise FileError(
            "Two paths would be one where upper and lower case are the same, or a file stands where a folder should be",
            where=where,
            got=" and ".join(map(repr, clash["path"])),
            allowed="paths that differ by more than upper and lower case",
            todo=_TODO,
        )


def _parents(entries: pl.DataFrame) -> pl.DataFrame:
    """The folders that entries lie in, each once; none for those directly in the root."""
    return (
        entries.filter(pl.col("path").str.contains("/", literal=True))
        .select(
            pl.col("path").str.replace(r"/[^/]*$", ""),
            pl.col("folded").str.replace(r"/[^/]*$", ""),
            pl.lit(False).alias("is_file"),
        )
        .unique()
    )
