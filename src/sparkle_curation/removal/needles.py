"""What tells of an excluded clip wherever it stands: ids, prompts, hashes, each in the forms in which files have them."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus

from sparkle_curation.escaping import markdown_text

_LEAST_CHARS = 12
"""A shorter text is said of many, and tells of nobody."""
_LEAST_RAW = 16
"""Bytes of a hash that nothing else has by chance."""
_PLAIN = re.compile("[A-Za-z0-9 ]{24,}")
"""What no way of writing a text changes, long enough to tell of it."""
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{22,}")


@dataclass(frozen=True)
class _Digits:
    """Hashes in one way of writing them."""

    hashes: frozenset[bytes]

    @cached_property
    def _lengths(self) -> frozenset[int]:
        return frozenset(map(len, self.hashes))

    def are_in(self, run: bytes) -> bool:
        """Whether a run of digits is one of them, or has one in it where it is as long as none."""
        return run in self.hashes or (
            len(run) not in self._lengths and any(each in run for each in self.hashes)
        )


@dataclass(frozen=True)
class Needles:
    """What is looked for.

    Attributes:
        ids: of the samples that are made from the clip.
        texts: prompts and descriptions that no other sample has.
        hashes: hexadecimal digests of their files, of what these show and of parts of them, that no other sample has; found
            in capitals, as bytes and in base64 too.
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
        return (
            any(form in content for form in self.forms)
            or any(self._hex.are_in(found[0].lower()) for found in _HEX.finditer(content))
            or any(self._base64.are_in(found[0]) for found in _BASE64.finditer(content))
        )

    @cached_property
    def forms(self) -> tuple[bytes, ...]:
        """Ids, texts and the bytes of hashes, each in the forms in which files have it."""
        # One after the other: to search for a hundred at once, as a regular expression does, takes fifty times as long.
        found = {form for text in self.texts if len(text) >= _LEAST_CHARS for form in _forms(text)}
        return tuple(sorted(found | {each.encode() for each in self.ids} | self._raw))

    # Hashes are hundreds, and are looked up: each run of digits in the content once, whatever their number.
    @cached_property
    def _hex(self) -> _Digits:
        return _Digits(frozenset(each.encode() for each in self.hashes))

    @cached_property
    def _raw(self) -> frozenset[bytes]:
        return frozenset(bytes.fromhex(each) for each in self.hashes if len(each) >= 2 * _LEAST_RAW)

    @cached_property
    def _base64(self) -> _Digits:
        return _Digits(frozenset(b64encode(each).rstrip(b"=") for each in self._raw))


def parts_of(texts: Iterable[str]) -> set[str]:
    """The texts, and long parts that each way of writing them leaves as they are, which find a text that was cut too.

    >>> sorted(parts_of(["Put the man at the bank of a river, by night"]))
    ['Put the man at the bank of a river', 'Put the man at the bank of a river, by night']
    """
    found = set(texts)
    return found | {part for text in found for part in _PLAIN.findall(text)}


def _forms(text: str) -> Iterable[bytes]:
    """The text as plain files, JSON, CSV, HTML, Markdown, addresses and Python have it, and JSON within JSON or HTML."""
    as_json = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    for each in {
        text,
        *as_json,
        *(json.dumps(form)[1:-1] for form in as_json),
        text.replace('"', '""'),
        repr(text)[1:-1],
        quote(text, errors="surrogatepass"),
        quote_plus(text, errors="surrogatepass"),
        markdown_text(text),
        *(escaped for form in (text, *as_json) for escaped in _as_html(form)),
    }:
        yield each.encode("utf-8", "surrogatepass")


def _as_html(text: str) -> Iterable[str]:
    escaped = html.escape(text)
    return (
        escaped,
        html.escape(text, quote=False),
        escaped.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    )
