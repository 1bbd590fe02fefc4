"""Cutting the samples out of their clips: source video and first frame of each, in the published layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.errors import MediaError
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.clip_file import ClipEncoding, note_of, written_clip
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.decode.streaming import stream_frames
from sparkle_curation.new_samples.clips.clip_folder import NewClips
from sparkle_curation.new_samples.clips.trimming import (
    Chosen,
    Picture,
    Trimming,
    choose_frames,
    fit_picture,
    read_timing,
)
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import KIND, asset_path

JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        ("frame_count", pa.int64()),
        ("start_s", pa.float64()),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)
_NOTE = "sparkle-curation clip "


class CutJob(NamedTuple):
    """A sample to cut.

    Attributes:
        key: digest of all that it depends on.
        id: sample id.
        theme: its theme.
        clip: name of the clip.
    """

    key: str
    id: str
    theme: str
    clip: str


@dataclass(frozen=True)
class BatchCut:
    """Cuts a batch of samples.

    Attributes:
        clips: opens the clips.
        root: of the draft release.
        what: what a sample is.
    """

    clips: NewClips
    root: str
    what: Trimming

    def __call__(self, jobs: list[CutJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``; the files of each that has no error are there."""
        return pa.Table.from_pylist([{KEY: job.key, **self._cut(job)} for job in jobs], schema=JOURNAL_SCHEMA)

    def _cut(self, job: CutJob) -> dict[str, object]:
        found = self.clips.read(job.clip, lambda file: self._write(file, job))
        if isinstance(found, Failure):
            return {"error": found.error, "error_detail": found.detail}
        return {"frame_count": len(found.indices), "start_s": float(found.start)}

    def _write(self, file: BinaryIO, job: CutJob) -> Chosen:
        chosen = choose_frames(read_timing(file), self.what)
        if chosen is None:
            raise MediaError("A clip is shorter than it was", code=MediaFault.UNDECODABLE, got=job.clip)
        video, still = paths_of(self.root, job.theme, job.id)
        encoding = ClipEncoding(self.what.fps, self.what.crf)
        pictures = self._pictures(file, chosen)
        # The still is renamed first: a video that is there has its own beside it.
        with (
            written_clip(video, pictures, encoding, f"{_NOTE}{job.key}") as written,
            written.open("rb") as cut,
        ):
            _write_still(still, read_frames(cut, [0])[0])
        return chosen

    def _pictures(self, file: BinaryIO, chosen: Chosen) -> Iterator[Picture]:
        place = 0
        for frame in stream_frames(file):
            if place < len(chosen.indices) and chosen.indices[place] == frame.number:
                picture = fit_picture(frame.picture, self.what)
            while place < len(chosen.indices) and chosen.indices[place] == frame.number:
                yield picture
                place += 1
            if place == len(chosen.indices):
                return
        raise MediaError(
            "A clip ends before its index says",
            code=MediaFault.UNDECODABLE,
            got=f"{place} of {len(chosen.indices)} frames",
        )


def paths_of(root: str, theme: str, sample_id: str) -> tuple[Path, Path]:
    """Where source video and first frame of a sample lie below a draft release."""
    video, still = (asset_path(theme, kind, sample_id) for kind in (KIND.source_video, KIND.source_frame0))
    return Path(root, video), Path(root, still)


def is_cut(root: str, job: CutJob) -> bool:
    """Whether both files of a sample are there, and made under this key."""
    video, still = paths_of(root, job.theme, job.id)
    return still.is_file() and note_of(video) == f"{_NOTE}{job.key}"


def is_ours(path: Path) -> bool:
    """Whether a video was cut by this pipeline."""
    return (note_of(path) or "").startswith(_NOTE)


def _write_still(path: Path, picture: Picture) -> None:
    from PIL import Image  # noqa: PLC0415 -- costs a run that cuts nothing

    with atomic_file(path) as temporary:
        Image.fromarray(np.ascontiguousarray(picture)).save(temporary, format="PNG", compress_level=6)
