"""Tars of every format are listed as tarfile reads them, and damage is told where tarfile is silent."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkle_curation.ingest.assets.tar_members import (
    MAX_END_BYTES,
    MAX_EXTENSION_BYTES,
    TarListing,
    TarMember,
    list_members,
)
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.quarantine_reasons import Reason

FORMATS: tuple[Literal[0, 1, 2], ...] = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
GIB = 1 << 30


@dataclass(frozen=True)
class MemoryReader:
    """A tar in memory, read as a file is."""

    data: bytes

    def read_at(self, offset: int, length: int) -> bytes:
        """A slice, shorter at the end and empty behind it."""
        return self.data[offset : offset + length]


def list_bytes(data: bytes) -> TarListing:
    """The listing of a tar in memory."""
    return list_members(MemoryReader(data), len(data))


def member(name: str, size: int = 0, **attributes: object) -> tarfile.TarInfo:
    """A member to be written, with any attribute of TarInfo."""
    info = tarfile.TarInfo(name)
    info.size = size
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


def tar_bytes(members: Iterable[tarfile.TarInfo], tar_format: Literal[0, 1, 2] = tarfile.PAX_FORMAT) -> bytes:
    """A tar as tarfile writes it; the content of the member at index i is the byte i, repeated."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as tar:
        for index, info in enumerate(members):
            tar.addfile(info, io.BytesIO(bytes([index % 256]) * info.size))
    return stream.getvalue()


def with_checksum(block: bytes) -> bytes:
    """The header block with the checksum that it should have."""
    return block[:148] + b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256) + block[156:]


def replaced(data: bytes, offset: int, new: bytes) -> bytes:
    """The data with ``new`` written over it at ``offset``."""
    return data[:offset] + new + data[offset + len(new) :]


def names_of(listing: TarListing) -> list[str]:
    """Names of the files listed."""
    return [found.name.decode() for found in listing.members]


def reasons_of(listing: TarListing) -> list[Reason]:
    """Reasons of the faults listed."""
    return [fault.reason for fault in listing.faults]


# ------------------------------------------------------------------ formats
@pytest.mark.parametrize("tar_format", FORMATS)
def test_a_member_tells_where_its_header_and_its_content_stand(tar_format: Literal[0, 1, 2]) -> None:
    """A header of 512 bytes, 700 bytes of content padded to 1024, and the next header behind them."""
    data = tar_bytes([member("time/a.mp4", 700), member("time/b.mp4", 5)], tar_format)
    assert list_bytes(data) == TarListing(
        [
            TarMember(b"time/a.mp4", "time/a.mp4", byte_offset=0, byte_count=1536, offset=512, size=700),
            TarMember(b"time/b.mp4", "time/b.mp4", byte_offset=1536, byte_count=1024, offset=2048, size=5),
        ],
        [],
        [],
    )


@pytest.mark.parametrize(
    ("tar_format", "name"),
    [
        (tarfile.USTAR_FORMAT, "a" * 99),
        (tarfile.USTAR_FORMAT, "a" * 100),
        (tarfile.USTAR_FORMAT, "f" * 150 + "/" + "a" * 90),
        (tarfile.GNU_FORMAT, "a" * 101),
        (tarfile.GNU_FORMAT, "f" * 200 + "/" + "ä" * 300),
        (tarfile.PAX_FORMAT, "a" * 101),
        (tarfile.PAX_FORMAT, "f" * 200 + "/" + "ä" * 300),
        (tarfile.PAX_FORMAT, "line\nbreak=1 and " + "ü" * 80),
    ],
)
def test_long_names_are_read_whole(tar_format: Literal[0, 1, 2], name: str) -> None:
    """The ustar prefix, the GNU long name and the pax path give the name that went in."""
    listing = list_bytes(tar_bytes([member(name, 3), member("next")], tar_format))
    assert names_of(listing) == [name, "next"]
    assert listing.faults == []


def test_a_long_name_belongs_to_its_member() -> None:
    """The bytes of a member start at its extended header, so that cutting them out leaves nothing behind."""
    data = tar_bytes([member("a" * 300, 700)], tarfile.GNU_FORMAT)
    [found] = list_bytes(data).members
    assert (found.byte_offset, found.offset, found.byte_count) == (0, 1536, 1536 + 1024)


