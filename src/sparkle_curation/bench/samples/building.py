"""A benchmark of one's own from a release, by the published rule: samples that passed the first stages and failed the last.

Every candidate ends as chosen or with the reason why not. The order in which they are taken follows from seed and id alone:
so the same release gives the same benchmark, a larger one holds the smaller one, and no row's place decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import polars as pl
import xxhash
from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.bench.samples.leakage import KnownSamples, find_leakage
from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.param_types import words
from sparkle_curation.errors import ConservationError, EmptyOutputError
from sparkle_curation.filtering.verdicts import Outcome
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.loader.kiwi_edit import FRAME_STEP
from sparkle_curation.spec.benchmark import split_keyword
from sparkle_curation.spec.codes.code import Code
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import outcome_column
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES
from sparkle_curation.variant.near_duplicates import prompt_words
from sparkle_curation.variant.sample_groups import LikenessParams

UNLISTED = "unlisted"
"""Subtheme and scene of a sample of which the release has no keyword."""

Policy = Literal["drop", "keep"]

_COUNT = "an integer above 0, or null for no limit"
_POLICY = "drop or keep"
_THEMES = f"themes as a list or separated by blanks, of {', '.join(THEMES)}, or null for those of the published benchmark"
_Limit = Annotated[int | None, Field(strict=True, ge=1, description=_COUNT)]
_Policy = Annotated[Policy, Field(description=_POLICY)]


class BuildParams(BaseModel):
    """What a benchmark of one's own is made by.

    Attributes:
        name: of the benchmark; None for that of the dataset.
        samples: at most, dealt out evenly among the scenes; None for no limit.
        per_scene: at most; None for no limit.
        seed: another one gives other samples.
        themes: None for those of the published benchmark.
        unknown_scenes: what becomes of a sample of which the release has no keyword.
        leaking: of one that is alike to a pair of the variant.
        uneven_lengths: of one whose source has another number of frames than ``4n + 1``.
        missing_ref_images: of one without an image of its new background.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str | None, Field(min_length=1, description="a name, or null")]
    samples: _Limit
    per_scene: _Limit
    seed: Annotated[int, Field(strict=True, description="an integer")]
    themes: Annotated[
        Annotated[list[str], Field(min_length=1)] | None,
        words(THEMES.__contains__, _THEMES),
        Field(description=_THEMES),
    ]
    unknown_scenes: _Policy
    leaking: _Policy
    uneven_lengths: _Policy
    missing_ref_images: _Policy


class Fate(Code):
    """What became of a candidate."""

    CHOSEN = "chosen", "It is a sample of the benchmark."
    NO_PROMPT = "no_prompt", "No table has its prompt."
    UNKNOWN_SCENE = "unknown_scene", "The release has no keyword of it."
    NO_SOURCE = "no_source", "Its source video is not there, or broken."
    NO_REF_IMAGE = "no_ref_image", "It has no whole image of its new background."
    UNEVEN_LENGTH = "uneven_length", "Its source has another number of frames than 4n + 1."
    LEAKING = "leaking", "It is alike to a pair of the variant."
    SAME_CLIP = "same_clip", "A sample before it has the same source clip."
    SAME_PROMPT = "same_prompt", "A sample before it has the same prompt."
    SCENE_FULL = "scene_full", "Its scene has as many samples as `bench_build.per_scene` allows."
    BENCHMARK_FULL = "benchmark_full", "There are as many samples as `bench_build.samples` allows."


CANDIDATE_SCHEMA = pl.Schema(
    dict.fromkeys(("id", "theme", "subtheme", "scene", "fate", "detail"), pl.String())
)


@dataclass(frozen=True)
class Chosen:
    """The samples of a benchmark, and what became of every candidate.

    Attributes:
        samples: ``id``, ``theme``, ``prompt``, ``edit_type``, ``chosen_keyword``, ``original_scene``, ``subtheme``,
            ``scene``, ``has_ref_image``, ``frames``; by theme, then by subtheme, scene and id.
        candidates: ``CANDIDATE_SCHEMA``, by theme and id.
    """

    samples: pl.DataFrame
    candidates: pl.DataFrame


def find_candidates(verdicts: AnyFrame, benchmark: Benchmark, themes: list[str] | None) -> pl.DataFrame:
    """``id`` and ``theme`` of the samples that follow the rule: they passed some stages, failed the next, and are not kept.

    Args:
        verdicts: one row per known sample.
        benchmark: with the rule, by the names of stages.
        themes: None for those of the benchmark.
    """
    passed = [each for each in CRITERIA if each.stage in benchmark.passed]
    failed = [each for each in CRITERIA if each.stage == benchmark.failed]
    follows = pl.all_horizontal(
        *(pl.col(outcome_column(each)) == Outcome.PASSED.value for each in passed),
        pl.any_horizontal(pl.col(outcome_column(each)) == Outcome.REJECTED.value for each in failed),
        ~pl.col("is_kept"),
        pl.col("theme").is_in(list(themes or benchmark.themes)),
    )
    return verdicts.lazy().filter(follows).select("id", "theme").sort("theme", "id").collect()


