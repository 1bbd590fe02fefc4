"""What the page asks to be written: decisions by hand, and thresholds as parameters."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sparkle_curation.errors import LockedError, SparkleError
from sparkle_curation.explorer.desk import Desk, tell
from sparkle_curation.explorer.files.parameters_file import ParametersFile, save_parameters

logger = logging.getLogger(__name__)

_Body = TypeVar("_Body", bound=BaseModel)

MOST_BYTES = 128 << 20
"""Of a request: decisions about more samples than any release has."""


class Decisions(BaseModel):
    """Decisions about samples: id, ``keep``, ``drop`` or None for none any more, reason; and the file that was seen."""

    model_config = ConfigDict(strict=True, extra="forbid")

    state: str
    decisions: list[list[str | None]] = []


async def decide(request: web.Request, desk: Desk) -> web.Response:
    """Write decisions; all that there are then."""
    asked = await read_body(request, Decisions)
    await asyncio.to_thread(desk.decide, read_decisions(asked), asked.state)
    return await tell_decisions(request, desk)


def read_decisions(asked: Decisions) -> list[tuple[str, str | None, str]]:
    """The decisions of a request: id, word, reason.

    Raises:
        HTTPBadRequest: there is none, or one has not these three.
    """
    decisions = [(str(row[0]), row[1], row[2] or "") for row in asked.decisions if len(row) == 3]
    if len(decisions) != len(asked.decisions) or not decisions:
        raise web.HTTPBadRequest(text="A decision is an id, a word and a reason.")
    return decisions


async def undo(request: web.Request, desk: Desk) -> web.Response:
    """Take back the last change; all decisions that there are then, and ``undone``, the ids that it was about."""
    asked = await read_body(request, Decisions)
    ids = await asyncio.to_thread(desk.undo, asked.state)
    return await tell_decisions(request, desk, undone=ids)


async def tell_decisions(request: web.Request, desk: Desk, **more: Any) -> web.Response:
    """All decisions that there are; to a page that says ``blind`` no others than its own, whatever it asked for."""
    is_blind = "blind" in request.query
    return send_json({**await asyncio.to_thread(desk.told, is_blind=is_blind), **more})


class _Parameters(BaseModel):
    """Parameters to be saved."""

    model_config = ConfigDict(strict=True, extra="forbid")

    values: dict[str, Any]


async def save(request: web.Request, file: ParametersFile) -> web.Response:
    """Save parameters: ``changes``, each in words; ``above``, what stands over them elsewhere, by name."""
    asked = await read_body(request, _Parameters)
    changes = await asyncio.to_thread(save_parameters, file, asked.values)
    above = {name: where for name, where in file.above.items() if name in asked.values}
    return send_json({"file": file.shown, "changes": changes, "above": above})


async def read_body(request: web.Request, model: type[_Body]) -> _Body:
    """The body of a request, in JSON.

    Raises:
        HTTPBadRequest: it is none of the model.
    """
    try:
        # Not by pydantic's own reader, which takes no half of a surrogate pair; a person can type one into a page.
        return model.model_validate(json.loads(await request.read()))
    except (ValidationError, ValueError):
        raise web.HTTPBadRequest(text="The request is not one of this page; load it again.") from None


@web.middleware
async def tell_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """An error as an answer in one line: 409 for what another did meanwhile, else 422 for ours, and 500."""
    try:
        answer: web.StreamResponse = await handler(request)
    except LockedError as error:
        raise web.HTTPConflict(text=tell(error)) from None
    except SparkleError as error:
        raise web.HTTPUnprocessableEntity(text=tell(error)) from None
    except web.HTTPException:
        raise
    except Exception as error:
        logger.exception("the explorer cannot answer %s", request.path)
        said = f"The explorer has a fault of its own ({type(error).__name__}); the terminal that it runs in says more"
        raise web.HTTPInternalServerError(text=said) from None
    return answer


def send_json(value: Any) -> web.Response:
    """An answer in JSON."""
    # A score that is no number would make JSON that no browser reads.
    return web.json_response(value, dumps=partial(json.dumps, allow_nan=False, ensure_ascii=False))
