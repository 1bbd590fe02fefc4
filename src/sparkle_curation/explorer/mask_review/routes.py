"""What the page of masks asks the server."""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from sparkle_curation.explorer.mask_review.review import MaskReview
from sparkle_curation.explorer.writing import Decisions, read_body, read_decisions, send_json
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import KIND


def add_mask_routes(app: web.Application, review: MaskReview, *, is_read_only: bool) -> None:
    """The addresses below ``/api/masks``."""
    app.router.add_get("/api/masks", partial(_list, review=review, is_read_only=is_read_only))
    app.router.add_get("/api/masks/sample/{id}", partial(_sample, review=review))
    app.router.add_get("/api/masks/small/{which}/{id}", partial(_small, review=review))
    app.router.add_post("/api/masks/decisions", partial(_decide, review=review))
    app.router.add_post("/api/masks/decisions/undo", partial(_undo, review=review))


async def _list(request: web.Request, review: MaskReview, *, is_read_only: bool) -> web.Response:
    asked = request.query
    start = asked.get("from", "0")
    listed = partial(
        review.listed,
        show=asked.get("show", ""),
        sort=asked.get("sort", ""),
        theme=asked.get("theme", ""),
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0,
    )
    page = {"title": dataset().title, "source": KIND.source_video, "is_read_only": is_read_only}
    return send_json(await asyncio.to_thread(listed) | page)


async def _sample(request: web.Request, review: MaskReview) -> web.Response:
    found = await asyncio.to_thread(review.sample, request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound(text="No mask of this sample was tracked.")
    return send_json(found)


async def _small(request: web.Request, review: MaskReview) -> web.Response:
    name, which = request.match_info["id"], request.match_info["which"]
    body = await asyncio.to_thread(review.small, name, which)
    if body is None:
        raise web.HTTPNotFound(text="There is no such mask.")
    response = web.Response(body=body, content_type="application/octet-stream")
    response.enable_compression()
    return response


async def _decide(request: web.Request, review: MaskReview) -> web.Response:
    asked = await read_body(request, Decisions)
    await asyncio.to_thread(review.decide, read_decisions(asked), asked.state)
    return send_json({})


async def _undo(request: web.Request, review: MaskReview) -> web.Response:
    asked = await read_body(request, Decisions)
    return send_json({"undone": await asyncio.to_thread(review.undo, asked.state)})
