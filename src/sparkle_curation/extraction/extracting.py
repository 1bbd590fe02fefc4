"""A whole run: what is wanted is compared with what is there, room is made sure of, the rest is brought, and all is told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl

from sparkle_curation.engine.progress import byte_progress
from sparkle_curation.errors import (
    AssetError,
    EmptyOutputError,
    MissingTableError,
    ParameterError,
    SparkleError,
)
from sparkle_curation.extraction import manifest
from sparkle_curation.extraction.copying import MAX_FAILURES, Bringing, Done, Linking, items_of
from sparkle_curation.extraction.disk import check_room
from sparkle_curation.extraction.folder import WorkFolder, look, opened
from sparkle_curation.extraction.paths import check_paths
from sparkle_curation.extraction.plan import WANTED, Action, choose, decide, one_of_each, unwanted
from sparkle_curation.extraction.settings import ExtractSettings, Mode, as_folder, parse_shard
from sparkle_curation.extraction.sources import Sources
from sparkle_curation.extraction.unwanted import remove_unwanted
from sparkle_curation.extraction.verifying import tell_verified, verify
from sparkle_curation.ingest.assets.store import Asset
from sparkle_curation.ingest.release_files import ReleaseFiles

logger = logging.getLogger(__name__)

_THREADS_HERE, _THREADS_AFAR = 4, 16
"""A disk is busy with a few; a server far away answers many at once."""
_TRIED_LINKS = 3


def extract(
    wanted: pl.DataFrame,
    open_release: Callable[[], ReleaseFiles],
    default_folder: Path,
    settings: ExtractSettings,
    base_path: Path | None = None,
) -> pl.DataFrame:
    """Bring what is wanted, or compare what was brought with its manifest; counts by ``theme``, ``kind`` and ``outcome``.

    Args:
        wanted: the columns of ``assets``; without columns where the table was never made.
        open_release: gives the files of the release; not called to compare with the manifest.
        default_folder: where they go unless the settings say.
        settings: all else.
        base_path: what the trainer takes paths from; None for the folder.

    Raises:
        MissingTableError: the table was never made, or, to compare, no manifest.
        EmptyOutputError: nothing is wanted.
        ParameterError: the folder is the release, or lies in it.
        FileError: a path is hostile, or something else lies in a file's place.
        DiskError: there is not enough room.
        LockedError: another run does this share.
        AssetError: some files cannot be brought; all others were. Or, to compare, some are missing or different.
    """
    folder = as_folder(settings.folder) if settings.folder else default_folder.absolute()
    if settings.verify:
        return _verify(folder, settings)
    if not set(WANTED) <= set(wanted.columns):
        raise MissingTableError(
            "It is not known which media are wanted: a table is not there",
            where="wanted_media",
            todo="make it first: kedro run --pipelines training_kit",
        )
    if wanted.is_empty():
        raise EmptyOutputError(
            "No media are wanted",
            where="wanted_media",
            got="a table without rows",
            allowed="the media of one pair or more; what was extracted for another variant is not removed for nothing",
            todo="see why no pair is left: kedro run --pipelines curate says it stage by stage; then make the table again: "
            "kedro run --pipelines training_kit",
        )
    release = open_release()
    _check_place(folder, release, settings)
    sources = Sources(release, settings)
    wanted = one_of_each(wanted)
    check_paths(wanted["path"], "wanted_media.parquet")
    shard = parse_shard(settings.shard)
    choice = choose(wanted, shard, settings.max_bytes)
    part = manifest.part_name(shard)
    run = f"kedro run --pipelines extract --params extract.shard={shard}"
    with opened(folder.resolve(), part, run) as work:
        known = manifest.read_manifest(work.folder)
        decided = decide(choice.rows, look(work.folder, choice.rows["path"]), known, folder)
        linking = Linking()
        is_linked = _linked(decided, sources, linking, work)
        kept = decided.filter(pl.col("action") == Action.KEEP)
        check_room(
            work.folder, decided.filter(~is_linked, pl.col("action") == Action.BRING), int(kept["size"].sum())
        )
        start = time.monotonic()
        done = _bring(decided, sources, work, linking, settings)
        seconds = time.monotonic() - start
        old = unwanted(known, wanted)
        work.note()
        removed, busy = (
            remove_unwanted(work.folder, wanted, part, run) if settings.prune else (old.clear(), [])
        )
    for name in busy:
        logger.warning(
            "extract: %s of the manifest is in the hands of another run: nothing of it was removed", name
        )
    counts = _counts(kept, done, old, removed)
    _tell_failures(done, decided, folder)
    _tell(counts, choice.left_samples, choice.left_bytes, seconds, base_path or folder)
    return counts


def _verify(folder: Path, settings: ExtractSettings) -> pl.DataFrame:
    total = int(manifest.read_manifest(folder)["size"].sum())
    with byte_progress("comparing", total) as told:
        verified = verify(folder, settings.threads or _THREADS_HERE, _adding(told))
    tell_verified(verified, folder)
    return _counted(verified)


def _check_place(folder: Path, release: ReleaseFiles, settings: ExtractSettings) -> None:
    roots = [Path(release.root).expanduser()] if release.is_local else []
    if settings.mode == Mode.LINK and settings.extracted_root:
        roots.append(as_folder(settings.extracted_root))
    for root in roots:
        if folder.resolve().is_relative_to(root.resolve()):
            raise ParameterError(
                "Media cannot be extracted into the folder that they come from",
                where="extract.folder",
                got=folder,
                allowed=f"a folder outside of {root}",
                todo="--params extract.folder=/path/to/folder; a release whose tars are extracted in it needs no extract",
            )


def _linked(decided: pl.DataFrame, sources: Sources, linking: Linking, work: WorkFolder) -> pl.Expr:
    """Which rows become links; whether they can is tried with one, so that the room for copies is known before."""
    in_tar = pl.col("container").is_not_null()
    linked = pl.lit(value=False)
    for rows in (in_tar, ~in_tar):
        some = decided.filter(rows, pl.col("action") == Action.BRING).head(_TRIED_LINKS)
        assets = [Asset(*(row[name] for name in Asset._fields)) for row in some.iter_rows(named=True)]
        if not assets or not sources.is_linked(assets[0]):
            continue
        for asset in assets:
            with suppress(AssetError):  # told when it is its turn
                whole = sources.whole_file(asset)
                file = work.new_file()
                if whole is not None and linking.link(whole, file):
                    file.unlink()
                break
        if linking.fault is None:
            linked = linked | rows
    return linked


def _bring(
    decided: pl.DataFrame, sources: Sources, work: WorkFolder, linking: Linking, settings: ExtractSettings
) -> list[Done]:
    items = items_of(decided)
    threads = settings.threads or (_THREADS_HERE if sources.release.is_local else _THREADS_AFAR)
    with byte_progress("extracting", sum(item.asset.size for item in items)) as told:
        bringing = Bringing(sources, work, linking, _adding(told))
        return list(bringing.bring_all(items, threads))


def _adding(told: Callable[[int], None]) -> Callable[[int], None]:
    """What is told the sum of what many threads tell it."""
    lock, total = threading.Lock(), 0

    def add(count: int) -> None:
        nonlocal total
        with lock:
            total += count
            told(total)

    return add


# ------------------------------------------------------------------ what is told
def _counts(kept: pl.DataFrame, done: list[Done], old: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    rows = [
        (each.item.theme, each.item.asset.kind, each.item.asset.size, each.method or "there")
        for each in done
        if each.error is None
    ]
    schema = {"theme": pl.String, "kind": pl.String, "size": pl.Int64, "outcome": pl.String}
    brought = pl.DataFrame([(*row[:3], str(row[3])) for row in rows], schema=schema, orient="row")
    left = old.join(removed.select("path"), on="path", how="anti")
    parts = {"there": kept, "removed": removed, "not_wanted": left}
    others = [
        part.select("theme", "kind", "size", pl.lit(name).alias("outcome")) for name, part in parts.items()
    ]
    return _counted(pl.concat([brought, *others]))


def _counted(files: pl.DataFrame) -> pl.DataFrame:
    return (
        files.group_by("theme", "kind", "outcome")
        .agg(pl.len().cast(pl.Int64).alias("file_count"), pl.col("size").sum().alias("size_bytes"))
        .sort("theme", "kind", "outcome", nulls_last=True)
    )


def _tell_failures(done: list[Done], decided: pl.DataFrame, folder: Path) -> None:
    failed: list[SparkleError] = [each.error for each in done if each.error is not None]
    if not failed:
        return
    first, work = failed[0], decided.filter(pl.col("action") != Action.KEEP).height
    stopped = ", and no more were tried" if len(failed) >= MAX_FAILURES and len(done) < work else ""
    raise AssetError(
        f"{len(failed):,} of {work:,} files cannot be extracted{stopped}; "
        f"{len(done) - len(failed):,} others are in {folder}. "
        f"The first: {first.what[0].lower()}{first.what[1:]}",
        where=first.where,
        got=first.got,
        allowed=first.allowed,
        todo=f"{first.todo}. Then run again: what is there stays",
    )


def _tell(counts: pl.DataFrame, left_samples: int, left_bytes: int, seconds: float, folder: Path) -> None:
    total = {
        outcome: (files, size)
        for outcome, files, size in counts.group_by("outcome")
        .agg(pl.col("file_count", "size_bytes").sum())
        .iter_rows()
    }
    copied_files, copied_bytes = total.get("copied", (0, 0))
    told = [
        f"{copied_files:,} files written ({copied_bytes:,} bytes, {copied_bytes / 1e6 / max(seconds, 1e-3):,.0f} MB/s)",
        f"{total.get('linked', (0, 0))[0]:,} linked",
        f"{total.get('there', (0, 0))[0]:,} there already",
    ]
    if left_samples:
        told.append(
            f"{left_samples:,} samples ({left_bytes:,} bytes) left for more extract.max_bytes or another machine"
        )
    if "removed" in total:
        told.append(f"{total['removed'][0]:,} no longer wanted and removed")
    if "not_wanted" in total:
        files, size = total["not_wanted"]
        told.append(
            f"{files:,} no longer wanted and left ({size:,} bytes; --params extract.prune=true removes what is ours)"
        )
    logger.info("extract: %s. Train with --dataset_base_path %s", ", ".join(told), folder)
