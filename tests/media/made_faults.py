"""Files that are broken, each in one way, and the code that each must be given."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib

import av
import numpy as np
from tests.media.made_clips import find_atom, make_clip, patched, renamed
from tests.truth.byte_changes import clean_aperture, with_description_atom

from sparkle_curation.media.mp4.atoms import MAX_TOP_ATOMS
from sparkle_curation.spec.codes.media_faults import MediaFault
from synthetic.encode import mask_npz_bytes, png_bytes

Faults = dict[str, tuple[MediaFault, bytes]]
"""What is wrong -> its code, and a file that has it."""

PIXELS = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
PNG = png_bytes(PIXELS)
MASK_BITS = np.random.default_rng(0).random((5, 9, 7)) > 0.5
MASK = mask_npz_bytes(MASK_BITS)


# ------------------------------------------------------------------ videos
def _without_frames() -> bytes:
    clip = patched(make_clip(), b"stsz", 8, bytes(4))
    for table in (b"stts", b"stsc", b"stss", b"ctts"):
        clip = patched(clip, table, 4, bytes(4))
    return clip


def _u32(number: int) -> bytes:
    return struct.pack(">I", number)


def _with_a_shorter_sample() -> bytes:
    clip = make_clip()
    start = find_atom(clip, b"stsz")[1] + 20
    return clip[:start] + _u32(struct.unpack_from(">I", clip, start)[0] - 1) + clip[start + 4 :]


def _with_tracks(count: int) -> bytes:
    """A clip whose index names its one track so many times."""
    clip = make_clip(flags="faststart")
    _, start, end = find_atom(clip, b"trak")
    longer = clip[:end] + clip[start:end] * (count - 1) + clip[end:]
    _, index_start, index_end = find_atom(clip, b"moov")
    length = index_end - index_start + (end - start) * (count - 1)
    return longer[:index_start] + _u32(length) + longer[index_start + 4 :]


def _with_frames(count: int) -> bytes:
    """A clip of so many frames of one byte, its tables agreeing on them, and as long as they are."""
    clip = make_clip(codec_options={"bf": "0"})
    clip = patched(patched(clip, b"stsz", 4, _u32(1)), b"stsz", 8, _u32(count))
    clip = patched(patched(clip, b"stts", 8, _u32(count)), b"stsc", 12, _u32(count))
    return renamed(clip, b"edts", b"free") + bytes(count)


def _with_two_videos(*frame_counts: int) -> bytes:
    """A file of videos of so many frames, each larger than the one before."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        streams = [container.add_stream("mpeg4", rate=16) for _ in frame_counts]
        for number, stream in enumerate(streams):
            stream.width, stream.height, stream.pix_fmt = 32 + 16 * number, 32, "yuv420p"
            stream.disposition = 1  # all are the default one
        for stream, frame_count in zip(streams, frame_counts, strict=True):
            for number in range(frame_count):
                frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return target.getvalue()


