"""When each reason of the preflight holds, and what is said of it: expressions on the rows of ``pair_files``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import polars as pl

from sparkle_curation.engine.id_lookup import join_by_id
from sparkle_curation.loader.kiwi_edit import (
    FAULTS_THAT_FAIL,
    SIZE_MULTIPLE_PX,
    FileType,
    LoaderSettings,
    is_read_as_missing,
    loaded_frame_count,
    loaded_size,
)
from sparkle_curation.loader.pair_files import SIDES, Side
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.tables.preflight import PairReason

Finding: TypeAlias = tuple[pl.Expr, pl.Expr]
"""Whether a reason holds of a row, and what is said of it."""

FPS_TOLERANCE = 5e-4
"""Two rates count as equal within this share: 30 and 29.97 differ, and what rounding makes of one rate does not."""

_SOURCE, _EDITED = SIDES
_FAILING = sorted(fault.value for fault in FAULTS_THAT_FAIL)


def with_loaded(rows: pl.DataFrame, settings: LoaderSettings) -> pl.DataFrame:
    """The rows with, for each side, ``is_whole``, and ``loaded_frame_count``, ``_width_px`` and ``_height_px``.

    A file is whole where nothing is known against it; of another, nothing is loaded. An image has one frame. What most
    reasons ask of the text of a path is worked out once: ``has_no_path`` and ``is_outside`` (of the release).
    """
    one = pl.lit(1, pl.Int32)
    return (
        rows.with_columns(
            named.alias(f"{side.name}_{name}")
            for side in SIDES
            for name, named in (
                ("has_no_path", is_read_as_missing(_cell(side))),
                ("is_outside", _leads_outside(side.col("path"))),
            )
        )
        .with_columns(
            pl.when(_is_image(side))
            .then(one)
            .otherwise(side.col("frame_count"))
            .alias(f"{side.name}_frame_count")
            for side in SIDES
        )
        .with_columns(_is_whole(side).alias(f"{side.name}_is_whole") for side in SIDES)
        .with_columns(
            pl.when(side.col("is_whole")).then(value).alias(f"{side.name}_loaded_{name}")
            for side in SIDES
            for name, value in _loaded(side, settings).items()
        )
    )


def with_counts(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with ``row_count`` and ``edit_count``: how many have this pair and prompt, and this source and prompt.

    Null where no other row has the source, which is nearly everywhere: counting prompts of 140,000 rows takes time.
    """
    # What tells the content of a file: copies of one have the same.
    source, edited = (
        pl.coalesce(side.col("content_hash"), side.col("index_hash"), side.col("path")) for side in SIDES
    )
    shared = rows.filter(source.is_not_null(), source.hash().is_duplicated())
    counts = shared.select(
        "id",
        pl.len().over(source, edited, "prompt").alias("row_count"),
        pl.len().over(source, "prompt").alias("edit_count"),
    )
    return join_by_id(rows, counts)


def find_reasons(settings: LoaderSettings) -> dict[PairReason, Finding]:
    """Each reason with its finding, on the rows of ``with_loaded`` and ``with_counts``.

    A condition that is null does not hold.
    """
    return {**_of_the_files(), **_of_the_pair(settings), **_of_the_row()}


def _is_whole(side: Side) -> pl.Expr:
    needed = (side.col(name).is_not_null() for name in ("width_px", "height_px", "frame_count", "type"))
    return side.col("error").is_null() & pl.all_horizontal(needed)


def _loaded(side: Side, settings: LoaderSettings) -> Mapping[str, pl.Expr]:
    frame_count = loaded_frame_count(side.col("frame_count"), settings)
    width, height = loaded_size(side.col("width_px"), side.col("height_px"), settings)
    return {"frame_count": frame_count, "width_px": width, "height_px": height}


def _is_image(side: Side) -> pl.Expr:
    return (side.col("type") == FileType.IMAGE.value).fill_null(value=False)


