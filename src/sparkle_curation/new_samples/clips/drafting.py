"""From a folder of clips to the samples of a draft release: looked at, decided, numbered, cut."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.media.assets import AROUND
from sparkle_curation.new_samples.clips import clip_folder, cutting, looking
from sparkle_curation.new_samples.clips.clip_folder import NewClips, is_excluded, list_new_clips
from sparkle_curation.new_samples.clips.clip_provenance import match_provenance, tell_provenance
from sparkle_curation.new_samples.clips.cutting import BatchCut, CutJob, is_cut, is_ours, paths_of
from sparkle_curation.new_samples.clips.looking import BatchLook, LookJob
from sparkle_curation.new_samples.clips.numbering import number_samples
from sparkle_curation.new_samples.clips.trimming import Trimming
from sparkle_curation.spec.codes.new_sample_codes import ClipOutcome
from sparkle_curation.spec.layout import KIND, asset_folder
from sparkle_curation.spec.tables.new_samples import NEW_CLIP_COLUMNS, NEW_SAMPLE_COLUMNS
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClipsFound:
    """The clips of a run.

    Attributes:
        source: opens them.
        listed: columns of ``list_new_clips``, and those of the provenance.
    """

    source: NewClips
    listed: pl.DataFrame


def find_clips(
    folder: str, provenance: pl.DataFrame, theme: str | None, excluded: ExclusionList, before: pl.DataFrame
) -> ClipsFound:
    """The clips of a folder with their provenance; one whose provenance names no theme is of ``theme``.

    Args:
        folder: of this machine.
        provenance: of ``read_provenance``; what is odd about it is logged.
        theme: None for none.
        excluded: clips that are left out, and counted alone.
        before: ``new_clips`` of the run before, or without columns.

    Raises:
        FileError: the folder is not there, or holds no clip.
    """
    root = str(Path(folder).expanduser())
    listed = list_new_clips(root, before)
    is_out = is_excluded(NewClips(root), listed, excluded)
    if count := int(is_out.sum()):
        logger.warning("clips: %s are on the list of excluded clips, and left out", f"{count:,}")
    listed = listed.filter(~is_out)
    own, odd = match_provenance(listed["clip"], provenance)
    told = listed.join(own, on="clip", how="left", maintain_order="left")
    tell_provenance(told, odd)
    default = pl.lit(theme, pl.String)
    return ClipsFound(NewClips(root), told.with_columns(pl.coalesce("theme", default).alias("theme")))


def look_at_clips(
    found: ClipsFound, what: Trimming, measuring: MeasureConfig, journal: Journal
) -> pl.DataFrame:
    """The clips with what ``looking`` finds: one row each, in their order; a content is looked at once.

    Args:
        found: the clips.
        what: a sample is.
        measuring: how they are read.
        journal: what was seen before.
    """
    wanted = look_jobs(found, what)
    seen = measure(wanted.select(LookJob._fields), LookJob, BatchLook(found.source, what), measuring, journal)
    facts = wanted.select("id", KEY).join(seen, on=KEY, how="left").drop(KEY).rename({"id": "clip"})
    broken = {"error": "own_error", "error_detail": "own_detail"}
    told = found.listed.rename(broken).join(facts, on="clip", how="left", maintain_order="left")
    return told.with_columns(
        pl.coalesce("own_error", "error").alias("error"),
        pl.coalesce("own_detail", "error_detail").alias("error_detail"),
    ).drop(broken.values())


def look_jobs(found: ClipsFound, what: Trimming) -> pl.DataFrame:
    """The jobs of looking at the clips that can be read: ``key``, ``id``."""
    code = work_digest(looking.__name__, around=[*AROUND, clip_folder.__name__])
    wanted = found.listed.filter(pl.col("error").is_null()).rename({"clip": "id"})
    shown = what._replace(crf=0)  # which decides nothing that is seen
    return wanted.with_columns(digests(wanted, f"clip {code} {tuple(shown)}", ["clip_hash"])).select(
        KEY, "id"
    )


def number_taken(
    decided: pl.DataFrame, taken_ids: pl.Series, before: pl.DataFrame, first_number: int
) -> pl.DataFrame:
    """The clips with the ``id`` of those that are taken.

    Args:
        decided: of ``decide``.
        taken_ids: ids of the release and the benchmark.
        before: ``id``, ``theme`` and ``clip_hash`` of the new samples of the run before; they keep their ids.
        first_number: least number of a new sample.

    Raises:
        ParameterError: there are more clips than numbers.
    """
    taken = decided.filter(outcome=ClipOutcome.TAKEN.value)
    known = {
        (theme, clip_hash): name
        for name, theme, clip_hash in before.select("id", "theme", "clip_hash").rows()
    }
    ids = number_samples(
        taken.select("theme", "clip_hash").rows(), [*taken_ids, *known.values()], known, first_number
    )
    numbered = taken.select("clip").with_columns(pl.Series("id", ids, pl.String))
    return decided.join(numbered, on="clip", how="left", maintain_order="left")


def cut_jobs(numbered: pl.DataFrame, what: Trimming) -> pl.DataFrame:
    """The jobs of cutting, by id: ``key``, ``id``, ``theme``, ``clip``."""
    code = work_digest(cutting.__name__, around=[*AROUND, clip_folder.__name__])
    wanted = numbered.drop_nulls("id").sort("id")
    return wanted.with_columns(
        digests(wanted, f"cut {code} {tuple(what)}", ["clip_hash", "theme", "id"])
    ).select(CutJob._fields)


def cut_samples(
    jobs: pl.DataFrame, function: BatchCut, measuring: MeasureConfig, journal: Journal
) -> pl.DataFrame:
    """The rows of the journal for the jobs, once each sample has its files: what is gone or replaced is cut again."""
    made = measure(jobs, CutJob, function, measuring, journal)
    whole = set(made.filter(pl.col("error").is_null())[KEY])
    lacking = [
        job
        for job in map(CutJob._make, jobs.iter_rows())
        if job.key in whole and not is_cut(function.root, job)
    ]
    if lacking:
        logger.info("clips: %s samples are known and their files not there; cut again", f"{len(lacking):,}")
        with journal:
            for rows in measuring.executor.map_batches(function, ([job] for job in lacking)):
                journal.append(rows)
                again = pl.DataFrame(pl.from_arrow(rows.select(cutting.JOURNAL_SCHEMA.names)))
                made = pl.concat([made.filter(~pl.col(KEY).is_in(again[KEY].implode())), again])
    return jobs.join(made, on=KEY, how="left", maintain_order="left")


def tabulate_clips(numbered: pl.DataFrame, cut: pl.DataFrame, settings: Mapping[str, object]) -> pl.DataFrame:
    """``new_clips``: one row per clip that was found, by name; one that could not be cut is refused.

    Args:
        numbered: of ``number_taken``.
        cut: of ``cut_samples``.
        settings: what it was made with.
    """
    failed = cut.filter(pl.col("error").is_not_null()).select(
        "clip", cut_error="error", cut_detail="error_detail"
    )
    told = numbered.join(failed, on="clip", how="left", maintain_order="left")
    is_cut_well = pl.col("cut_error").is_null()
    told = told.with_columns(
        pl.when(is_cut_well).then("id").alias("id"),
        pl.when(is_cut_well).then("outcome").otherwise(pl.lit(ClipOutcome.REFUSED.value)).alias("outcome"),
        pl.coalesce("cut_error", "reason").alias("reason"),
        pl.coalesce("cut_detail", "reason_detail").alias("reason_detail"),
        pl.lit(_text(settings)).alias("settings"),
    )
    schema = frame_schema(NEW_CLIP_COLUMNS)
    return told.sort("clip").select(pl.col(name).cast(kind) for name, kind in schema.items())


def tabulate_samples(new_clips: pl.DataFrame, cut: pl.DataFrame, what: Trimming) -> pl.DataFrame:
    """``new_samples``: one row per clip that became a sample, by id.

    Args:
        new_clips: of ``tabulate_clips``.
        cut: of ``cut_samples``.
        what: a sample is.
    """
    samples = new_clips.drop_nulls("id").join(cut.select("id", "frame_count", "start_s"), on="id")
    schema = frame_schema(NEW_SAMPLE_COLUMNS)
    own = samples.with_columns(
        pl.lit(what.width_px).alias("width_px"),
        pl.lit(what.height_px).alias("height_px"),
        pl.lit(float(what.fps)).alias("fps"),
    )
    return own.sort("id").select(pl.col(name).cast(kind) for name, kind in schema.items())


def clear_draft(root: str, new_samples: pl.DataFrame) -> int:
    """Remove source videos and first frames of samples that the draft has no more; gives of how many.

    Only what this pipeline cut is removed: a video without its note stays, and is told by the stages that meet it.
    """
    kept = set(new_samples["id"])
    count = 0
    for theme in THEMES:
        folder = Path(root, asset_folder(theme, KIND.source_video))
        for video in sorted(folder.glob("*.mp4")):
            if video.stem not in kept and is_ours(video):
                for path in paths_of(root, theme, video.stem):
                    path.unlink(missing_ok=True)
                count += 1
    return count


def count_clips(new_clips: pl.DataFrame) -> pl.DataFrame:
    """The report: one row per theme, outcome and reason, with their ``count`` and ten of the clips."""
    return (
        new_clips.group_by("theme", "outcome", "reason", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("count"), pl.col("clip").head(10).str.join(" ").alias("clips"))
        .sort("theme", "outcome", "reason", nulls_last=True)
    )


def _text(settings: Mapping[str, object]) -> str:
    return json.dumps(settings, sort_keys=True)