MP4_FAULTS: Faults = {
    "empty": (MediaFault.EMPTY, b""),
    "text": (MediaFault.NOT_MP4, b"<html>404 Not Found</html>"),
    "zeros": (MediaFault.NOT_MP4, bytes(5000)),
    "another container": (MediaFault.OTHER_CONTAINER, make_clip(codec="libvpx-vp9", form="webm")),
    "a list of files": (MediaFault.OTHER_CONTAINER, b"ffconcat version 1.0\nfile other.mp4\n"),
    "sound with a cover": (
        MediaFault.OTHER_CONTAINER,
        patched(make_clip().replace(b"\xa9too", b"covr"), b"hdlr", 8, b"meta"),
    ),
    "two videos of different lengths": (MediaFault.ANOTHER_COUNTED, _with_two_videos(3, 2)),
    "a part of the picture": (
        MediaFault.CROPPED,
        with_description_atom(clean_aperture(32, 32))(make_clip()),
    ),
    "no index": (MediaFault.NO_INDEX, renamed(make_clip(), b"moov", b"free")),
    "no video": (MediaFault.NO_VIDEO_TRACK, patched(make_clip(), b"hdlr", 8, b"meta")),
    "no track": (MediaFault.NO_VIDEO_TRACK, renamed(make_clip(), b"trak", b"free")),
    "no frame": (MediaFault.NO_FRAMES, _without_frames()),
    "begins with the second group": (
        MediaFault.STARTS_WITHIN,
        patched(make_clip(), b"stss", 8, _u32(2)),
    ),
    "encrypted": (MediaFault.ENCRYPTED, patched(make_clip(), b"stsd", 12, b"encv")),
    "encrypted fragments": (
        MediaFault.ENCRYPTED,
        patched(make_clip(flags="frag_keyframe+empty_moov"), b"stsd", 12, b"encv"),
    ),
    "a sample one byte short": (MediaFault.STRAY_SAMPLES, _with_a_shorter_sample()),
    "samples before the payload": (MediaFault.STRAY_SAMPLES, patched(make_clip(), b"stco", 8, _u32(8))),
    "undecodable parameters": (MediaFault.UNDECODABLE, patched(make_clip(), b"stsd", 110, bytes(40))),
    "turned by 45 degrees": (MediaFault.ODD_ANGLE, make_clip(rotation=45)),
    "no sizes": (MediaFault.BAD_STRUCTURE, renamed(make_clip(), b"stsz", b"free")),
    "no times": (MediaFault.BAD_STRUCTURE, renamed(make_clip(), b"stts", b"free")),
    "no places": (MediaFault.BAD_STRUCTURE, renamed(make_clip(), b"stco", b"free")),
    "no description": (MediaFault.BAD_STRUCTURE, renamed(make_clip(), b"stsd", b"free")),
    "no unit of time": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"mdhd", 12, bytes(4))),
    "a negative unit of time": (
        MediaFault.BAD_STRUCTURE,
        patched(make_clip(), b"mdhd", 12, b"\x80" + bytes(3)),
    ),
    "four billion sizes": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stsz", 8, b"\xff" * 4)),
    "four billion places": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stco", 4, b"\xff" * 4)),
    "four billion times": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stts", 4, b"\xff" * 4)),
    "four billion key frames": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stss", 4, b"\xff" * 4)),
    "a key frame that is not there": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stss", 8, _u32(10))),
    "chunks of more samples": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"stsc", 12, _u32(10))),
    "chunks that begin with the second": (
        MediaFault.BAD_STRUCTURE,
        patched(make_clip(), b"stsc", 8, _u32(2)),
    ),
    "samples all of four billion bytes": (
        MediaFault.TRUNCATED,
        patched(make_clip(), b"stsz", 4, b"\xff" * 4),
    ),
    "a sample longer than the file": (MediaFault.TRUNCATED, patched(make_clip(), b"stsz", 12, b"\x7f" * 4)),
    "a place behind the file": (MediaFault.TRUNCATED, patched(make_clip(), b"stco", 8, b"\xff" * 4)),
    "an index of four billion bytes": (MediaFault.TRUNCATED, patched(make_clip(), b"moov", -8, b"\xff" * 4)),
    "an index in no end of boxes": (
        MediaFault.BAD_STRUCTURE,
        make_clip()[:32] + (_u32(8) + b"free") * (MAX_TOP_ATOMS + 1),
    ),
    "an index of 17 MiB": (
        MediaFault.BAD_STRUCTURE,
        make_clip()[:32] + _u32(17 << 20) + b"moov" + bytes((17 << 20) - 8),
    ),
    "a hundred tracks": (MediaFault.BAD_STRUCTURE, _with_tracks(100)),
    "five million frames": (MediaFault.BAD_STRUCTURE, _with_frames(5_000_000)),
    "a box longer than its index": (MediaFault.BAD_STRUCTURE, patched(make_clip(), b"trak", -8, b"\xff" * 4)),
    "no box behind the first": (MediaFault.BAD_STRUCTURE, make_clip()[:32] + _u32(4) + b"free" * 10),
}


# ------------------------------------------------------------------ images
def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def idat(data: bytes) -> bytes:
    """A chunk of packed pixels."""
    return chunk(b"IDAT", data)


def header(
    width: int = 64,
    height: int = 48,
    depth: int = 8,
    colour: int = 2,
    *,
    methods: tuple[int, int, int] = (0, 0, 0),
) -> bytes:
    """Signature and header of a PNG; the methods are of packing, filtering and interlacing."""
    return PNG[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, *methods))


