"""Frames as the bytes of mp4, png and npz files: the same bytes each time, and no file is touched."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from numpy.typing import NDArray

from synthetic.clips import FPS, Frames, Mask

VIDEO_QP, EDGES_QP = 36, 48
"""Quantizers of H.264: higher is smaller and coarser."""
_SEI = 6  # type of the H.264 unit for notes that no decoder needs
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold


def encoder_versions() -> dict[str, str]:
    """What the bytes depend on besides this project's own code, by name."""
    return {
        "PyAV": av.__version__,
        "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
        "numpy": np.__version__,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def mp4_bytes(frames: Frames, qp: int = VIDEO_QP, fps: int = FPS) -> bytes:
    """An H.264 mp4, yuv420p, by default 16 frames a second, with one key frame, as the clips of the release.

    A constant quantizer and one thread: rate control looks at floating-point costs that differ between
    processors, and threads at each other.
    """
    target = io.BytesIO()
    options = {"fflags": "+bitexact"}
    with av.open(target, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=fps)
        _, stream.height, stream.width, _ = frames.shape
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {
            "qp": str(qp),
            "preset": "veryslow",
            "x264-params": "keyint=250:scenecut=0:aq-mode=0:ipratio=2.5:chroma-qp-offset=-3:no-dct-decimate=1",
        }
        pictures = [*(av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in frames), None]
        packets = [packet for picture in pictures for packet in stream.encode(picture)]
        # The first packet carries the encoder's 600 bytes about itself, a tenth of such a file.
        without_notes = BitStreamFilterContext(f"filter_units=remove_types={_SEI}", stream)
        for packet in [*packets, None]:
            for kept in without_notes.filter(packet):
                kept.stream = stream
                container.mux(kept)
    return target.getvalue()


def png_bytes(image: NDArray[np.uint8]) -> bytes:
    """A PNG of an RGB image, shape (height, width, 3), with the filter that packs it best."""
    height, width, _ = image.shape
    from_left = np.diff(image, axis=1, prepend=np.uint8(0))
    from_above = np.diff(image, axis=0, prepend=np.uint8(0))
    bodies = [_png_body(number, pixels) for number, pixels in enumerate((image, from_left, from_above))]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", min(bodies, key=len)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, body) for name, body in chunks)


def mask_npz_bytes(mask: Mask) -> bytes:
    """A mask as published: arrays ``mask`` (bits, the first in the highest place) and ``shape`` (T, H, W).

    Source: dataset card, "Loading the foreground mask".
    """
    arrays = (("mask", np.packbits(mask)), ("shape", np.array(mask.shape, np.int64)))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays:
            body = io.BytesIO()
            np.lib.format.write_array(body, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            archive.writestr(entry, body.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


def _png_body(filter_number: int, filtered: NDArray[np.uint8]) -> bytes:
    rows = filtered.reshape(len(filtered), -1)
    numbered = np.hstack([np.full((len(rows), 1), filter_number, np.uint8), rows])
    return zlib.compress(numbered.tobytes(), 9)


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
