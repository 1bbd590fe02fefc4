"""What the page of models asks the server; files by role and id alone, never by path."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from aiohttp import web

from sparkle_curation.explorer.bench_review.models import ModelsReview, is_local
from sparkle_curation.explorer.media import content_type
from sparkle_curation.explorer.writing import send_json


def add_bench_routes(app: web.Application, review: ModelsReview) -> None:
    """The addresses below ``/api/bench`` and ``/bench``."""
    app.router.add_get("/api/bench", partial(_list, review=review))
    app.router.add_get("/api/bench/sample/{id}", partial(_sample, review=review))
    app.router.add_get("/bench/media/{which}/{id}", partial(_media, review=review))


async def _list(_: web.Request, review: ModelsReview) -> web.Response:
    return send_json(await asyncio.to_thread(review.listed))


async def _sample(request: web.Request, review: ModelsReview) -> web.Response:
    found = await asyncio.to_thread(review.sample, request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound(text="The benchmark has no such sample.")
    return send_json(found)


async def _media(request: web.Request, review: ModelsReview) -> web.StreamResponse:
    which, name = request.match_info["which"], request.match_info["id"]
    path = await asyncio.to_thread(review.path, which, name)
    if path is None or not await asyncio.to_thread(is_local, path):
        raise web.HTTPNotFound(
            text="There is no such file here; it may lie behind a URL, or have gone since it was listed."
        )
    headers = {"Content-Type": content_type(Path(path).suffix.removeprefix(".")), "Cache-Control": "no-store"}
    return web.FileResponse(path, headers=headers)