END = chunk(b"IEND", b"")
PNG_FAULTS: Faults = {
    "empty": (MediaFault.EMPTY, b""),
    "a jpeg": (MediaFault.NOT_PNG, b"\xff\xd8\xff\xe0" + bytes(100)),
    "no header": (MediaFault.BAD_STRUCTURE, PNG[:8] + idat(b"x") + END),
    "no width": (MediaFault.BAD_STRUCTURE, header(width=0) + idat(b"x") + END),
    "a width of four billion": (MediaFault.BAD_STRUCTURE, header(width=0xFFFFFFFF) + idat(b"x") + END),
    "a colour type that is none": (MediaFault.BAD_STRUCTURE, header(colour=5) + idat(b"x") + END),
    "a depth that is none": (MediaFault.BAD_STRUCTURE, header(depth=3) + idat(b"x") + END),
    "no pixels": (MediaFault.BAD_STRUCTURE, header() + END),
    "pixels in two places": (
        MediaFault.BAD_STRUCTURE,
        header() + idat(b"x") + chunk(b"tEXt", b"a\0b") + idat(b"x") + END,
    ),
    "no palette": (MediaFault.BAD_STRUCTURE, header(colour=3) + idat(b"x") + END),
    "an unknown packing": (MediaFault.BAD_STRUCTURE, header(methods=(1, 0, 0)) + idat(b"x") + END),
    "an unknown filtering": (MediaFault.BAD_STRUCTURE, header(methods=(0, 1, 0)) + idat(b"x") + END),
    "an unknown interlacing": (MediaFault.BAD_STRUCTURE, header(methods=(0, 0, 2)) + idat(b"x") + END),
    "no end": (MediaFault.TRUNCATED, PNG[:-12]),
    "a chunk of four billion bytes": (MediaFault.TRUNCATED, header() + b"\xff\xff\xff\xffIDAT" + bytes(40)),
}


# ------------------------------------------------------------------ masks
def as_npz(**arrays: object) -> bytes:
    """Arrays as NumPy writes them, packed."""
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]
    return target.getvalue()


def _npz(mask: object = None, shape: object = (5, 9, 7)) -> bytes:
    return as_npz(mask=np.packbits(MASK_BITS) if mask is None else mask, shape=np.array(shape))


def _zip_with(
    name: str, content: bytes, packing: int = zipfile.ZIP_STORED, *, behind_shape: bytes = b""
) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as archive:
        archive.writestr("shape.npy", _npy(np.array((5, 9, 7), np.int64)) + behind_shape)
        archive.writestr(name, content)
    return target.getvalue()


def _npy(array: np.ndarray) -> bytes:
    target = io.BytesIO()
    np.lib.format.write_array(target, array, allow_pickle=True)
    return target.getvalue()


def _claiming(length: int) -> bytes:
    """A mask whose header claims a length."""
    content = _npy(np.packbits(MASK_BITS))
    old = b"(40,), }"
    new = f"({length},), }}".encode()
    return content.replace(old + b" " * (len(new) - len(old)), new)


def twice(name: str) -> bytes:
    """A mask with one of its arrays twice, the second time of zeros."""
    target = io.BytesIO(MASK)
    other = np.zeros_like(np.packbits(MASK_BITS)) if name == "mask.npy" else np.array((5, 9, 8))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore")  # of a name that is there already
        archive.writestr(name, _npy(other))
    return target.getvalue()


def _claiming_frames(count: int) -> bytes:
    """A mask of so many frames of 8 by 8 pixels, whose headers and directory agree on it; its bits are not there."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (count * 8,)}
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask.npy", head.getvalue())
        archive.writestr("shape.npy", _npy(np.array((count, 8, 8), np.int64)))
    place = target.getvalue().index(b"PK\1\2") + 24
    length = struct.pack("<I", len(head.getvalue()) + count * 8)
    return target.getvalue()[:place] + length + target.getvalue()[place + 4 :]


def _headed(shape: str) -> bytes:
    """A mask whose header has this shape, of 40 bytes or not."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode("latin-1")
    content = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + np.packbits(MASK_BITS).tobytes()
    return _zip_with("mask.npy", content)


_TAIL = MASK.rindex(b"PK\5\6")
_ENTRY = MASK.index(b"PK\1\2")


def _put(place: int, content: bytes) -> bytes:
    """The mask with other bytes at a place of the archive."""
    return MASK[:place] + content + MASK[place + len(content) :]


