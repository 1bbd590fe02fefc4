"""Who is let in, and who may write."""

from __future__ import annotations

import socket
from pathlib import Path

import polars as pl
import pytest
from tests.explorer.serving import asked, made_store, made_tables, served

from sparkle_curation.errors import ParameterError
from sparkle_curation.explorer.security import TOKEN_HEADER, is_own_host
from sparkle_curation.explorer.server import Settings, create_app, serve


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4142", "localhost.evil.example", "192.168.1.4", ""]
)
def test_a_foreign_host_is_refused(explorer: str, host: str) -> None:
    """Whatever it asks for."""
    for path in ("/", "/api/samples", "/static/main.js"):
        assert asked(explorer + path, headers={"Host": host})[0] in (400, 403)


def test_a_server_for_others_is_reached_by_its_addresses() -> None:
    """And not by names that a page of another site could take."""
    assert is_own_host("192.168.1.4:80", "0.0.0.0")  # noqa: S104
    assert is_own_host("work.station", "work.station")
    assert not is_own_host("evil.example", "0.0.0.0")  # noqa: S104


def test_writing_needs_the_token(sample_release: Path, tmp_path: Path) -> None:
    """Which each start makes anew; behind it, nothing can be written yet."""
    store = made_store(sample_release, tmp_path)
    with served(made_tables(), store) as (address, settings):
        for headers in ({}, {TOKEN_HEADER: "x"}, {TOKEN_HEADER: settings.token[:-1]}):
            assert asked(f"{address}/api/samples", "POST", headers)[0] == 403
        assert asked(f"{address}/api/samples", "POST", {TOKEN_HEADER: settings.token})[0] == 405
    assert settings.token != Settings().token
    with served(made_tables(), store, is_read_only=True) as (address, settings):
        status, _, body = asked(f"{address}/api/samples", "POST", {TOKEN_HEADER: settings.token})
    assert (status, b"--read-only" in body) == (403, True)


def test_nothing_comes_from_elsewhere(explorer: str) -> None:
    """The page's policy allows its own server alone, and other sites may not embed what it serves."""
    _, headers, _ = asked(explorer)
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    for path in ("/", "/static/main.js", "/api/description", "/media/source_video/Sparkle_time_000000"):
        assert asked(explorer + path)[1]["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_port_in_use_is_told(sample_release: Path, tmp_path: Path) -> None:
    """With the port to take instead."""
    app = create_app(made_tables(), made_store(sample_release, tmp_path), Settings())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ParameterError, match="port is in use") as caught:
            serve(lambda: app, Settings(port=port), pytest.fail)
    assert f"--port {port + 1}" in str(caught.value)


def test_a_release_without_samples_is_served(sample_release: Path, tmp_path: Path) -> None:
    """An empty variant has a page that counts nothing."""
    tables = made_tables()
    empty = type(tables)(
        verdicts=tables.verdicts.lazy().head(0), annotations=pl.DataFrame(tables.annotations).head(0)
    )
    with served(empty, made_store(sample_release, tmp_path)) as (address, _):
        assert asked(f"{address}/api/samples")[::2] == (200, b"")
        assert asked(f"{address}/api/find?q=x")[::2] == (200, b"")