# ------------------------------------------------------------------ each file by itself
def _of_the_files() -> dict[PairReason, Finding]:
    return {
        PairReason.NO_PATH: _of_either(_has_no_path, lambda side: pl.format("{} is empty", _name(side))),
        PairReason.OUTSIDE_RELEASE: _of_either(
            _is_outside, lambda side: pl.format("{} names {}", _name(side), _cell(side))
        ),
        PairReason.WRONG_EXTENSION: _of_either(
            lambda side: ~_has_no_path(side) & ~_is_outside(side) & side.col("type").is_null(),
            lambda side: pl.format("{} names {}", _name(side), _cell(side)),
        ),
        PairReason.MISSING_FILE: _of_either(
            _is_missing, lambda side: pl.format("{} is not among the assets", side.col("path"))
        ),
        PairReason.UNKNOWN_FILE: _of_either(
            lambda side: _is_absent(side) & side.col("named_kind").is_null(),
            lambda side: pl.format("{} is no path of an asset", side.col("path")),
        ),
        PairReason.CORRUPT_FILE: _of_either(
            lambda side: _is_broken(side) & side.col("error").is_in(_FAILING), _describe_corrupt
        ),
        PairReason.DOUBTFUL_FILE: _of_either(
            lambda side: _is_broken(side) & ~side.col("error").is_in(_FAILING).fill_null(value=False),
            _describe_corrupt,
        ),
        PairReason.FRAMES_RUN_OUT: _of_either(
            lambda side: _written(side) < side.col("loaded_frame_count"),
            lambda side: pl.format(
                "{} of {} frames are written of {}",
                _written(side),
                side.col("frame_count"),
                side.col("path"),
            ),
        ),
        PairReason.TOO_SMALL: _of_either(lambda side: pl.all_horizontal(_are_short(side)), _describe_short),
        PairReason.TOO_FLAT: _of_either(
            lambda side: pl.any_horizontal(_are_short(side)) & ~pl.all_horizontal(_are_short(side)),
            _describe_short,
        ),
        PairReason.IMAGE_FILE: _of_either(
            lambda side: _is_looked_up(side) & _is_image(side),
            lambda side: pl.format("{} names {}", _name(side), _cell(side)),
        ),
        PairReason.NOT_INSPECTED: _of_either(
            lambda side: _is_looked_up(side) & ~side.col("is_found") & ~side.col("is_inspected"),
            lambda side: pl.format("no file of {} was inspected", _named_part(side)),
        ),
    }


def _has_no_path(side: Side) -> pl.Expr:
    return side.col("has_no_path")


def _leads_outside(path: pl.Expr) -> pl.Expr:
    return path.str.starts_with("/") | path.str.starts_with("../") | (path == "..")


def _is_outside(side: Side) -> pl.Expr:
    return ~_has_no_path(side) & side.col("is_outside")


def _is_looked_up(side: Side) -> pl.Expr:
    """Whether the loader gets as far as opening a file of the release."""
    return ~_has_no_path(side) & ~_is_outside(side) & side.col("type").is_not_null()


def _is_missing(side: Side) -> pl.Expr:
    is_gone = _is_looked_up(side) & side.col("error").eq_missing(pl.lit(MediaFault.MISSING.value))
    return is_gone | (_is_absent(side) & side.col("named_kind").is_not_null())


def _is_absent(side: Side) -> pl.Expr:
    return _is_looked_up(side) & ~side.col("is_found") & side.col("is_inspected")


def _is_broken(side: Side) -> pl.Expr:
    return _is_looked_up(side) & side.col("is_found") & ~side.col("is_whole") & ~_is_missing(side)


def _written(side: Side) -> pl.Expr:
    """Frames that FFmpeg writes of the whole video."""
    return side.col("frame_count") - side.col("lost_frame_count") + side.col("repeated_frame_count")


def _are_short(side: Side) -> list[pl.Expr]:
    return [side.col(f"loaded_{name}") == 0 for name in ("width_px", "height_px")]


def _describe_short(side: Side) -> pl.Expr:
    return pl.format("{} is {}, allowed {} pixels a side", side.col("path"), _size(side), SIZE_MULTIPLE_PX)


def _describe_corrupt(side: Side) -> pl.Expr:
    error = side.col("error").fill_null("its header does not say its size and frames")
    return pl.concat_str(
        side.col("path"), pl.lit(": "), error, pl.lit(", ") + side.col("error_detail"), ignore_nulls=True
    )


