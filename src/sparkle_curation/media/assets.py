"""Assets as media: opened and read, or why that cannot be done, and which of them are copies of one content."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple, TypeVar

import polars as pl

from sparkle_curation import errors
from sparkle_curation.engine.caching import costly_work
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.journal import journal as journal_module
from sparkle_curation.errors import AssetError, MediaError, SparkleError
from sparkle_curation.ingest.assets import store as asset_store
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.spec import fields
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS

AROUND: Final = (
    *(module.__name__ for module in (errors, journal_module, asset_store, fields)),
    *(__name__, costly_work.__name__, "polars", "pyarrow"),
)
"""What carries such work and its results and decides none of them: no code to measure anything again for."""


class Failure(NamedTuple):
    """Why an asset could not be read: a code of the media, and what was found."""

    error: str
    detail: str


def with_identity(media: pl.DataFrame) -> pl.DataFrame:
    """The media with ``identity``: equal for copies of one content, whatever their place.

    A file without a hash is like no other, but itself: its sample, kind and size stand for it.
    """
    name = pl.concat_str("id", "kind", "size_bytes", separator=" ")
    return media.with_columns(pl.coalesce("index_hash", name).alias("identity"))


_FIRST_FRAME_BYTES = 256 << 10, 16 << 10
"""Of the beginning and the end of a video: the first frame of a clip of the release, and the index at its end, lie there."""


def first_frame_of(sample_id: str, kind: str) -> Wanted:
    """What is read of an asset for its first frame: all of a still."""
    is_video = ASSET_KINDS[kind].suffix == "mp4"
    return Wanted(sample_id, kind, *(_FIRST_FRAME_BYTES if is_video else ()))


ResultT = TypeVar("ResultT")


def read_asset(
    store: AssetStore, sample_id: str, kind: str, read: Callable[[BinaryIO], ResultT]
) -> ResultT | Failure:
    """What ``read`` makes of an asset, or why it could not be read."""
    try:
        with store.open(store.find(sample_id, kind)) as file:
            return read(file)
    except MediaError as error:
        return Failure(error.code, f"{kind}: {_describe(error)}")
    except AssetError as error:
        # A file that is gone, or is not the one that was ingested; or the system's fault, which may pass.
        is_of_the_system = isinstance(error.__cause__, OSError) and not isinstance(
            error.__cause__, (FileNotFoundError, NotADirectoryError)
        )
        fault = MediaFault.UNREADABLE if is_of_the_system else MediaFault.MISSING
        return Failure(fault.value, f"{kind}: {_describe(error)}")


def _describe(error: SparkleError) -> str:
    return storable(f"{error.what} ({error.got})" if error.got else error.what)
