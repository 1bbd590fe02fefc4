"""A question as the body of a chat completion, and what of it a server may do without."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Collection
from typing import Any, Literal

from PIL import Image as Pictures

from sparkle_curation.models.questions import Image, Part, Question, Sampling, Video

VideoPart = Literal["image_url", "video_url"]
"""How a video is sent: as Azure's and other gateways to Gemini take it, or as vLLM and SGLang do."""

_LONGER_NAME = "max_completion_tokens"
"""What models that think want instead of ``max_tokens``."""


def make_body(
    model: str,
    question: Question,
    sampling: Sampling,
    video_part: VideoPart,
    unsent: Collection[str] = (),
    answers: int = 1,
) -> dict[str, Any]:
    """The request; ``top_k`` is an extension that vLLM and SGLang share, which the SDK does not know.

    Pictures stand as they stand in the question: what two questions begin with alike, a server's prefix cache finds.

    Args:
        model: as the server calls it.
        question: what is asked.
        sampling: how the reply is drawn.
        video_part: how a video is sent.
        unsent: settings that the server does not take.
        answers: how many are drawn.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": [_content(part, video_part) for part in question.parts]}],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "max_tokens": sampling.max_new_tokens,
        "seed": question.seed,
    }
    if answers > 1:
        body["n"] = answers
    if sampling.top_k is not None:
        body["extra_body"] = {"top_k": sampling.top_k or -1}
    if question.schema:
        schema = {"name": "answer", "strict": True, "schema": json.loads(question.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    for name in unsent:
        value = body.pop(name, None)
        if name == "max_tokens":
            body[_LONGER_NAME] = value
        if name == "top_k":
            body.pop("extra_body", None)
    return body


def find_refused_setting(text: str, optional: Collection[str]) -> str | None:
    """The setting that a server says it does not take, among those that may be left out; None for none.

    >>> find_refused_setting('{"error": {"message": "Unsupported value", "param": "temperature"}}', ["temperature"])
    'temperature'
    >>> find_refused_setting("Unsupported parameter: 'seed' is not supported with this model.", ["seed"])
    'seed'
    >>> find_refused_setting("the seed of doubt", ["seed"]) is None
    True
    """
    return next((name for name in optional if re.search(rf"""(?<=['"`]){name}(?=['"`])""", text)), None)


def png_of(picture: Image) -> bytes:
    """The picture as a file."""
    png = io.BytesIO()
    Pictures.fromarray(picture).save(png, "PNG", compress_level=1)
    return png.getvalue()


def _content(part: Part, video_part: VideoPart) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, Video):
        return {"type": video_part, video_part: {"url": _data_url("video/mp4", part.data)}}
    return {"type": "image_url", "image_url": {"url": _data_url("image/png", png_of(part))}}


def _data_url(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
