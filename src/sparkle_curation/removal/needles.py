"""What tells of an excluded clip wherever it stands: ids, prompts, hashes, each in the forms in which files have them."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from sparkle_curation.escaping import markdown_text

_LEAST_CHARS = 12
"""A shorter text is said of many, and tells of nobody."""


@dataclass(frozen=True)
class Needles:
    """What is looked for.

    Attributes:
        ids: of the samples that are made from the clip.
        texts: prompts and descriptions that no other sample has.
        hashes: hexadecimal digests of their files, of what these show and of parts of them, that no other sample has.
        sizes: lengths in bytes of their files, so that no other need be read to be compared by its hash.
        file_hashes: xxh3-128 of the bytes of their files.
        names: ids of samples of a benchmark that are called as people called their videos; one may be as short as ``1``, so
            it is taken for one only where a cell of a column of ids, or the name of a file, is it as a whole.
    """

    ids: frozenset[str]
    texts: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    sizes: frozenset[int] = field(default=frozenset())
    file_hashes: frozenset[str] = field(default=frozenset())
    names: frozenset[str] = field(default=frozenset())

    def are_in(self, content: bytes) -> bool:
        """Whether one of them stands in the bytes, in any of its forms.

        >>> Needles(frozenset({"Sparkle_a_1"})).are_in(b'{"id": "Sparkle_a_1"}')
        True
        """
        return any(form in content for form in self.forms)

    @cached_property
    def forms(self) -> tuple[bytes, ...]:
        """All of them as bytes, each in the forms in which files have it."""
        # One after the other: to search for a hundred at once, as a regular expression does, takes fifty times as long.
        found = {form for text in self.texts if len(text) >= _LEAST_CHARS for form in _forms(text)}
        return tuple(sorted(found | {each.encode() for each in (*self.ids, *self.hashes)}))


def _forms(text: str) -> Iterable[bytes]:
    """The text as plain files, JSON, CSV, HTML and Markdown have it."""
    for each in {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        text.replace('"', '""'),
        html.escape(text),
        html.escape(text, quote=False),
        html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),  # Jinja's
        markdown_text(text),
    }:
        yield each.encode("utf-8", "surrogatepass")
