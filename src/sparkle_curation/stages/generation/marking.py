"""Copies of finished files with a note in them that a model made them: nothing is encoded, what they show stays."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from sparkle_curation.errors import MediaError
from sparkle_curation.media.byte_window import ByteWindow, Reading
from sparkle_curation.media.shown import pick_video
from sparkle_curation.media.stills.png_header import SIGNATURE, walk_chunks
from sparkle_curation.spec.codes.media_faults import MediaFault

COMMENT = "Comment"
"""Keyword of the note in a PNG."""

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OF_THE_FORMAT = ("major_brand", "minor_version", "compatible_brands", "encoder")
"""What FFmpeg tells among the notes of an mp4, and writes itself."""


def copy_clip_with_note(source: Path, target: Path, note: str) -> None:
    """A copy of an mp4 with another comment: the video that is shown and its sound, packet for packet; no other track.

    Args:
        source: an mp4 that can be decoded.
        target: of the copy; it is written in place.
        note: in the place of the comment, if there is one; other notes stay.

    Raises:
        MediaError: an mp4 cannot hold the tracks as they are.
        OSError: the disk is full.
    """
    import av  # noqa: PLC0415 -- 0.2 s, and most of the project does without it

    try:
        with (
            av.open(str(source), metadata_errors="replace") as given,
            av.open(str(target), "w", format="mp4") as copy,
        ):
            told = {name: text for name, text in given.metadata.items() if name not in _OF_THE_FORMAT}
            copy.metadata.update({**told, "comment": note})
            video = pick_video(given)
            tracks: list[Any] = [*([video] if video else []), *given.streams.audio]
            copies = {track.index: copy.add_stream_from_template(track) for track in tracks}
            for packet in given.demux(tracks):
                if packet.dts is not None:  # an empty one ends each track
                    packet.stream = copies[packet.stream.index]
                    copy.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in _FULL_DISK:
            raise
        raise MediaError(
            "A video cannot be copied into an mp4 with a note",
            code=MediaFault.BAD_STRUCTURE,
            got=f"FFmpeg: {error}",
            allowed="tracks that an mp4 holds: H.264 with AAC, or without sound",
        ) from error


def copy_still_with_note(source: Path, target: Path, note: str) -> None:
    """A copy of a PNG with another comment: its other chunks byte for byte; what stands behind its end is left out.

    Args:
        source: a PNG that can be decoded.
        target: of the copy; it is written in place.
        note: in the place of comments, if there are any; other notes stay.

    Raises:
        OSError: the disk is full.
    """
    from PIL import PngImagePlugin  # noqa: PLC0415 -- as above

    content = source.read_bytes()
    window = ByteWindow(Reading(lambda offset, length: content[offset : offset + length]), 0, len(content))
    notes = PngImagePlugin.PngInfo()
    notes.add_text(COMMENT, note)
    keyword = COMMENT.encode() + b"\0"
    with target.open("wb") as file:
        file.write(SIGNATURE)
        for chunk in walk_chunks(window):
            if chunk.type in _TEXTS and content.startswith(keyword, chunk.start):
                continue
            file.write(content[chunk.start - 8 : chunk.end + 4])
            if chunk.type == b"IHDR":
                for kind, data, *_ in notes.chunks:
                    PngImagePlugin.putchunk(file, kind, data)