MASK_FAULTS: Faults = {
    # What `zipfile` takes without a word.
    "nine entries that are two": (MediaFault.BAD_STRUCTURE, _put(_TAIL + 8, struct.pack("<2H", 9, 9))),
    "a part of an archive on four disks": (
        MediaFault.BAD_STRUCTURE,
        _put(_TAIL + 4, struct.pack("<2H", 3, 3)),
    ),
    "a comment that is cut": (MediaFault.TRUNCATED, MASK[:-2] + struct.pack("<H", 50) + b"short"),
    "a name with more behind a NUL": (MediaFault.NO_MASK, MASK.replace(b"mask.npy", b"mask.np\0")),
    "an archive with a password": (MediaFault.BAD_STRUCTURE, _put(_ENTRY + 8, b"\1")),
    "an entry with more behind it than there is": (MediaFault.BAD_STRUCTURE, _put(_ENTRY + 30, b"\xff\xff")),
    "a name that is no text": (MediaFault.NO_MASK, MASK.replace(b"mask.npy", b"mask\xffnpy")),
    # What NumPy's reader of headers takes, or fails at in other ways than by a ValueError.
    "a shape of signs": (MediaFault.NO_MASK, _headed("(" + "-" * 3900 + "1,)")),
    "a shape of brackets": (MediaFault.NO_MASK, _headed("(" * 3900)),
    "a header that does not end": (MediaFault.NO_MASK, _headed("(40,").replace(b"}", b" ")),
    "a truth for a shape": (MediaFault.NO_MASK, _headed("(True,)")),
    "a negative length": (MediaFault.NO_MASK, _headed("(-40,)")),
    "a length of 3,900 digits": (MediaFault.NO_MASK, _headed("(" + "9" * 3900 + ",)")),
    "two numbers without a comma": (MediaFault.NO_MASK, _headed("(4 0,)")),
    "a shape of bytes": (MediaFault.NO_MASK, _npz(shape=np.array((5, 9, 7), np.uint8))),
    "a comma without a number": (MediaFault.NO_MASK, _headed("(,)")),
    "empty": (MediaFault.EMPTY, b""),
    "a single array": (MediaFault.NOT_NPZ, _npy(MASK_BITS)),
    "no directory": (MediaFault.TRUNCATED, b"PK\3\4" + bytes(5000)),
    "no mask": (MediaFault.NO_MASK, as_npz(shape=np.array((5, 9, 7)))),
    "no shape": (MediaFault.NO_MASK, as_npz(mask=np.packbits(MASK_BITS))),
    "two masks": (MediaFault.NO_MASK, twice("mask.npy")),
    "two shapes": (MediaFault.NO_MASK, twice("shape.npy")),
    "a shape with more behind it": (
        MediaFault.BAD_STRUCTURE,
        _zip_with("mask.npy", _npy(np.packbits(MASK_BITS)), behind_shape=b"\0" * 5000),
    ),
    "more pixels than are read": (MediaFault.NO_MASK, _claiming_frames(1 << 25)),
    "other names": (MediaFault.NO_MASK, as_npz(a=np.zeros(3))),
    "a mask of booleans": (MediaFault.NO_MASK, _npz(mask=MASK_BITS)),
    "a mask of objects": (MediaFault.NO_MASK, _npz(mask=np.array([{}], object))),
    "two rows of bytes": (MediaFault.NO_MASK, _npz(mask=np.zeros((2, 20), np.uint8))),
    "a shape of two": (MediaFault.NO_MASK, _npz(shape=(5, 9))),
    "a shape of floats": (MediaFault.NO_MASK, _npz(shape=(5.0, 9.0, 7.0))),
    "a shape without frames": (MediaFault.NO_MASK, _npz(shape=(0, 9, 7))),
    "a negative shape": (MediaFault.NO_MASK, _npz(shape=(-5, -9, 7))),
    "a frame too many": (MediaFault.MASK_LENGTH, _npz(shape=(6, 9, 7))),
    "a shape of exabytes": (MediaFault.MASK_LENGTH, _npz(shape=(1 << 30, 1 << 30, 1 << 30))),
    "more frames than a number of 32 bits holds": (MediaFault.NO_MASK, _npz(shape=(1 << 32, 1, 1))),
    "a length that is not there": (MediaFault.BAD_STRUCTURE, _zip_with("mask.npy", _claiming(4 << 30))),
    "no array": (MediaFault.NO_MASK, _zip_with("mask.npy", b"text")),
    "a header of code": (
        MediaFault.NO_MASK,
        _zip_with("mask.npy", _npy(np.packbits(MASK_BITS)).replace(b"'descr'", b"str(1) ")),
    ),
    "an unknown packing": (
        MediaFault.BAD_STRUCTURE,
        _zip_with("mask.npy", _npy(np.packbits(MASK_BITS)), zipfile.ZIP_BZIP2),
    ),
    "a directory that is cut": (MediaFault.TRUNCATED, MASK[:-1]),
    "bytes before the archive": (MediaFault.BAD_STRUCTURE, b"PK" + MASK),
}
