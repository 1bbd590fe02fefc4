"""Changes to the bytes of a file: what FFmpeg makes no file with. Each takes a file and gives another."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

Change = Callable[[bytes], bytes]

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"}


def walk(content: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of every atom, those within others too, parents first."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start, start + size
        if kind in _CONTAINERS:
            yield from walk(content, start + 8, start + size)
        start += max(size, 8)


def place_of(content: bytes, kind: bytes) -> tuple[int, int]:
    """Start and end of the first atom of a type."""
    return next((start, end) for found, start, end in walk(content) if found == kind)


# ------------------------------------------------------------------ places
def cut_to(share: float) -> Change:
    """The first part of the file."""
    return lambda content: content[: int(len(content) * share)]


def cut_by(count: int) -> Change:
    """The file without its last bytes."""
    return lambda content: content[:-count]


def cut_within(kind: bytes) -> Change:
    """The file up to the middle of an atom."""

    def change(content: bytes) -> bytes:
        start, end = place_of(content, kind)
        return content[: (start + end) // 2]

    return change


def flipped_at(share: float, kind: bytes = b"mdat", count: int = 1) -> Change:
    """The file with bytes inverted, so far into an atom."""

    def change(content: bytes) -> bytes:
        start, end = place_of(content, kind)
        place = start + 8 + int((end - start - 8) * share)
        inverted = bytes(byte ^ 0xFF for byte in content[place : place + count])
        return content[:place] + inverted + content[place + count :]

    return change


def zeroed(first: float, last: float) -> Change:
    """The file with a part of its samples as zeros."""

    def change(content: bytes) -> bytes:
        start, end = place_of(content, b"mdat")
        length = end - start - 8
        a, b = start + 8 + int(length * first), start + 8 + int(length * last)
        return content[:a] + bytes(b - a) + content[b:]

    return change


# ------------------------------------------------------------------ the index
def patched(kind: bytes, offset: int, new: bytes) -> Change:
    """The file with bytes of an atom replaced; ``offset`` counts from behind the atom's header."""

    def change(content: bytes) -> bytes:
        place = place_of(content, kind)[0] + 8 + offset
        return content[:place] + new + content[place + len(new) :]

    return change


def number(kind: bytes, offset: int, value: int) -> Change:
    """The file with a number of 32 bits in an atom replaced."""
    return patched(kind, offset, value.to_bytes(4, "big"))


def renamed(kind: bytes, new: bytes) -> Change:
    """The file with an atom under another type, so that no reader finds it."""
    return patched(kind, -4, new)


def with_description_atom(atom: bytes) -> Change:
    """The file with one more atom in its first sample description; its index must be at the end."""

    def change(content: bytes) -> bytes:
        entry = place_of(content, b"stsd")[0] + 16
        inside = entry + struct.unpack_from(">I", content, entry)[0]
        grown = bytearray(content[:inside] + atom + content[inside:])
        parents = [start for kind, start, end in walk(content) if start < inside <= end and kind != b"mdat"]
        for place in {*parents, entry}:
            struct.pack_into(">I", grown, place, struct.unpack_from(">I", content, place)[0] + len(atom))
        return bytes(grown)

    return change


def with_edits(*edits: tuple[int, int, int]) -> Change:
    """The file with other edits, each of length, start and rate; its index must be at the end."""
    rows = b"".join(struct.pack(">Iihh", length, start, rate, 0) for length, start, rate in edits)
    table = struct.pack(">I4sII", 16 + len(rows), b"elst", 0, len(edits)) + rows

    def change(content: bytes) -> bytes:
        first, end = place_of(content, b"elst")
        parents = [start for kind, start, last in walk(content) if start < first and last >= end]
        grown = bytearray(content[:first] + table + content[end:])
        for place in parents:
            size = struct.unpack_from(">I", content, place)[0] + len(table) - (end - first)
            struct.pack_into(">I", grown, place, size)
        return bytes(grown)

    return change


def replaced(old: bytes, new: bytes) -> Change:
    """The file with bytes replaced by as many others, wherever they are."""
    return lambda content: content.replace(old, new)


def clean_aperture(width: int, height: int) -> bytes:
    """The atom that says which part of the picture is shown, from its middle."""
    return struct.pack(">I4s8I", 40, b"clap", width, 1, height, 1, 0, 1, 0, 1)


def moov_order(first: bytes) -> Change:
    """The file with the atoms of one type before all others in its index."""

    def change(content: bytes) -> bytes:
        start, end = place_of(content, b"moov")
        atoms = [(kind, content[a:b]) for kind, a, b in _children(content, start + 8, end)]
        ordered = sorted(atoms, key=lambda atom: atom[0] != first)
        return content[: start + 8] + b"".join(atom for _, atom in ordered) + content[end:]

    return change


def _children(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start, start + size
        start += size


# ------------------------------------------------------------------ around it
def before(prefix: bytes) -> Change:
    """The file behind other bytes."""
    return lambda content: prefix + content


def after(suffix: bytes) -> Change:
    """The file before other bytes."""
    return lambda content: content + suffix


def twice(content: bytes) -> bytes:
    """The file, and again the file."""
    return content * 2


def without(kind: bytes) -> Change:
    """The file without an atom; places in an index are not moved."""

    def change(content: bytes) -> bytes:
        start, end = place_of(content, kind)
        return content[:start] + content[end:]

    return change


def exactly(new: bytes) -> Change:
    """Other bytes, whatever the file was."""
    return lambda _: new
