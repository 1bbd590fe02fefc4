"""What a model server's JSON says, told by types: servers differ, and proxies and gateways put in their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.models.questions import Reply, ReplyFault, Usage

_SHOWN_CHARS = 200


class ReplyShapeError(Exception):
    """The JSON is not of the shape that the protocol has; the message says where not, and what stands there."""


def read_model_names(value: Any) -> list[str]:
    """The names of the models that a server lists.

    Raises:
        ReplyShapeError: there is no such list.
    """
    listed = _member(value, "data", list, "the list of models")
    return [_member(model, "id", str, "a model") for model in listed]


def read_replies(value: Any) -> list[Reply]:
    """The replies that a chat completion has: of each choice the content, a text or parts of which the texts are joined.

    In the order of their index, where they have one.
    A content that is null is no reply of the model's: it thought or called a tool until it was cut, and would do so again.
    What a filter of contents stopped, or the model declined, is refused. A choice of another shape is passed over where
    there are others. The tokens, which are told of all together, are with the first.

    Raises:
        ReplyShapeError: no choice has a content, or one of another type.

    >>> parts = [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]
    >>> read_replies({"choices": [{"message": {"content": parts}}]})[0].text
    '42'
    """
    choices = _member(value, "choices", list, "the answer")
    if not choices:
        raise ReplyShapeError(f"choices: none in {_shown(value)}")
    replies: list[Reply] = []
    fault: ReplyShapeError | None = None
    for choice in _in_order(choices):
        try:
            replies.append(_read_choice(choice, value, is_first=not replies))
        except ReplyShapeError as error:
            fault = fault or error
    if fault is not None and not replies:
        raise fault
    return replies


def _in_order(choices: list[Any]) -> list[Any]:
    """The choices by their index, which is the order of the draws; as they stand where they have none."""
    if not all(isinstance(choice, Mapping) and type(choice.get("index")) is int for choice in choices):
        return choices
    return sorted(choices, key=lambda choice: int(choice["index"]))


def _read_choice(choice: Any, value: Mapping[str, Any], *, is_first: bool) -> Reply:
    message = _member(choice, "message", Mapping, "a choice")
    finish = choice.get("finish_reason")
    usage = _usage(value, finish)
    if not is_first:
        usage = replace(usage, tokens_in=None, tokens_out=None, tokens_thoughts=None)
    if finish == "content_filter" or message.get("refusal"):
        said = _shown(message.get("refusal") or f"finish_reason: {finish}")
        return Reply("", fault=ReplyFault.REFUSED, detail=said, usage=usage)
    if "content" in message and message["content"] is None:
        said = f"the message's content is null (finish_reason: {_shown(finish)})"
        return Reply("", is_cut=finish == "length", fault=ReplyFault.NO_REPLY, detail=said, usage=usage)
    text = _text(_member(message, "content", (str, list), "the message")).strip()
    return Reply(text, is_cut=finish == "length", usage=usage)


def _usage(value: Mapping[str, Any], finish: object) -> Usage:
    """What the answer tells of itself; nothing of it is needed, so nothing of another shape is a fault."""
    told = value.get("usage")
    usage = told if isinstance(told, Mapping) else {}
    details = usage.get("completion_tokens_details")
    thoughts = _count(details.get("reasoning_tokens")) if isinstance(details, Mapping) else None
    out = _count(usage.get("completion_tokens"))  # thoughts are among them
    model = value.get("model")
    return Usage(
        model=storable(model) if isinstance(model, str) and model else None,
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=None if out is None else max(0, out - (thoughts or 0)),
        tokens_thoughts=thoughts,
        finish_reason=storable(finish) if isinstance(finish, str) else None,
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 62 else None


def _text(content: str | list[Any]) -> str:
    if isinstance(content, str):
        return content
    texts = [
        part["text"]
        for part in content
        if isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)
    ]
    if not texts:
        raise ReplyShapeError(f"content: no part that is a text in {_shown(content)}")
    return "".join(texts)


def _member(value: Any, name: str, kind: Any, what: str) -> Any:
    if not isinstance(value, Mapping):
        raise ReplyShapeError(f"{what} is no object: {_shown(value)}")
    if name not in value:
        raise ReplyShapeError(f"{what} has no {name!r}: {_shown(value)}")
    if not isinstance(value[name], kind):
        raise ReplyShapeError(f"{name}: not what it should be in {what}: {_shown(value[name])}")
    return value[name]


def _shown(value: object) -> str:
    try:
        return str(value)[:_SHOWN_CHARS]
    except RecursionError:
        return f"{type(value).__name__}, nested too deeply to be shown"