# ------------------------------------------------------------------ both files together
def _of_the_pair(settings: LoaderSettings) -> dict[PairReason, Finding]:
    are_whole = _SOURCE.col("is_whole") & _EDITED.col("is_whole")
    have_same_size = _agree("loaded_width_px") & _agree("loaded_height_px")
    have_same_shape = _agree("width_px") & _agree("height_px")
    slowest, fastest = (
        pick(*(side.col("fps") for side in SIDES)) for pick in (pl.min_horizontal, pl.max_horizontal)
    )
    reads_one = pl.any_horizontal(~_is_image(side) & (side.col("loaded_frame_count") == 1) for side in SIDES)
    told_sizes = _both(_size)
    told_frames = _both(lambda side: _shown(side.col("frame_count")), "frames")
    is_uneven = are_whole & pl.any_horizontal(side.col("sampling_hash").is_not_null() for side in SIDES)
    are_alike = _agree("sampling_hash")
    told_sampling = _both(
        lambda side: pl.format(
            "leaves out {} and repeats {}",
            _shown(side.col("lost_frame_count")),
            _shown(side.col("repeated_frame_count")),
        ),
        "frames",
    )
    return {
        PairReason.UNEVEN_FRAMES: (is_uneven & ~are_alike, told_sampling),
        PairReason.UNEVEN_ALIKE: (is_uneven & are_alike, told_sampling),
        PairReason.SIZE_MISMATCH: (are_whole & ~have_same_size, told_sizes),
        PairReason.FRAME_COUNT_MISMATCH: (are_whole & ~_agree("loaded_frame_count"), told_frames),
        PairReason.READ_AS_IMAGE: (reads_one & (settings.num_frames > 1), told_frames),
        PairReason.UNEQUAL_FPS: (
            are_whole & (fastest - slowest > FPS_TOLERANCE * fastest),
            _both(lambda side: side.col("fps").round(3), "frames a second"),
        ),
        PairReason.UNEQUAL_FRAME_COUNTS: (
            are_whole & ~_agree("frame_count") & _agree("loaded_frame_count"),
            told_frames,
        ),
        PairReason.UNEQUAL_SIZES: (are_whole & have_same_size & ~have_same_shape, told_sizes),
        PairReason.SOURCE_EQUALS_TARGET: (
            _agree("path") | _are_copies(),
            pl.when(_agree("path"))
            .then(pl.lit("both are the same file"))
            .otherwise(pl.lit("they are copies")),
        ),
    }


def _are_copies() -> pl.Expr:
    """Whether both files have one content: by the hash of all bytes or of all frames where both are known."""
    are_known = pl.all_horizontal(side.col("content_hash").is_not_null() for side in SIDES)
    by_bytes = _agree("content_hash") | _agree("frames_hash")
    return pl.when(are_known).then(by_bytes).otherwise(_agree("index_hash") | _agree("frames_hash"))


def _agree(name: str) -> pl.Expr:
    """Whether both sides have the same value; false where one has none."""
    return (_SOURCE.col(name) == _EDITED.col(name)).fill_null(value=False)


# ------------------------------------------------------------------ the row among others
def _of_the_row() -> dict[PairReason, Finding]:
    row_count, edit_count = pl.col("row_count"), pl.col("edit_count")
    has_paths = pl.all_horizontal(side.col("path").is_not_null() for side in SIDES)
    return {
        PairReason.PROMPT_READ_AS_NAN: (
            is_read_as_missing(pl.col("prompt")),
            pl.format("the prompt is '{}'", pl.col("prompt").fill_null("")),
        ),
        PairReason.ANOTHER_SAMPLE: _of_either(
            lambda side: side.col("named_id") != pl.col("id"),
            lambda side: pl.format("{} names {}", _name(side), side.col("named_id")),
        ),
        PairReason.ANOTHER_KIND: _of_either(
            lambda side: side.col("named_kind") != side.kind,
            lambda side: pl.format("{} names {}", _name(side), side.col("named_kind")),
        ),
        PairReason.DUPLICATE_ROW: (has_paths & (row_count > 1), pl.format("{} rows", row_count)),
        PairReason.DUPLICATE_EDIT: (
            has_paths & (edit_count > row_count),
            pl.format("{} rows of this source and prompt", edit_count),
        ),
    }


# ------------------------------------------------------------------ wording
def _of_either(holds: Callable[[Side], pl.Expr], told: Callable[[Side], pl.Expr]) -> Finding:
    """The finding that holds of one side at least, and what is said of each that it holds of."""
    found = {side: holds(side).fill_null(value=False) for side in SIDES}
    said = [pl.when(found[side]).then(told(side)) for side in SIDES]
    return pl.any_horizontal(found.values()), pl.concat_str(said, separator=", ", ignore_nulls=True)


def _both(told: Callable[[Side], pl.Expr], unit: str = "") -> pl.Expr:
    text = f"source {{}}, edited {{}} {unit}".rstrip()
    return pl.format(text, *(told(side) for side in SIDES))


def _cell(side: Side) -> pl.Expr:
    return pl.col(side.column)


def _name(side: Side) -> pl.Expr:
    return pl.lit(side.column)


def _size(side: Side) -> pl.Expr:
    return pl.format("{}x{}", _shown(side.col("width_px")), _shown(side.col("height_px")))


def _shown(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).fill_null("?")


def _named_part(side: Side) -> pl.Expr:
    theme, kind = (
        side.col("named_theme").fill_null(pl.col("theme")),
        side.col("named_kind").fill_null(side.kind),
    )
    return pl.format("{} {}", theme, kind)