def test_a_tar_of_version_7_is_read() -> None:
    """Version 7 has no magic, writes a NUL as type, and marks a folder by the slash at its end."""

    def v7(info: tarfile.TarInfo) -> bytes:
        return with_checksum(info.tobuf(tarfile.USTAR_FORMAT)[:156] + b"\0" + bytes(355))

    data = v7(member("time/")) + v7(member("time/a.mp4", 3)) + b"abc".ljust(512, b"\0") + bytes(1024)
    listing = list_bytes(data)
    assert names_of(listing) == ["time/a.mp4"]
    assert listing.members[0].offset == 1024


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (b"00000000005\0", 5),
        (b"00000000005 ", 5),
        (b"000000000005", 5),
        (b"          5 ", 5),
        (b"5".ljust(12, b"\0"), 5),
        (b"\x80" + bytes(10) + b"\5", 5),
        (bytes(12), 0),
    ],
)
@pytest.mark.parametrize("checksum", [b"%06o\0 ", b"%06o \0", b"%7o\0", b"%o\0"])
def test_numbers_are_read_as_any_tar_writes_them(field: bytes, size: int, checksum: bytes) -> None:
    """Octal with zeros or blanks in front, ended by a NUL, a blank or nothing; base 256 after a set bit."""
    header = replaced(member("a", 5).tobuf(tarfile.USTAR_FORMAT), 124, field)
    header = replaced(header, 148, b" " * 8)
    header = replaced(header, 148, (checksum % sum(header)).ljust(8, b"\0"))
    [found] = list_bytes(header + bytes(512)).members
    assert found.size == size


def test_access_times_of_gnu_are_no_prefix() -> None:
    """An incremental GNU tar keeps times where POSIX keeps the prefix; they are not part of the name."""
    header = member("time/a.mp4").tobuf(tarfile.GNU_FORMAT)
    data = with_checksum(replaced(header, 345, b"14567012345\0" * 2)) + bytes(1024)
    assert names_of(list_bytes(data)) == ["time/a.mp4"]


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_member_past_8_gib_is_read(tar_format: Literal[0, 1, 2], tmp_path: Path) -> None:
    """Eleven octal digits end at 8 GiB: GNU goes on in base 256, pax in its own header."""
    size = 9 * GIB + 7
    with (tmp_path / "huge.tar").open("wb") as tar:  # the content is a hole and takes no room on the disk
        tar.write(member("huge.mp4", size).tobuf(tar_format))
        start = tar.tell()
        tar.seek(start + 9 * GIB + 512)
        tar.write(member("after.mp4", 0).tobuf(tar_format) + bytes(1024))
    with ReleaseFiles(str(tmp_path)).reader("huge.tar") as reader:
        listing = list_members(reader, (tmp_path / "huge.tar").stat().st_size)
    assert [(found.path, found.offset, found.size) for found in listing.members] == [
        ("huge.mp4", start, size),
        ("after.mp4", start + 9 * GIB + 1024, 0),
    ]
    assert listing.faults == []


def test_global_pax_fields_hold_until_a_member_has_its_own() -> None:
    """A global header (git archive writes one) is no member; its fields hold for what follows it."""
    global_header = tarfile.TarInfo.create_pax_global_header({"comment": "a commit", "size": "3"})
    own_size = member("b", 1, pax_headers={"size": "1"}).tobuf(tarfile.PAX_FORMAT)
    data = global_header + member("a").tobuf(tarfile.USTAR_FORMAT) + b"abc".ljust(512, b"\0")
    listing = list_bytes(data + own_size + b"d".ljust(512, b"\0") + bytes(1024))
    assert [(found.path, found.size) for found in listing.members] == [("a", 3), ("b", 1)]
    assert listing.faults == []


def test_an_empty_pax_value_leaves_the_header_as_it_is() -> None:
    """POSIX: a value of no length deletes the field that a global header gave."""
    data = tarfile.TarInfo.create_pax_global_header({"path": "global"})
    data += tar_bytes([member("own", pax_headers={"path": ""})])
    assert names_of(list_bytes(data)) == ["own"]


