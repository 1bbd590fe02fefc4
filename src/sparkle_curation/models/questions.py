"""What every model understands: questions of images and text, and replies.

A model has three moments: it is described (which weights, pinned), loaded, and asked. Nothing is fetched or loaded
before ``load``, so a run that has nothing to ask needs neither weights nor a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.masking import without_secrets

Image = NDArray[np.uint8]
"""A picture, [height, width, 3], RGB, 0-255."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn.

    Attributes:
        temperature: 0 takes the likeliest token each time.
        top_p: smallest share of probability that the candidates hold together.
        top_k: most candidates; 0 for all; None leaves it to a server, of which some do not know the setting.
        presence_penalty: what is taken off the logit of a token that the reply already has.
        max_new_tokens: longest reply.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int | None = 20
    presence_penalty: float = 0.0
    max_new_tokens: int = 512


@dataclass(frozen=True, eq=False)
class Video:
    """A video as a file, for models that look at one themselves.

    Attributes:
        data: the bytes of an MP4.
        frame_rate: frames a second that the model is to look at; None for what it does of itself.
    """

    data: bytes
    frame_rate: float | None = None


Part = Image | Video | str
"""What a question is made of."""


@dataclass(frozen=True, eq=False)
class Question:
    """One question.

    Attributes:
        parts: what the user says, images, videos and texts in their order.
        seed: the draws depend on it alone, not on what else is asked at the same time.
        schema: JSON schema that the reply must follow; None leaves the reply free.
        job: key of the work that it is asked for, which says what is shown; not sent. Empty for none.
        place: of several things that are shown for that work, about which it is asked; not sent.
    """

    parts: tuple[Part, ...]
    seed: int
    schema: str | None = None
    job: str = ""
    place: int = 0

    def about(self, job: str, place: int = 0) -> Question:
        """The same, asked for a work; the arguments are the attributes."""
        return replace(self, job=job, place=place)


def describe_question(question: Question) -> Mapping[str, object]:
    """All that is said in a question, with a mark for each picture and video: alike are those of the same request."""
    parts: list[object] = []
    for part in question.parts:
        if isinstance(part, Video):
            parts.append({"video": part.frame_rate})
        else:
            parts.append(part if isinstance(part, str) else {"picture": list(part.shape)})
    return {"parts": parts, "seed": question.seed, "schema": question.schema}


class ReplyFault(StrEnum):
    """Why there is no reply to a question."""

    OUT_OF_MEMORY = "out_of_memory"
    """The question does not fit into the device's memory, even alone."""
    REFUSED = "refused"
    """The server does not take the question; the others are not affected."""
    NO_REPLY = "no_reply"
    """The server gave none before the deadline, however often it was asked."""


@dataclass(frozen=True)
class Usage:
    """What a server tells of a reply beside its text; None for what it does not tell.

    Attributes:
        model: that has answered, as it calls itself: a name may be routed to another model.
        tokens_in: of the question.
        tokens_out: of the text.
        tokens_thoughts: that were thought before it, and are paid for like the text.
        finish_reason: why the reply ends, in the server's word.
        unsent: settings that the server would not take, so that the question was asked without them.
    """

    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_thoughts: int | None = None
    finish_reason: str | None = None
    unsent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a model says to one question, made storable (``engine.io.storable_text``) whoever says it.

    Attributes:
        text: the reply without the format's own tokens; empty where there is none.
        is_cut: whether the reply ends because it was as long as allowed.
        fault: why there is no reply; None when there is one.
        detail: what was seen of the fault.
        usage: what a server tells of it; None of a model in this process.
        of_request: how many replies came of the request that this one is from; more than one share that request's seed, from
            which the server draws each in a way of its own.
    """

    text: str
    is_cut: bool = False
    fault: ReplyFault | None = None
    detail: str | None = None
    usage: Usage | None = None
    of_request: int = 1

    def __post_init__(self) -> None:
        """Let no text in that no journal can hold."""
        object.__setattr__(self, "text", storable(self.text))
        object.__setattr__(self, "detail", self.detail and storable(without_secrets(self.detail)))

    def from_request(self, replies: int, unsent: tuple[str, ...]) -> Reply:
        """The same with what is known of its request; the texts, which are storable, are not made so a second time.

        Args:
            replies: that came of it.
            unsent: settings that it was sent without.
        """
        told = copy(self)
        object.__setattr__(told, "of_request", replies)
        object.__setattr__(told, "usage", self.usage and replace(self.usage, unsent=unsent))
        return told


class VisionLanguageModel(Protocol):
    """A model that answers questions about images, and one behind a server about videos too."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """Which model this is, and all its settings that a reply depends on; the same for the same replies."""
        ...

    def load(self) -> None:
        """Make the model ready to be asked; a second call does nothing.

        Raises:
            ModelError: the weights, the device or the server cannot be had.
        """
        ...

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            ModelError: the model cannot answer at all; what one question causes is in its reply.
        """
        ...
