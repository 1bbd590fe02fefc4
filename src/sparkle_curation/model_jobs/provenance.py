"""Where an answer of a model is from: the columns that say so, and the digest that names it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import xxhash

from sparkle_curation.models.questions import (
    Question,
    VisionLanguageModel,
    describe_question,
)

_COLUMNS = ("backend", "model", "revision", "adapter", "adapter_revision")


def describe(
    model: VisionLanguageModel, origin: str, digest: str, settings: Mapping[str, object]
) -> Mapping[str, str | None]:
    """The columns that say where a row is from.

    Args:
        model: who was asked.
        origin: whose texts it was asked with.
        digest: of these texts.
        settings: all else that an answer depends on.

    Raises:
        ModelError: the model is not pinned to a revision.
    """
    facts = dict(model.provenance)
    columns = {name: facts.pop(name, None) for name in _COLUMNS}
    text = json.dumps({"sampling": facts, **settings}, sort_keys=True, ensure_ascii=False)
    return {**columns, "prompt_template_origin": origin, "prompt_template_digest": digest, "settings": text}


_KEYED_AS = {"prompt_template_digest": "instructions_digest"}  # an old name
"""Columns under the names that the keys of answers are made with, so that answers from before a renaming are found."""


def digest_of(provenance: Mapping[str, str | None], questions: Sequence[Question]) -> str:
    """xxh3-128 of all that decides an answer; whose the instructions are does not, what they say does.

    Args:
        provenance: from ``describe``.
        questions: some that stand for all that are asked.
    """
    facts: dict[str, object] = {
        _KEYED_AS.get(name, name): value
        for name, value in provenance.items()
        if name != "prompt_template_origin"
    }
    facts["questions"] = [describe_question(question) for question in questions]
    return xxhash.xxh3_128(json.dumps(facts, sort_keys=True).encode()).hexdigest()


SAMPLE_EDITS = ("Put a hat on the man.", '\u00c4ndere <b>"alles"</b>, {bis} auf\n1. dies & 2. das; ' * 40)
"""Two edit prompts, of which the second has all that code might treat in a way of its own."""