@pytest.mark.parametrize("tar_format", FORMATS)
def test_folders_are_skipped(tar_format: Literal[0, 1, 2]) -> None:
    """A folder holds no asset; what lies in it follows as members."""
    folder = member("time", type=tarfile.DIRTYPE)
    assert names_of(list_bytes(tar_bytes([folder, member("time/a.mp4", 9)], tar_format))) == ["time/a.mp4"]


@pytest.mark.parametrize(
    ("name", "path"),
    [("./time/a.mp4", "time/a.mp4"), ("time//a.mp4", "time/a.mp4"), ("././a", "a"), ("a../b", "a../b")],
)
def test_a_path_is_the_name_without_dots_and_doubled_slashes(name: str, path: str) -> None:
    """``tar -c .`` writes names that start with ``./``; the name as it stands is kept beside the path."""
    [found] = list_bytes(tar_bytes([member(name)])).members
    assert (found.name, found.path) == (name.encode(), path)


def test_an_empty_archive_has_no_members() -> None:
    """An end mark alone is a whole tar."""
    assert list_bytes(bytes(10240)) == TarListing([], [], [])


name_parts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=150
).filter(lambda part: part != "..")
names = st.lists(name_parts, min_size=1, max_size=4).map("/".join)
members_written = st.lists(st.tuples(names, st.integers(0, 2000)), min_size=1, max_size=8)


@settings(deadline=None)
@given(members_written, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_what_tarfile_writes_is_listed_as_tarfile_reads_it(
    written: list[tuple[str, int]], tar_format: Literal[0, 1, 2]
) -> None:
    """Same names, offsets and sizes; a seek and a read give the content; headers and contents fill the tar."""
    data = tar_bytes([member(name, size) for name, size in written], tar_format)
    listing = list_bytes(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(info.name, info.offset_data, info.size) for info in tar]
    assert [(found.name.decode(), found.offset, found.size) for found in listing.members] == expected
    assert listing.faults == []
    contents = [data[found.offset : found.offset + found.size] for found in listing.members]
    assert contents == [bytes([index]) * size for index, (_, size) in enumerate(written)]
    starts = [found.byte_offset for found in listing.members]
    ends = [found.byte_offset + found.byte_count for found in listing.members]
    assert starts == [0, *ends][: len(starts)]


# ------------------------------------------------------------------ members that are not trusted
@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (member("/etc/passwd", 4), Reason.ABSOLUTE_PATH),
        (member("/" + "a" * 200, 4), Reason.ABSOLUTE_PATH),
        (member("../a.mp4", 4), Reason.PARENT_PATH),
        (member("time/../../a.mp4", 4), Reason.PARENT_PATH),
        (member("time/..", 4), Reason.PARENT_PATH),
        (member("a.mp4", type=tarfile.SYMTYPE, linkname="/etc/passwd"), Reason.LINK),
        (member("a.mp4", type=tarfile.SYMTYPE, linkname="b" * 300), Reason.LINK),
        (member("a.mp4", type=tarfile.LNKTYPE, linkname="before"), Reason.LINK),
        (member("a.mp4", type=tarfile.CHRTYPE), Reason.NOT_A_FILE),
        (member("a.mp4", type=tarfile.BLKTYPE), Reason.NOT_A_FILE),
        (member("a.mp4", type=tarfile.FIFOTYPE), Reason.NOT_A_FILE),
        (member("a.mp4", 4, type=b"Z"), Reason.NOT_A_FILE),
    ],
)
@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_member_that_is_not_trusted_is_a_fault_and_the_walk_goes_on(
    info: tarfile.TarInfo, reason: Reason, tar_format: Literal[0, 1, 2]
) -> None:
    """The fault covers the member's headers and content and names it; its neighbours are listed."""
    data = tar_bytes([member("before", 3), info, member("after", 3)], tar_format)
    listing = list_bytes(data)
    before, after = listing.members
    [fault] = listing.faults
    assert (before.path, after.path) == ("before", "after")
    assert (fault.reason, fault.raw) == (reason, info.name.encode())
    assert fault.byte_offset == before.byte_offset + before.byte_count
    assert fault.byte_offset + fault.byte_count == after.byte_offset
    assert (fault.line, fault.line_count) == (None, 1)