def describe_candidates(
    candidates: pl.DataFrame, annotations: AnyFrame, prompts: AnyFrame, media: AnyFrame, hashes: AnyFrame
) -> pl.DataFrame:
    """The candidates with what decides about them, one row each in their order.

    Args:
        candidates: ``id``, ``theme``.
        annotations: as ingested: prompts and keywords.
        prompts: ``id``, ``prompt`` of those that the annotations lack.
        media: as inspected.
        hashes: columns of ``frame_hashes``; without columns where it was not made.
    """
    joined: Any = {"on": "id", "how": "left", "maintain_order": "left"}
    noted = annotations.lazy().select("id", "prompt", "edit_type", "chosen_keyword", "original_scene")
    found = prompts.lazy().select("id", pl.col("prompt").alias("_found"))
    files = prefer_loose(
        media.lazy().filter(pl.col("kind").is_in([KIND.source_video, KIND.clean_frame0])).collect()
    )
    sources = files.filter(pl.col("kind") == KIND.source_video).select(
        "id",
        "index_hash",
        "content_hash",
        pl.col("frame_count").alias("frames"),
        pl.col("error").fill_null("").alias("_source"),
    )
    images = files.filter(pl.col("kind") == KIND.clean_frame0).select(
        "id", pl.col("error").is_null().alias("has_ref_image")
    )
    names = ("frame_hash", "fine_hash", "detail")
    told = (
        hashes.lazy().select("id", *names)
        if "id" in hashes.lazy().collect_schema().names()
        else pl.LazyFrame(
            schema={"id": pl.String, "frame_hash": pl.String, "fine_hash": pl.String, "detail": pl.Float64}
        )
    )
    return (
        candidates.lazy()
        .join(noted, **joined)
        .join(found, **joined)
        .join(sources.lazy(), **joined)
        .join(images.lazy(), **joined)
        .join(told, **joined)
        .with_columns(
            pl.coalesce("prompt", "_found").alias("prompt"), pl.col("has_ref_image").fill_null(value=False)
        )
        .drop("_found")
        .collect()
    )


def choose_samples(
    described: pl.DataFrame,
    variant: KnownSamples,
    benchmark: Benchmark,
    params: BuildParams,
    likeness: LikenessParams,
) -> Chosen:
    """The samples of the benchmark, and what became of each candidate.

    Args:
        described: from ``describe_candidates``.
        variant: what a model is trained on.
        benchmark: as described, for the separator of keywords.
        params: what decides.
        likeness: when two first frames are taken for one clip's.

    Raises:
        EmptyOutputError: no candidate can be a sample, or there is none.
        ConservationError: chosen and not chosen are not all candidates.
    """
    leaks = _leaks(described, variant, likeness)
    rows = [_labelled(row, benchmark) for row in described.to_dicts()]
    rows.sort(key=lambda row: (xxhash.xxh3_64_intdigest(f"{params.seed} {row['id']}".encode()), row["id"]))
    fates: dict[str, tuple[Fate, str]] = {}
    clips: dict[str, str] = {}
    prompts: dict[str, str] = {}
    words_of = dict(described.select("id", prompt_words(pl.col("prompt"))).rows())
    in_race = []
    for row in rows:
        fate = _unfit(row, leaks, params)
        clip, prompt = row["index_hash"], words_of[row["id"]]
        if fate is None and clip in clips:
            fate = (Fate.SAME_CLIP, f"as {clips[clip]}")
        elif fate is None and prompt in prompts:
            fate = (Fate.SAME_PROMPT, f"as {prompts[prompt]}")
        if fate is None:
            clips[clip] = prompts[prompt] = row["id"]
            in_race.append(row)
        else:
            fates[row["id"]] = fate
    fates |= _limited(in_race, params)
    return _settled(rows, fates)


def _labelled(row: dict[str, Any], benchmark: Benchmark) -> dict[str, Any]:
    """A candidate with its subtheme and scene; both ``UNLISTED`` where the release has no keyword of it."""
    keyword = row["chosen_keyword"]
    parts = split_keyword(keyword, benchmark.keyword_separator) if keyword else None
    subtheme, scene = parts or (UNLISTED, UNLISTED)
    return {
        **row,
        "subtheme": subtheme,
        "scene": scene,
        "has_scene": parts is not None,
        "chosen_keyword": keyword if parts else f"{subtheme}{benchmark.keyword_separator}{scene}",
        "original_scene": row["original_scene"] or "",
        "edit_type": row["edit_type"] or METADATA_EDIT_TYPES[row["theme"]],
    }


