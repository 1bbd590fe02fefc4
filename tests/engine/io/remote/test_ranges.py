"""Parts of files come whole or not at all, whatever a server does: busy, cut off, silent, or sending something else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
from tests.made.range_server import CUT, SHIFTED, WHOLE, Asked, Fault, RangeServer, serving_ranges

from sparkle_curation.engine.io.remote.ranges import Range, RangeReader
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.io.remote.sources import range_reader, storage_options
from sparkle_curation.errors import ReleaseError, ServerError

CONTENT = bytes(range(256)) * 40
NO_FAULT: Fault = lambda _asked, _number: None  # noqa: E731 -- as the server's own default


@contextmanager
def reading(
    folder: Path, fault: Fault = NO_FAULT, delay_s: float = 0.0, **settings: float
) -> Iterator[tuple[RangeServer, RangeReader, Callable[[int, int], Range]]]:
    """A server of one file, a reader, and what names a part of the file."""
    (folder / "a.bin").write_bytes(CONTENT)
    with serving_ranges(folder, delay_s=delay_s, fault=fault) as server:
        web = fsspec.filesystem("http", skip_instance_cache=True)
        reader = range_reader(web, RemoteSettings.model_validate({"retries": 2, **settings}))
        yield server, reader, lambda start, end: Range(f"{server.url}/a.bin", start, end)


def test_a_part_is_what_the_file_holds_there(tmp_path: Path) -> None:
    """Fewer bytes where the file ends within it, none where it ends before."""
    with reading(tmp_path) as (server, reader, part):
        assert reader.read(part(10, 30)) == CONTENT[10:30]
        assert reader.read(part(len(CONTENT) - 5, len(CONTENT) + 100)) == CONTENT[-5:]
        assert reader.read(part(len(CONTENT), len(CONTENT) + 9)) == b""
        assert reader.read(part(0, len(CONTENT))) == CONTENT
    assert len(server.asked) == 4


def test_no_more_requests_are_under_way_than_may_be(tmp_path: Path) -> None:
    """All of them are, though, and each part is its own."""
    with reading(tmp_path, delay_s=0.02, requests=7) as (server, reader, part):
        futures = [reader.start(part(start, start + 10)) for start in range(0, 1000, 10)]
        assert b"".join(future.result() for future in futures) == CONTENT[:1000]
    assert server.most_at_once == 7


@pytest.mark.parametrize("fault", [503, 429, 500, CUT])
def test_what_passes_is_asked_again(tmp_path: Path, fault: int | str) -> None:
    """A server that is busy, fails or ends the connection within an answer: the part is whole all the same."""
    with reading(tmp_path, lambda _asked, number: fault if number == 0 else None) as (server, reader, part):
        assert reader.read(part(100, 900)) == CONTENT[100:900]
    assert len(server.asked) == 2


def test_a_storm_of_refusals_is_told_once_the_retries_are_used_up(tmp_path: Path) -> None:
    """With the address and what to do; no more is asked than was said."""
    with (
        reading(tmp_path, lambda _asked, _number: 503, retries=1) as (server, reader, part),
        pytest.raises(ServerError, match="has a fault of its own") as caught,
    ):
        reader.read(part(0, 10))
    assert len(server.asked) == 2
    assert str(caught.value.where).endswith("/a.bin")


def test_a_silent_server_is_told(tmp_path: Path) -> None:
    """After the time that one request may take."""
    with reading(tmp_path, delay_s=5, retries=0, timeout_s=0.1) as (_server, reader, part):
        start = time.monotonic()
        with pytest.raises(ServerError, match="does not answer in time"):
            reader.read(part(0, 10))
        assert time.monotonic() - start < 4


@pytest.mark.parametrize(("fault", "got"), [(WHOLE, "the whole file"), (SHIFTED, "bytes 101-110")])
def test_another_part_is_no_part(tmp_path: Path, fault: str, got: str) -> None:
    """A server that knows no ranges, or answers with others: not asked again, and never taken for what was wanted."""
    with (
        reading(tmp_path, lambda _asked, _number: fault) as (server, reader, part),
        pytest.raises(ReleaseError, match="does not send the part") as caught,
    ):
        reader.read(part(100, 110))
    assert got in str(caught.value.got)
    assert len(server.asked) == 1


def test_the_whole_file_is_taken_where_it_was_asked_for(tmp_path: Path) -> None:
    """What a plain server sends is then right."""
    with reading(tmp_path, lambda _asked, _number: WHOLE) as (_server, reader, part):
        assert reader.read(part(0, len(CONTENT))) == CONTENT


def test_a_file_that_is_gone_is_not_asked_for_again(tmp_path: Path) -> None:
    """It is no fault of the server."""
    with (
        reading(tmp_path, lambda _asked, _number: 404) as (server, reader, part),
        pytest.raises(FileNotFoundError),
    ):
        reader.read(part(0, 10))
    assert server.asked == [Asked("GET", "a.bin", (0, 9))]


def test_file_systems_without_requests_of_their_own_are_read_on_threads() -> None:
    """As any other one, to the end of the file and behind it."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/ranges.bin", CONTENT)
    reader = range_reader(memory, RemoteSettings(requests=2))
    assert reader.read(Range("/ranges.bin", 3, 9)) == CONTENT[3:9]
    assert reader.read(Range("/ranges.bin", len(CONTENT) - 2, len(CONTENT) + 9)) == CONTENT[-2:]
    memory.rm("/ranges.bin")
    with pytest.raises(FileNotFoundError):
        reader.read(Range("/ranges.bin", 3, 9))


def test_requests_are_shared_among_processes() -> None:
    """None of them is left without one."""
    assert [RemoteSettings(requests=64).shared(count).requests for count in (1, 3, 100)] == [64, 21, 1]


def test_credentials_are_for_the_kind_of_address_that_has_them() -> None:
    """And a store of S3 has a connection for each request; a local folder needs nothing."""
    given = {"endpoint_url": "http://store", "key": "a", "secret": "b", "token": "c", "anon": True}
    settings = RemoteSettings(requests=40)
    assert storage_options("s3://bucket/a", settings, given) == {
        **given,
        "config_kwargs": {"max_pool_connections": 40, "connect_timeout": 60, "read_timeout": 60},
    }
    assert storage_options("hf://datasets/a/b", settings, given) == {"token": "c", "anon": True}
    assert storage_options("gs://bucket/a", settings, given).keys() == {"endpoint_url", "token", "anon"}
    assert storage_options("/local", settings, given) == {}