def test_a_link_tells_where_it_points() -> None:
    """The long target of GNU and of pax is read too."""
    for tar_format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        link = member("a.mp4", type=tarfile.SYMTYPE, linkname="b" * 300)
        [fault] = list_bytes(tar_bytes([link], tar_format)).faults
        assert "b" * 300 in fault.detail


def test_a_pax_sparse_file_is_a_fault_under_its_real_name() -> None:
    """Its content starts with a map, so offset and size would give other bytes than the file's."""
    fields = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.mp4"}
    listing = list_bytes(tar_bytes([member("GNUSparseFile.0/a.mp4", 600, pax_headers=fields), member("b")]))
    assert names_of(listing) == ["b"]
    assert [(fault.reason, fault.raw) for fault in listing.faults] == [(Reason.NOT_A_FILE, b"a.mp4")]


def test_an_old_gnu_sparse_file_is_a_fault_and_its_map_is_skipped() -> None:
    """Its content stands behind as many blocks of map as the map needs."""
    header = member("a.mp4", 600).tobuf(tarfile.GNU_FORMAT)
    sparse = with_checksum(replaced(replaced(header, 156, b"S"), 482, b"\1"))
    sparse_map = bytes(504) + b"\1" + bytes(7) + bytes(512)
    data = sparse + sparse_map + b"x" * 600 + bytes(424) + tar_bytes([member("after")], tarfile.GNU_FORMAT)
    listing = list_bytes(data)
    assert names_of(listing) == ["after"]
    assert reasons_of(listing) == [Reason.NOT_A_FILE]
    [cut] = list_bytes(data[:1100]).faults
    assert (cut.reason, cut.raw) == (Reason.TRUNCATED_TAR, b"a.mp4")


# ------------------------------------------------------------------ damage
THREE = tar_bytes([member("a", 700), member("b", 700), member("c", 700)], tarfile.USTAR_FORMAT)
SECOND, THIRD, END = 1536, 3072, 4608  # first bytes of the headers of b and c, and of the end mark


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(replaced(THREE, SECOND, b"x"), id="flipped name"),
        pytest.param(replaced(THREE, SECOND + 148, b"777777"), id="wrong checksum"),
        pytest.param(replaced(THREE, SECOND + 148, b"\xff" * 8), id="no checksum"),
        pytest.param(replaced(THREE, SECOND, bytes(range(256)) * 2), id="noise"),
        pytest.param(replaced(THREE, SECOND, bytes(512)), id="one zero block"),
        pytest.param(replaced(THREE, SECOND, bytes(1024)), id="two zero blocks and more behind them"),
        pytest.param(
            replaced(THREE, SECOND, with_checksum(replaced(THREE[SECOND:THIRD], 124, b"9" * 11)[:512])),
            id="size not octal",
        ),
        pytest.param(
            replaced(THREE, SECOND, with_checksum(replaced(THREE[SECOND:THIRD], 124, b"\xff" * 12)[:512])),
            id="size below zero",
        ),
    ],
)
def test_a_damaged_header_ends_the_walk_with_one_fault(damaged: bytes) -> None:
    """What stands before it is listed; the fault covers all the rest, where tarfile would say nothing."""
    listing = list_bytes(damaged)
    [fault] = listing.faults
    assert names_of(listing) == ["a"]
    assert (fault.reason, fault.byte_offset) == (Reason.BAD_TAR_HEADER, SECOND)
    assert fault.byte_offset + fault.byte_count == len(damaged)


def test_a_gap_of_zeros_is_not_taken_for_the_end() -> None:
    """A download that set the room aside and stopped leaves zeros up to the end of the file."""
    data = THREE[:SECOND] + bytes(MAX_END_BYTES + 512)
    [fault] = list_bytes(data).faults
    assert (fault.reason, fault.byte_offset) == (Reason.BAD_TAR_HEADER, SECOND)