def _unfit(row: Mapping[str, Any], leaks: Mapping[str, str], params: BuildParams) -> tuple[Fate, str] | None:
    """Why a candidate can be no sample, whatever the others are; None where it can."""
    frames = row["frames"] or 0
    is_even = not (frames - 1) % FRAME_STEP
    for fate, is_met, detail in (
        (Fate.NO_PROMPT, row["prompt"] is None, ""),
        (Fate.UNKNOWN_SCENE, params.unknown_scenes == "drop" and not row["has_scene"], ""),
        (Fate.NO_SOURCE, row["_source"] != "", row["_source"] or "it is not there"),
        (Fate.NO_REF_IMAGE, params.missing_ref_images == "drop" and not row["has_ref_image"], ""),
        (Fate.UNEVEN_LENGTH, params.uneven_lengths == "drop" and not is_even, f"{frames} frames"),
        (Fate.LEAKING, params.leaking == "drop" and row["id"] in leaks, leaks.get(row["id"], "")),
    ):
        if is_met:
            return fate, detail
    return None


def _limited(rows: list[dict[str, Any]], params: BuildParams) -> dict[str, tuple[Fate, str]]:
    """What becomes of those that could all be samples: the scenes are dealt out in rounds."""
    fates: dict[str, tuple[Fate, str]] = {}
    places: dict[tuple[str, str, str], int] = {}
    dealt = []
    for order, row in enumerate(rows):
        scene = (row["theme"], row["subtheme"], row["scene"])
        place = places[scene] = places.get(scene, -1) + 1
        if params.per_scene is not None and place >= params.per_scene:
            fates[row["id"]] = (Fate.SCENE_FULL, f"{params.per_scene} stand before it")
        else:
            dealt.append((place, order, row["id"]))
    for number, (_, _, sample_id) in enumerate(sorted(dealt)):
        is_in = params.samples is None or number < params.samples
        fates[sample_id] = (
            (Fate.CHOSEN, "") if is_in else (Fate.BENCHMARK_FULL, f"{params.samples} stand before it")
        )
    return fates


def _leaks(described: pl.DataFrame, variant: KnownSamples, likeness: LikenessParams) -> dict[str, str]:
    """By candidate the pair of the variant that it is alike to."""
    names = ("theme", "index_hash", "content_hash", "frame_hash", "fine_hash", "detail")
    own = described.select(pl.col("id").alias("sample_id"), pl.col("prompt").alias("edit_prompt"), *names)
    found, _ = find_leakage(own, variant, likeness, "")
    return {
        sample_id: f"{like} of {other}"
        for sample_id, like, other in found.select("sample_id", "likeness", "release_id").reverse().rows()
    }


def _settled(rows: list[dict[str, Any]], fates: Mapping[str, tuple[Fate, str]]) -> Chosen:
    if len(fates) != len(rows):
        raise ConservationError(
            "Chosen and not chosen candidates are not all; an id is there twice",
            where="bench_candidates",
            got=f"{len(fates)}",
            allowed=f"{len(rows)}",
        )
    order = pl.col("theme").cast(pl.Enum(THEMES))
    candidates = pl.DataFrame(
        [
            (
                row["id"],
                row["theme"],
                row["subtheme"],
                row["scene"],
                fates[row["id"]][0].value,
                fates[row["id"]][1],
            )
            for row in rows
        ],
        schema=CANDIDATE_SCHEMA,
        orient="row",
    ).sort(order, "id")
    chosen = [row for row in rows if fates[row["id"]][0] is Fate.CHOSEN]
    if not chosen:
        counts = candidates.group_by("fate").len().sort("fate").rows()
        raise EmptyOutputError(
            "No sample can be one of a benchmark",
            where="bench_build",
            got=", ".join(f"{count:,} {fate}" for fate, count in counts)
            or "no sample passes the first stages and fails the last",
            allowed="samples that pass the stages before the last one and are below its threshold",
            todo="lower what bench_build drops, or curate with a stricter threshold of the last stage first: the release's "
            "own scores may hold none below the published one",
        )
    samples = pl.DataFrame(chosen, infer_schema_length=None).with_columns(
        pl.lit(None, pl.String).alias("extra_fields")
    )
    names = (
        "id",
        "theme",
        "prompt",
        "edit_type",
        "chosen_keyword",
        "original_scene",
        "extra_fields",
        "subtheme",
        "scene",
        "has_ref_image",
        "frames",
    )
    return Chosen(samples.sort(order, "subtheme", "scene", "id").select(names), candidates)
