"""Parts of files of a bucket of Google Cloud Storage, by HTTP's ranges on the address that its library gives of a file.

The library's own reading of a part asks over gRPC which kind of bucket it is, for each part where it gets no answer, as from
a store that is not Google's; and it asks again within what is asked again here.

Source: Cloud Storage's JSON API, objects.get with ``alt=media``.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from sparkle_curation.engine.io.remote.http_ranges import part_of, range_headers
from sparkle_curation.engine.io.remote.ranges import Range

if TYPE_CHECKING:
    from gcsfs import GCSFileSystem

GCS = frozenset({"gs", "gcs"})
"""What its addresses begin with."""
_ZONAL_SWITCH = "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"


def without_grpc() -> None:
    """From now on the library lists buckets over HTTP alone, as files are read here; who has set its switch keeps it."""
    os.environ.setdefault(_ZONAL_SWITCH, "false")


def ask_once(bucket: GCSFileSystem) -> None:
    """From now on the file system asks once, and who calls it asks again: it would itself, six times, and log each fault."""
    request = getattr(type(bucket)._request, "__wrapped__", None)
    if request is not None:
        bucket._request = partial(request, bucket)


class GcsRanges:
    """A ``RangeSource`` for files of buckets.

    Args:
        bucket: the file system, whose session, credentials and address are used.
    """

    def __init__(self, bucket: GCSFileSystem) -> None:
        self._bucket = bucket

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part; see ``RangeSource``."""
        session = await self._bucket._set_session()
        headers = self._bucket._get_headers(range_headers(part))
        params = self._bucket._get_params({})  # who pays, where the bucket's owner does not
        async with session.get(self._bucket.url(part.path), headers=headers, params=params) as response:
            return await part_of(response, part)
