"""Media come by kind and id, whole or a range of them, and nothing else does."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from tests.explorer.serving import ALONE, BROKEN, IN_TAR, WHOLE, asked, made_store, made_tables, served

from sparkle_curation.explorer.media import RangeError, parse_range

ODD = [
    "bytes=5-2",
    "bytes=0-1,3-4",
    "bytes=-",
    "bytes=x-2",
    "items=0-1",
    "bytes=99-",
    "",
    "bytes=-0",
    "bytes= 1-2",
]


@pytest.mark.parametrize("header", ODD)
def test_a_range_that_is_none_is_refused(header: str) -> None:
    """Ends before its start, several, no numbers, behind the end, of no length."""
    with pytest.raises(RangeError):
        parse_range(header, 10)


@pytest.mark.parametrize("sample_id", [WHOLE, IN_TAR])
def test_a_clip_comes_whole_and_in_ranges(explorer: str, sample_release: Path, sample_id: str) -> None:
    """Out of a file as out of a tar."""
    clip = (sample_release / "location" / "source_video" / "Sparkle_location_000000.mp4").read_bytes()
    address, size = f"{explorer}/media/source_video/{sample_id}", len(clip)
    status, headers, body = asked(address)
    assert (status, body, headers["Accept-Ranges"], headers["Content-Type"]) == (
        200,
        clip,
        "bytes",
        "video/mp4",
    )
    status, headers, body = asked(address, headers={"Range": "bytes=100-199"})
    assert (status, body, headers["Content-Range"]) == (206, clip[100:200], f"bytes 100-199/{size}")
    status, headers, body = asked(address, headers={"Range": "bytes=-7"})
    assert (status, body, headers["Content-Length"]) == (206, clip[-7:], "7")
    status, headers, body = asked(address, "HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(size))


@pytest.mark.parametrize("header", ODD[:5])
def test_a_bad_range_is_answered_with_416(explorer: str, header: str) -> None:
    """And with how long the file is."""
    status, headers, _ = asked(f"{explorer}/media/source_video/{WHOLE}", headers={"Range": header})
    assert status == 416
    assert headers["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize(
    "path",
    [
        f"source_video/{ALONE}",
        f"no_kind/{WHOLE}",
        "source_video/..%2F..%2Fetc%2Fpasswd",
        "source_video/Sparkle_time_0",
        f"..%2F..%2F/{WHOLE}",
    ],
)
def test_what_is_no_asset_is_not_found(explorer: str, path: str) -> None:
    """Absent media, unknown kinds, and paths."""
    assert asked(f"{explorer}/media/{path}")[0] == 404


def test_a_mask_comes_small(explorer: str) -> None:
    """Frames, height and width, then a bit a pixel."""
    _, _, body = asked(f"{explorer}/api/mask/{WHOLE}")
    frames, height, width = struct.unpack("<3I", body[:12])
    mask = np.unpackbits(np.frombuffer(body[12:], np.uint8)).reshape(frames, height, width)
    assert mask.shape == (81, 72, 128)
    assert mask.sum() == mask[:, 18:54, 32:96].sum() == 81 * 36 * 64
    for absent in (IN_TAR, "Sparkle_time_0"):
        assert asked(f"{explorer}/api/mask/{absent}")[0] == 404


def test_a_file_that_went_away_is_told(sample_release: Path, tmp_path: Path) -> None:
    """In a sentence, before any byte of a clip."""
    store = made_store(sample_release, tmp_path)
    (tmp_path / "release" / "time" / "source_video" / f"{BROKEN}.mp4").unlink()
    with served(made_tables(), store) as (address, _):
        status, _, body = asked(f"{address}/media/source_video/{BROKEN}")
    assert (status, body.decode().partition(":")[0]) == (404, "A file of the release is not there any more")
