"""The nodes of ``exclude``: which clip, what would go, and the going."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from kedro.framework.project import pipelines as known_pipelines

from sparkle_curation.bench.samples.listed import excluded_of_listed
from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.ingest.exclusions.exclusion_list import (
    ExcludedClip,
    ExclusionError,
    ExclusionList,
    add_exclusion,
)
from sparkle_curation.ingest.exclusions.resolving import excluded_files, find_clips
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.pipelines.exclude.params import ExcludeGroup
from sparkle_curation.removal import elsewhere, finding
from sparkle_curation.removal.clip_facts import ClipFacts, file_digests, gather_facts, without_shared
from sparkle_curation.removal.decisions import check_kept, forget_decisions
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.new_samples import source_videos, tables_of_new_samples, with_new_samples
from sparkle_curation.removal.place import RemovalPlace
from sparkle_curation.removal.plan import Failed, carry_out_all, make_plan
from sparkle_curation.removal.told import PLAN_COLUMNS, check_done, plan_rows, tell_plan
from sparkle_curation.spec.benchmark import benchmark_below
from sparkle_curation.spec.description.benchmarks import ListedBenchmark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

logger = logging.getLogger(__name__)

_DEPTHS = ("02_intermediate", "*/02_intermediate", "*/*/02_intermediate")
"""Where a data root has its tables."""


@dataclass(frozen=True)
class Removal:
    """What is to be removed.

    Attributes:
        listed: the list, with the clips that were asked for.
        facts: their samples, and what tells of them.
    """

    listed: ExclusionList
    facts: ClipFacts


def find_clip(
    params: ExcludeGroup,
    release: ReleaseFiles,
    place: RemovalPlace,
    media: pl.LazyFrame,
    frame_hashes: pl.LazyFrame,
    near: Mapping[str, float],
    benchmark: ReleaseFiles | None,
) -> Removal:
    """The clip, and all samples of release and benchmark that are made from it; near duplicates of it are told, and stay.

    Raises:
        ExclusionError: no clip was told, or two, or one that is not there.
    """
    day = datetime.now(UTC).date()
    if params.clip and params.id:
        raise ExclusionError(
            "Two things are to be excluded at once",
            where="exclude.clip and exclude.id",
            allowed="one of them",
            todo="leave one out, and run again for the other",
        )
    clips = (
        [finding.clip_in_file(Path(params.clip).expanduser(), day, params.reason)]
        if params.clip
        else finding.clips_of_sample(release, params.id, day, params.reason)
        if params.id
        else []
    )
    listed = finding.listed_with(place.exclusions, clips)
    if not listed:
        raise ExclusionError(
            "Nothing was told that is to be excluded, and nothing is listed",
            where=place.exclusions,
            todo="kedro run --pipelines exclude --params exclude.clip=/path/to/clip.mp4",
        )
    ids = frozenset(asset.id for asset in find_clips(release, listed))
    wanted = ExclusionList(tuple(clips)) if clips else listed
    if not {asset.id for asset in find_clips(release, wanted)}:
        logger.warning(
            "the release at %s has no sample that is made from the clip, byte for byte; with exclude.confirm=true it is "
            "listed all the same, so that none comes in later",
            release.root,
        )
    facts = without_shared(gather_facts(release, ids), media, frame_hashes)
    facts, cut = _with_new_samples(params, place, facts, day)
    listed = finding.listed_with(place.exclusions, [*clips, *cut])
    if benchmark is not None:
        facts = facts._replace(needles=_with_benchmark(facts.needles, benchmark, listed))
    likeness = finding.Likeness(int(near["max_distance"]), int(near["max_fine_distance"]), near["min_detail"])
    alike = finding.near_duplicates_of(release, facts.assets, frame_hashes, likeness)
    if alike:
        logger.warning(
            "%s samples that stay begin with nearly the same picture, perhaps the clip encoded anew; look at them, and "
            "exclude each that shows it (exclude.id=...): %s",
            *(f"{len(alike):,}", ", ".join(sorted(alike)[:20])),
        )
    elif "fine_hash" not in frame_hashes.collect_schema().names():
        logger.info(
            "near duplicates are told once they were looked for: kedro run --pipelines near_duplicates"
        )
    return Removal(listed, facts)


def _with_new_samples(
    params: ExcludeGroup, place: RemovalPlace, facts: ClipFacts, day: date
) -> tuple[ClipFacts, list[ExcludedClip]]:
    """The facts with those of new samples that were made from the clip, and the source videos that were cut from it."""
    roots = place.folders((params.folders or "").split())
    tables = tables_of_new_samples(roots, place.raw)
    content = Path(params.clip).expanduser().read_bytes() if params.clip and tables else b""
    digests = frozenset(file_digests(content)) if content else frozenset[str]()
    before = facts.needles
    needles = with_new_samples(before, tables, before.file_hashes | digests)
    new = needles.ids - before.ids
    if not new:
        return facts, []
    logger.info("%s new samples were made from the clip, and go with it", f"{len(new):,}")
    videos = source_videos(roots, place.raw, new)
    cut = [finding.clip_in_file(path, day, params.reason) for path in videos]
    needles = replace(
        needles,
        hashes=needles.hashes
        | digests
        | {each for path in videos for each in file_digests(path.read_bytes())},
        sizes=needles.sizes | {len(content)},
        file_hashes=needles.file_hashes | digests,
    )
    return facts._replace(needles=needles), cut


def _with_benchmark(needles: Needles, benchmark: ReleaseFiles, listed: ExclusionList) -> Needles:
    """The needles with those of the benchmark's samples that are made from a listed clip."""
    described = benchmark_below(benchmark.find)
    if described is None:
        return needles
    if not isinstance(described, ListedBenchmark):
        found = excluded_files(benchmark, described.source_videos, listed).ids
        return replace(needles, ids=needles.ids | found)
    excluded, texts = excluded_of_listed(benchmark, described, listed)
    if not excluded:
        return needles
    hashes = {clip.source_hash for clip in listed.clips}
    return replace(
        needles,
        names=excluded.ids,
        texts=needles.texts | texts,
        hashes=needles.hashes | hashes,
    )


