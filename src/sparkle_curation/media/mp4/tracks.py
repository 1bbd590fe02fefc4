"""The tracks that the index of an mp4 describes, and the atoms of each.

Source: ISO/IEC 14496-12, sections 8.3 to 8.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.mp4.atoms import Atom, child_atoms, raw_type
from sparkle_curation.spec.codes.media_faults import MediaFault

VIDEO = b"vide"
_CONTAINERS = frozenset({b"mdia", b"minf", b"stbl", b"edts"})
_MAX_TRACKS = 64
_SAMPLE_TABLES = (b"stsd", b"stts", b"stss", b"stsz", b"stz2", b"stsc", b"stco", b"co64")


class UnknownLayoutError(Exception):
    """The index holds something that is not read here, or contradicts itself where another reader may know better."""


@dataclass(frozen=True)
class Track:
    """One track of an index.

    Attributes:
        content: the bytes of the index.
        atoms: its atoms by their types, those of the atoms within it too.
    """

    content: bytes
    atoms: Mapping[bytes, Atom]

    def table(self, name: bytes, least: int) -> bytes:
        """The content of one atom, which must take ``least`` bytes.

        Raises:
            BrokenMediaError: it is not there, or shorter.
        """
        found = self.optional_table(name)
        if found is None or len(found) < least:
            detail = f"atom {raw_type(name)} is missing or shorter than {least} bytes"
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        return found

    def optional_table(self, name: bytes) -> bytes | None:
        """The content of one atom; None where the track has none."""
        atom = self.atoms.get(name)
        return None if atom is None else self.content[atom.start : atom.end]

    @property
    def handler(self) -> bytes:
        """What kind of track it is: ``VIDEO``, sound and so on."""
        return self.table(b"hdlr", 12)[8:12]

    @property
    def index_bytes(self) -> Iterator[bytes]:
        """The tables of its samples, as they stand in the file."""
        return (found for name in _SAMPLE_TABLES if (found := self.optional_table(name)) is not None)


def read_tracks(content: bytes) -> list[Track]:
    """The tracks of an index.

    Raises:
        BrokenMediaError: the atoms do not lie within each other, or there are too many tracks.
    """
    tracks = [
        Track(content, _atoms_within(content, atom)) for atom in child_atoms(content) if atom.type == b"trak"
    ]
    if len(tracks) > _MAX_TRACKS:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"{len(tracks)} tracks; at most {_MAX_TRACKS}")
    return tracks


def is_fragmented(content: bytes) -> bool:
    """Whether samples are described outside of the index too."""
    return any(atom.type == b"mvex" for atom in child_atoms(content))


def begins_with_cover(content: bytes) -> bool:
    """Whether a cover picture stands before the tracks, so that FFmpeg takes it for the first video stream."""
    for atom in child_atoms(content):
        if atom.type == b"trak":
            return False
        if atom.type in {b"udta", b"meta"} and b"covr" in content[atom.start : atom.end]:
            return True
    return False


def _atoms_within(content: bytes, parent: Atom) -> dict[bytes, Atom]:
    # A loop, not a recursion, over four known containers: nesting is bounded whatever the file says.
    found: dict[bytes, Atom] = {}
    waiting = [parent]
    while waiting:
        atom = waiting.pop()
        for child in child_atoms(content, atom.start, atom.end):
            if child.type not in found:
                found[child.type] = child
                if child.type in _CONTAINERS:
                    waiting.append(child)
    return found