@pytest.mark.parametrize("padding", [0, 512, 1024, 10240, MAX_END_BYTES])
def test_an_end_mark_of_any_usual_length_is_fine(padding: int) -> None:
    """None at all, one block, two, a record of 10 KB, or of a larger blocking factor."""
    listing = list_bytes(THREE[:END] + bytes(padding))
    assert names_of(listing) == ["a", "b", "c"]
    assert listing.faults == []


@pytest.mark.parametrize(
    ("cut", "names", "offset"),
    [
        (0, [], 0),
        (1, [], 0),
        (511, [], 0),
        (512, [], 0),
        (THIRD + 1, ["a", "b"], THIRD),
        (THIRD + 511, ["a", "b"], THIRD),
        (THIRD + 512, ["a", "b"], THIRD),
        (THIRD + 512 + 699, ["a", "b"], THIRD),
    ],
)
def test_a_cut_member_is_truncated(cut: int, names: list[str], offset: int) -> None:
    """Cut in a header or in a content: the last member is a fault up to the end of the file."""
    listing = list_bytes(THREE[:cut])
    [fault] = listing.faults
    assert names_of(listing) == names
    assert (fault.reason, fault.byte_offset, fault.byte_count) == (Reason.TRUNCATED_TAR, offset, cut - offset)


@pytest.mark.parametrize("cut", [THIRD + 512 + 700, END - 1, END, END + 1, END + 512, END + 1024])
def test_a_cut_behind_the_last_content_loses_nothing(cut: int) -> None:
    """Cut in the padding or in the end mark: all contents are whole."""
    listing = list_bytes(THREE[:cut])
    assert names_of(listing) == ["a", "b", "c"]
    assert listing.faults == []


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("cut", [1, 512, 513, 700, 1024, 1025, 1536, 2235])
def test_a_cut_in_a_member_with_an_extended_header_is_truncated(
    tar_format: Literal[0, 1, 2], cut: int
) -> None:
    """Once the long name is whole, the fault can say which member is lost."""
    whole = tar_bytes([member("a" * 300, 700)], tar_format)
    [fault] = list_bytes(whole[:cut]).faults
    assert (fault.reason, fault.byte_offset, fault.byte_count) == (Reason.TRUNCATED_TAR, 0, cut)
    assert (fault.raw == b"a" * 300) == (cut >= 1024)


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
def test_an_extended_header_that_claims_gigabytes_is_not_read(kind: bytes) -> None:
    """It is damage, whether the file is that long or not; nothing of that length is ever asked for."""

    @dataclass(frozen=True)
    class FrugalReader(MemoryReader):
        def read_at(self, offset: int, length: int) -> bytes:
            assert length <= MAX_EXTENSION_BYTES
            return super().read_at(offset, length)

    data = member("long", 7 * GIB, type=kind).tobuf(tarfile.GNU_FORMAT)
    listing = list_members(FrugalReader(data), 100 * GIB)
    assert reasons_of(listing) == [Reason.BAD_TAR_HEADER]


@pytest.mark.parametrize(
    "records",
    [
        b"path=a\n",
        b"11 path=a\n",
        b"-9 path=a\n",
        b"0 path=a\n",
        b"99999999999999999999999 path=a\n",
        b"8 path a\n",
        b"11 size=ab\n",
        b"11 size=-1\n",
        b"5010 size=" + b"9" * 4999 + b"\n",
    ],
)
def test_pax_records_that_do_not_add_up_are_damage(records: bytes) -> None:
    """A length that is none or is not the record's, no equals sign, a size that is no number."""
    header = member("pax", len(records), type=tarfile.XHDTYPE).tobuf(tarfile.USTAR_FORMAT)
    padding = bytes(-len(records) % 512)
    listing = list_bytes(header + records + padding + tar_bytes([member("b")]))
    assert reasons_of(listing) == [Reason.BAD_TAR_HEADER]


