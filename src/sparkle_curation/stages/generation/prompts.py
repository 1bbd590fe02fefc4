"""Prompts of generators: a template that may name what is known of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

PLACEHOLDERS = ("prompt", "scene", "subtheme")
"""What a template may name in braces: columns of ``new_instructions``."""


def placeholders_of(template: str) -> list[str]:
    """What a template names in braces.

    Raises:
        ValueError: a brace is not closed, or more than a name stands in braces.

    >>> placeholders_of("{scene}, at dusk")
    ['scene']
    """
    parts = list(Formatter().parse(template))
    if any(spec or conversion for _, _, spec, conversion in parts):
        raise ValueError(template)
    return [name for _, name, _, _ in parts if name is not None]


def fill(template: str, sample: Mapping[str, str | None]) -> str | None:
    """The prompt of a sample; None where it has no edit prompt, or lacks what the template names.

    >>> fill("{scene}, at dusk", {"prompt": "Put her there.", "scene": "a quay", "subtheme": None})
    'a quay, at dusk'
    """
    values = {name: sample[name] for name in {*placeholders_of(template), "prompt"}}
    return template.format(**values) if all(values.values()) else None
