"""The members of archives of another shape: tars and zips where they lie, of packed tars a plain one that is made once."""

from __future__ import annotations

import logging
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from typing import Any, BinaryIO, NamedTuple

from xxhash import xxh3_128_hexdigest

from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.assets.tar_members import list_members
from sparkle_curation.ingest.assets.walk_notes import tar_headers
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.shapes.converted import Converted
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.shape.description import Container

logger = logging.getLogger(__name__)

_READ_BYTES = 1 << 20
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1


class Place(NamedTuple):
    """Where the content of a file is: the file that holds it, its first byte and its length."""

    container: str
    offset: int
    size: int


class Member(NamedTuple):
    """A member of an archive: its path in the release, and its place; None where it must be unpacked first."""

    path: str
    place: Place | None
    archive: str
    name: str


def archive_files(files: ReleaseFiles, container: Container, theme: str) -> list[SourceFile]:
    """The archives of a container that are there, by name."""
    folder, _, name = container.path.replace("{theme}", theme).rpartition("/")
    return [file for file in files.files_in(folder) if fnmatchcase(file.path.rpartition("/")[2], name)]


def archive_members(
    files: ReleaseFiles, container: Container, sources: list[SourceFile], converted: Converted
) -> Iterator[Member | tuple[str, Fault]]:
    """The members of the archives of a container, and the faults of what cannot be read, each with its archive."""
    if container.format == "gzip_tar":
        for parts in _sets(sources):
            yield from _packed_tar(files, container, parts, converted)
        return
    for source in sources:
        read = _zip if container.format == "zip" else _tar
        yield from read(files, container, source)


def _path(container: Container, name: str) -> str:
    return "/".join(filter(None, (container.root.strip("/"), name)))


def _tar(
    files: ReleaseFiles, container: Container, source: SourceFile
) -> Iterator[Member | tuple[str, Fault]]:
    path = source.path
    with files.reader(path) as reader, tar_headers(files, source, reader) as headers:
        listing = list_members(headers, source.size)
    for member in listing.members:
        place = Place(path, member.offset, member.size)
        yield Member(_path(container, member.path), place, path, member.path)
    yield from ((path, fault) for fault in listing.faults)


# ------------------------------------------------------------------ zip
def _zip(
    files: ReleaseFiles, container: Container, source: SourceFile
) -> Iterator[Member | tuple[str, Fault]]:
    path, size = source.path, source.size
    try:
        with closing(files.open(path)) as file, zipfile.ZipFile(file) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        yield path, Fault(Reason.ANOTHER_FORMAT, f"no zip that can be read: {error}", b"", 0, size)
        return
    with files.reader(path) as reader:
        for member in members:
            name = member.filename.removeprefix("./")
            if member.flag_bits & _ENCRYPTED:
                detail = "the member is encrypted"
                yield (
                    path,
                    Fault(
                        Reason.UNREADABLE_MEDIA,
                        detail,
                        name.encode(),
                        member.header_offset,
                        member.compress_size,
                    ),
                )
                continue
            if member.compress_type != zipfile.ZIP_STORED:
                yield Member(_path(container, name), None, path, member.filename)
                continue
            header = reader.read_at(member.header_offset, _LOCAL_HEADER.size)
            if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\3\4"):
                detail = "no header of a member stands where the directory of the zip has one"
                yield path, Fault(Reason.TRUNCATED_TAR, detail, name.encode(), member.header_offset, 0)
                continue
            _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
            start = member.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
            yield Member(_path(container, name), Place(path, start, member.file_size), path, member.filename)


def unpacked(files: ReleaseFiles, member: Member, converted: Converted) -> Place:
    """The place of a member that lies deflated in its zip: it is unpacked once.

    Raises:
        zipfile.BadZipFile, zlib.error: its bytes are not those of its checksum, or cannot be unpacked.
    """
    source = files.find(member.archive)
    version = files.version(source) if source else ""
    name = xxh3_128_hexdigest(
        f"{member.archive}\0{version}\0{member.name}".encode("utf-8", "surrogateescape")
    )

    def write(target: BinaryIO) -> None:
        with (
            closing(files.open(member.archive)) as file,
            zipfile.ZipFile(file) as archive,
            archive.open(member.name) as own,
        ):
            while piece := own.read(_READ_BYTES):
                target.write(piece)

    path, size = converted.file("members", name, write)
    return Place(path, 0, size)


# ------------------------------------------------------------------ gzip
def _sets(sources: list[SourceFile]) -> list[list[SourceFile]]:
    """Archives of one part each, or the parts that make one: those behind a part are named as it, with another ending.

    >>> found = _sets([SourceFile(name, 1, "") for name in ("a.tgz", "b.tar.gz.0", "b.tar.gz.1")])
    >>> [[each.path for each in parts] for parts in found]
    [['a.tgz'], ['b.tar.gz.0', 'b.tar.gz.1']]
    """
    found: dict[str, list[SourceFile]] = {}
    for source in sources:
        stem, _, end = source.path.rpartition(".")
        found.setdefault(source.path if end in {"gz", "tgz"} else stem, []).append(source)
    return list(found.values())


def _packed_tar(
    files: ReleaseFiles, container: Container, parts: list[SourceFile], converted: Converted
) -> Iterator[Member | tuple[str, Fault]]:
    facts = [f"{part.path}\0{part.size}\0{files.version(part)}" for part in parts]
    digest = xxh3_128_hexdigest("\n".join(facts).encode("utf-8", "surrogateescape"))
    name = f"{digest}.tar"
    size = sum(part.size for part in parts)

    def write(target: BinaryIO) -> None:
        logger.info(
            "%s: a plain tar is made of %d packed parts, %s bytes, once",
            parts[0].path,
            len(parts),
            f"{size:,}",
        )
        target.writelines(_inflated(files, parts))

    try:
        path, tar_size = converted.file("tars", name, write)
    except (zlib.error, EOFError) as error:
        detail = f"the {len(parts)} parts from {parts[0].path} on are no whole gzip: {error}"
        raise ReleaseError(
            "A packed tar cannot be unpacked",
            where=", ".join(part.path for part in parts[:4]) + (", ..." if len(parts) > 4 else ""),
            got=detail,
            allowed="all parts, in the order of their names",
            todo="download the parts again; or move them all away to curate without them",
        ) from None
    yield from _tar(files, container, SourceFile(path, tar_size, ""))


def _inflated(files: ReleaseFiles, parts: list[SourceFile]) -> Iterator[bytes]:
    unpacker: Any = zlib.decompressobj(zlib.MAX_WBITS | 16)
    is_begun = False
    for part in parts:
        with closing(files.open(part.path)) as file:
            while piece := file.read(_READ_BYTES):
                while piece:
                    is_begun = True
                    yield unpacker.decompress(piece, _READ_BYTES)
                    piece = unpacker.unconsumed_tail or unpacker.unused_data
                    if unpacker.eof:
                        piece = unpacker.unused_data.lstrip(b"\0")
                        unpacker, is_begun = zlib.decompressobj(zlib.MAX_WBITS | 16), bool(piece)
    if is_begun and not unpacker.eof:
        raise EOFError("it ends before its end")