def test_an_extended_header_without_a_member_is_damage() -> None:
    """Zeros where its member should stand are no end of the archive."""
    long_name = tar_bytes([member("a" * 300, 700)], tarfile.GNU_FORMAT)[:1024]
    [fault] = list_bytes(long_name + bytes(1024)).faults
    assert (fault.reason, fault.raw) == (Reason.BAD_TAR_HEADER, b"a" * 300)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 5368709120\n",
            (
                "a pointer of Git LFS in place of 5,368,709,120 bytes: git lfs pull in the clone that it is from, "
                "or download the file"
            ),
        ),
        (gzip.compress(THREE), "a file packed with gzip: gunzip"),
        (
            b"<html>" + bytes(5000),
            "an HTML page, as a server sends it in place of a file: download the file again",
        ),
    ],
    ids=["lfs", "gzip", "page"],
)
def test_a_file_that_is_no_tar_is_told_by_what_it_is(content: bytes, detail: str) -> None:
    """One fault, whether it is longer than a header or not."""
    listing = list_bytes(content)
    [fault] = listing.faults
    assert (fault.reason, fault.detail, fault.raw) == (Reason.ANOTHER_FORMAT, detail, b"")
    assert (fault.byte_offset, fault.byte_count, listing.members) == (0, len(content), [])


def test_a_file_that_is_unknown_shows_how_it_starts() -> None:
    """Nobody knows what it is."""
    [fault] = list_bytes(b"what is this?".ljust(2048, b" ")).faults
    assert fault.reason is Reason.BAD_TAR_HEADER
    assert "what is this?" in fault.detail


def test_what_was_written_behind_the_listed_size_is_not_looked_at() -> None:
    """The size that the folder listed is the one that the fingerprint knows."""
    assert names_of(list_members(MemoryReader(THREE), THIRD)) == ["a", "b"]


def test_a_file_that_shrank_since_it_was_listed_is_truncated() -> None:
    """A header that is not there, in a file that should go on, is not the end of the archive."""
    listing = list_members(MemoryReader(THREE[:THIRD]), len(THREE))
    assert names_of(listing) == ["a", "b"]
    assert reasons_of(listing) == [Reason.TRUNCATED_TAR]


@settings(deadline=None)
@given(members_written, st.sampled_from(FORMATS[1:]), st.data())
def test_a_cut_anywhere_leaves_the_whole_members_and_at_most_one_fault(
    written: list[tuple[str, int]], tar_format: Literal[0, 1, 2], data: st.DataObject
) -> None:
    """Members whose content ends before the cut are listed as they were; the first of the others is a fault."""
    whole = tar_bytes([member(name, size) for name, size in written], tar_format)
    members = list_bytes(whole).members
    cut = data.draw(st.integers(1, len(whole)))
    listing = list_bytes(whole[:cut])
    kept = [found for found in members if found.offset + found.size <= cut]
    assert [found[:3] + found[4:] for found in listing.members] == [
        found[:3] + found[4:] for found in kept
    ]  # the padding of the last one may be cut
    is_cut = len(kept) < len(members) and members[len(kept)].byte_offset < cut
    assert reasons_of(listing) in ([[Reason.TRUNCATED_TAR]] if is_cut else [[]])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12000), st.binary(min_size=1, max_size=20)), min_size=1, max_size=6),
    st.sampled_from(FORMATS[1:]),
    st.booleans(),
)
def test_no_damage_makes_the_walk_fail(
    damages: list[tuple[int, bytes]], tar_format: Literal[0, 1, 2], is_checksum_mended: bool
) -> None:
    """Whatever stands in a tar, all that is listed lies within the file and in order."""
    data = tar_bytes([member("a" * 120, 700), member("b", 3), member("ä", 700)], tar_format)
    for offset, new in damages:
        position = offset % len(data)
        data = replaced(data, position, new)[: len(data)]
        block = position - position % 512
        if is_checksum_mended:
            data = replaced(data, block, with_checksum(data[block : block + 512]))
    listing = list_bytes(data)
    position = 0
    pieces: list[tuple[int, int]] = [(found.byte_offset, found.byte_count) for found in listing.members]
    pieces += [(fault.byte_offset, fault.byte_count) for fault in listing.faults]
    for start, count in sorted(pieces):
        assert start >= position
        position = start + count
    assert position <= len(data)
    assert all(
        0 <= found.offset <= found.offset + found.size <= len(data) and found.size >= 0
        for found in listing.members
    )