def remove_clip(
    params: ExcludeGroup, release: ReleaseFiles, place: RemovalPlace, removal: Removal
) -> pl.DataFrame:
    """What goes, one row per folder and action; with ``confirm`` the clip is listed first, and then it goes.

    Raises:
        LockedError: another run is at work in the folder.
        FileError: something could not be changed; all else was.
        ExclusionError: the list, or decisions about the samples, lie in an archive, in which nothing can be written.
    """
    facts = removal.facts
    if params.confirm:
        check_kept(place, facts.needles)
    folders = place.folders((params.folders or "").split())
    with _alone(place.outputs, _data_roots(folders)):
        if params.confirm:
            for clip in removal.listed.clips:
                add_exclusion(place.exclusions, clip)
        rows, failed = [], list[Failed]()
        for root in folders:
            steps = (
                make_plan(root, facts.needles, raw=(*place.raw, place.exclusions))
                if facts.needles.ids or facts.needles.names
                else []
            )
            tell_plan(root, steps)
            failed += carry_out_all(steps, root, facts.needles) if params.confirm else []
            rows += plan_rows(root, steps, is_done=params.confirm)
        rows += forget_decisions(place, facts.needles, is_done=params.confirm)
        check_done(failed)
    ids = facts.needles.ids
    if ids:
        # The release last: what is looked for in versions is known from it.
        for line in elsewhere.tell_versions(release.root, ids):
            logger.info("versions and copies: %s", line)
        for line in elsewhere.tell_release(release, ids, facts.assets):
            logger.info("the release itself: %s", line)
    logger.info(
        "%s samples are made from listed clips; %s",
        f"{len(ids):,}",
        "done: commit the list, then make again what went: kedro run --pipelines curate"
        if params.confirm
        else "nothing was changed: exclude.confirm=true does it",
    )
    return pl.DataFrame(rows, schema=PLAN_COLUMNS, orient="row")


@contextmanager
def _alone(outputs: Path, others: Iterable[Path]) -> Iterator[None]:
    """Alone in the folder of outputs, and in each other data root: no other run reads or writes what goes."""
    every = [Claim(name, is_writing=True) for name in known_pipelines]
    with ExitStack() as held:
        for root in dict.fromkeys((outputs.absolute(), *others)):
            # Its own in the folder of outputs the run has already.
            own = {"exclude"} if root == outputs.absolute() else set[str]()
            locks = RunLocks(root / ".locks", "kedro run --pipelines exclude")
            held.callback(locks.release)
            locks.take(claim for claim in every if claim.name not in own)
        yield


def _data_roots(folders: Iterable[Path]) -> list[Path]:
    """Folders that are data roots, and those below them, such as that of new samples."""
    places = (place for folder in folders for depth in _DEPTHS for place in folder.glob(depth))
    return sorted({place.parent.absolute() for place in places if place.is_dir()})
