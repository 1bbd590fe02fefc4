"""What the page asks to be told: numbers of all samples, texts, searches, one sample, comparisons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sparkle_curation.errors import OverridesError
from sparkle_curation.explorer.blind import blind_details, blind_prompts
from sparkle_curation.explorer.comparing import Comparisons
from sparkle_curation.explorer.data import ExplorerTables, Samples, find_reasons, find_text
from sparkle_curation.explorer.desk import Desk
from sparkle_curation.explorer.details import sample_details
from sparkle_curation.explorer.exporting import Lookout
from sparkle_curation.explorer.selecting import read_choice, select_by
from sparkle_curation.explorer.writing import send_json, tell_decisions
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.variant.curation.params import FilterParams

_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Shown:
    """What a running explorer shows.

    Attributes:
        tables: as they were when it started.
        samples: ready to be sent.
        store: of the release.
        desk: the decisions by hand.
        comparisons: with other versions.
        lookout: what could be exported.
        params: of curating, which the page's choice goes over; None where there are none.
        described: what the page must know at first.
    """

    tables: ExplorerTables
    samples: Samples
    store: AssetStore
    desk: Desk
    comparisons: Comparisons
    lookout: Lookout
    params: FilterParams | None
    described: Mapping[str, Any]


async def send_description(_: web.Request, shown: Shown) -> web.Response:
    """What the page must know to read the numbers."""
    return send_json(dict(shown.described))


async def send_samples(_: web.Request, shown: Shown) -> web.Response:
    """The numbers of all samples, as ``Samples.blob`` has them."""
    return web.Response(body=shown.samples.blob, content_type="application/octet-stream")


async def send_exportable(_: web.Request, shown: Shown) -> web.Response:
    """What could be exported of all samples, as ``Exportable.blob`` has it."""
    found = await asyncio.to_thread(shown.lookout.found)
    return web.Response(body=found.blob, content_type="application/octet-stream")


async def send_texts(request: web.Request, shown: Shown) -> web.Response:
    """Id, prompt and keyword of the samples with these numbers."""
    asked = request.query.get("rows", "").split(",")
    texts = shown.samples.texts
    numbers = [int(each) for each in asked if each.isascii() and each.isdigit()][:_ROWS_AT_ONCE]
    return send_json(texts[[number for number in numbers if number < texts.height]].rows())


async def send_ids(_: web.Request, shown: Shown) -> web.Response:
    """All ids in their order, one a line."""
    response = web.Response(text="\n".join(shown.samples.texts["id"]), content_type="text/plain")
    response.enable_compression()
    return response


async def find(request: web.Request, shown: Shown) -> web.Response:
    """The numbers of the samples that a search finds, as uint32."""
    query = request.query.get("q", "")
    if request.query.get("in") == "reasons":
        found = await asyncio.to_thread(find_reasons, shown.tables, shown.samples, query)
    else:
        found = await asyncio.to_thread(find_text, shown.samples, query)
    return web.Response(body=found.tobytes(), content_type="application/octet-stream")


async def send_sample(request: web.Request, shown: Shown) -> web.Response:
    """All that is known of one sample."""
    name = request.match_info["id"]
    if name not in shown.samples.place:
        raise web.HTTPNotFound(text="There is no such sample.")
    if request.query.get("blind"):
        return send_json(await asyncio.to_thread(blind_details, shown.tables, shown.store, name))
    found = shown.lookout.found_so_far
    tables = found.tables if found else shown.tables
    details = await asyncio.to_thread(sample_details, tables, shown.store, name)
    against = shown.comparisons.of_sample(request.query.get("against", ""), name)
    known = {"place": shown.samples.place[name], "against": against, "is_looked_at": found is not None}
    return send_json({**known, **details})


async def send_audit(_: web.Request, shown: Shown) -> web.Response:
    """The samples that are judged blind, in their order: number, id, prompt; and what the page draws them with.

    ``has_prompts`` is false, and each prompt empty, where one of the samples has none.
    """
    table = shown.tables.audit_sample.lazy().collect()
    drawn = table["id"].to_list() if "id" in table.columns else []
    ids = [each for each in drawn if each in shown.samples.place]
    prompts = await asyncio.to_thread(blind_prompts, shown.tables, shown.samples, ids)
    words = ("title", "count", "pair", "mask", "is_read_only")
    pair = shown.described["pair"]
    return send_json(
        {
            "rows": [
                (shown.samples.place[name], name, prompt)
                for name, prompt in zip(ids, prompts or [""] * len(ids), strict=True)
            ],
            "has_prompts": prompts is not None,
            "gone": len(drawn) - len(ids),
            "kinds": [each for each in shown.described["kinds"] if each["name"] in pair],
            **{name: shown.described[name] for name in words},
        }
    )


async def send_decisions(request: web.Request, shown: Shown) -> web.Response:
    """The decisions by hand, as ``Desk.told`` has them."""
    return await tell_decisions(request, shown.desk)


async def compare(request: web.Request, shown: Shown) -> web.Response:
    """What has changed since another version, as ``Comparisons.compare`` has it."""
    return send_json(await asyncio.to_thread(shown.comparisons.compare, request.query.get("with", "")))


async def select(request: web.Request, shown: Shown) -> web.Response:
    """What the choice in ``choice``, parameters in JSON, comes to, as ``selecting.select_by`` has it."""
    try:
        given = json.loads(request.query.get("choice", ""))
    except ValueError:
        given = None
    if not isinstance(given, dict) or shown.params is None:
        raise web.HTTPBadRequest(text="The request is not one of this page; load it again.")
    params = read_choice(shown.params, given)

    def chosen() -> dict[str, Any]:
        by_hand = shown.desk.told()
        if by_hand["error"]:  # a run stops at it, so there is no variant of any choice
            raise OverridesError(by_hand["error"])
        return select_by(shown.lookout.found(), shown.samples, params, by_hand)

    return send_json(await asyncio.to_thread(chosen))
