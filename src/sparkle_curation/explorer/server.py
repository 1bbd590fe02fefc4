"""The server of the explorer: one page, its numbers, texts and media, on this machine alone unless told otherwise."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aiohttp import web

from sparkle_curation.errors import ParameterError
from sparkle_curation.explorer import reading
from sparkle_curation.explorer.bench_review.models import ModelsReview
from sparkle_curation.explorer.bench_review.routes import add_bench_routes
from sparkle_curation.explorer.bench_review.tables import BenchTables, no_tables
from sparkle_curation.explorer.comparing import Comparisons, Versions
from sparkle_curation.explorer.data import ExplorerTables, read_samples
from sparkle_curation.explorer.desk import Desk, DeskSettings
from sparkle_curation.explorer.exporting import Lookout
from sparkle_curation.explorer.files.parameters_file import ParametersFile
from sparkle_curation.explorer.mask_review.review import MaskReview, MaskSources
from sparkle_curation.explorer.mask_review.routes import add_mask_routes
from sparkle_curation.explorer.masks import send_mask
from sparkle_curation.explorer.media import send_media
from sparkle_curation.explorer.security import guard
from sparkle_curation.explorer.writing import MOST_BYTES, decide, save, tell_errors, undo
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.pages.palette import colours_css
from sparkle_curation.reports.sheet import colours
from sparkle_curation.variant.curation.params import FilterParams

_STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True)
class Settings:
    """How the server was asked to run.

    Attributes:
        host: what it listens on.
        port: the port; 0 for any free one.
        is_read_only: whether nothing may be written.
        desk: whose decisions by hand are written, and where.
        masks: what tracked masks are reviewed from.
        bench: gives the tables of the benchmark, when somebody looks at them; None for no benchmark.
        versions: of the variant, to compare with; None for none.
        params: of curating, as they stand; None where there are none.
        parameters: the file in which thresholds are saved.
        run_options: what a ``kedro run`` needs beside thresholds to make this variant: an environment, roots.
        token: what a page must have to write; made anew at each start.
    """

    host: str = "127.0.0.1"
    port: int = 4142
    is_read_only: bool = False
    desk: DeskSettings = field(default_factory=DeskSettings)
    masks: MaskSources = field(default_factory=MaskSources)
    bench: Callable[[], BenchTables] | None = None
    versions: Versions | None = None
    params: FilterParams | None = None
    parameters: ParametersFile = field(default_factory=ParametersFile)
    run_options: Sequence[str] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def create_app(tables: ExplorerTables, store: AssetStore, settings: Settings) -> web.Application:
    """The explorer of some tables and the release that they were made of."""
    samples = read_samples(tables)
    comparisons = Comparisons(settings.versions, samples)
    desk = Desk(tables, samples, settings.desk)
    described = samples.description | {
        "versions": comparisons.names,
        "parameters_file": settings.parameters.shown,
        "selection": settings.params.selection.model_dump() if settings.params else None,
        "is_read_only": settings.is_read_only,
        "run_options": list(settings.run_options),
    }
    lookout = Lookout(tables, settings.params)
    shown = reading.Shown(tables, samples, store, desk, comparisons, lookout, settings.params, described)
    app = web.Application(
        middlewares=[guard(settings.host, settings.token, is_read_only=settings.is_read_only), tell_errors],
        client_max_size=MOST_BYTES,
    )
    app.router.add_get("/", partial(_send_page, name="index.html"))
    app.router.add_get("/colours.css", _colours)
    for path, told in {
        "description": reading.send_description,
        "samples": reading.send_samples,
        "exportable": reading.send_exportable,
        "texts": reading.send_texts,
        "ids": reading.send_ids,
        "find": reading.find,
        "sample/{id}": reading.send_sample,
        "audit": reading.send_audit,
        "decisions": reading.send_decisions,
        "compare": reading.compare,
        "select": reading.select,
    }.items():
        app.router.add_get(f"/api/{path}", partial(told, shown=shown))
    app.router.add_post("/api/decisions", partial(decide, desk=desk))
    app.router.add_post("/api/decisions/undo", partial(undo, desk=desk))
    app.router.add_post("/api/parameters", partial(save, file=settings.parameters))
    app.router.add_get("/api/mask/{id}", partial(send_mask, store=store))
    app.router.add_get("/media/{kind}/{id}", partial(send_media, store=store))
    add_mask_routes(app, MaskReview(settings.masks, store), is_read_only=settings.is_read_only)
    add_bench_routes(app, ModelsReview(settings.bench or no_tables))
    app.router.add_get("/bench", partial(_send_page, name="bench.html"))
    app.router.add_get("/masks", partial(_send_page, name="masks.html"))
    app.router.add_static("/static", _STATIC)
    return app


def serve(make_app: Callable[[], web.Application], settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve until a person ends it.

    It listens before the application is made, so that a browser starts and asks while numbers are still being read: its
    connections wait.

    Args:
        make_app: gives what ``create_app`` does.
        settings: where it listens.
        tell: takes the address, once the page can be opened.

    Raises:
        ParameterError: the port is in use, or there is no such host.
    """
    with _listen(settings) as listening:
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        # Behind the number sign: a browser keeps that to itself, so it is in no log and no referrer.
        tell(f"http://{shown}:{port}/#token={settings.token}")
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(make_app(), listening))


def _listen(settings: Settings) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ParameterError(
                "The port is in use, perhaps by another explorer",
                got=f"--port {settings.port}",
                todo=f"end that one, or take another port: kedro explore --port {settings.port + 1}",
            ) from None
        raise ParameterError(
            "The explorer cannot listen there",
            got=f"--host {settings.host} --port {settings.port}: {error.strerror or error}",
            todo="leave --host out for this machine alone; ports below 1024 are the system's",
        ) from None


async def _serve(app: web.Application, listening: socket.socket) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _send_page(_: web.Request, name: str) -> web.FileResponse:
    return web.FileResponse(_STATIC / name)


async def _colours(_: web.Request) -> web.Response:
    """The colours that all pages share, in the light and in the dark, and those of boxes and mask."""
    drawn = {"mask-edge": colours.MASK_EDGE} | {
        f"box-{number}": colour for number, colour in enumerate(colours.BOX_COLOURS)
    }
    own = " ".join(f"--{name}: {colour};" for name, colour in drawn.items())
    return web.Response(text=f"{colours_css()}\n:root {{ {own} }}\n", content_type="text/css")
