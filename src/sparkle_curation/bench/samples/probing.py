"""What the source videos and reference images of a benchmark are, and what a file of a model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.hashing.batch_hash import read_first_frame
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.media.probe.batch_probe import BatchProbe, ProbeJob
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import KIND

MISSING = MediaFault.MISSING.value


@dataclass(frozen=True)
class SourceFacts:
    """What is known of the files of a sample.

    Attributes:
        video: of its source.
        frame_hash: of the first frame of that, as in ``frame_hashes``; None where it cannot be read.
        fine_hash: the same of four times as many coefficients.
        detail: of that frame.
        ref_image_error: why its reference image cannot be used; None where it can.
    """

    video: MediaFacts
    frame_hash: str | None = None
    fine_hash: str | None = None
    detail: float | None = None
    ref_image_error: str | None = None

    @property
    def error(self) -> str | None:
        """Why the source cannot be used, as a code of the media."""
        return self.video.error

    @property
    def error_detail(self) -> str | None:
        """What was found, and what is allowed."""
        return self.video.error_detail

    @property
    def has_ref_image(self) -> bool:
        """Whether there is a whole reference image."""
        return self.ref_image_error is None

    @property
    def columns(self) -> dict[str, Any]:
        """What ``bench_samples`` says of the source."""
        found, is_whole = self.video, self.error is None
        return {
            "frames": found.frame_count if is_whole else None,
            "fps": found.fps if is_whole else None,
            "width": found.width_px if is_whole else None,
            "height": found.height_px if is_whole else None,
            "content_hash": found.content_hash,
            "index_hash": found.index_hash if is_whole else None,
            "frame_hash": self.frame_hash,
            "fine_hash": self.fine_hash,
            "detail": self.detail,
            "source_error": self.error,
        }


def probe_sources(files: ReleaseFiles, samples: Sequence[tuple[str, str | None]]) -> list[SourceFacts]:
    """The facts of each sample's files, in the order of the samples.

    Args:
        files: the benchmark.
        samples: path of the source of each, and of its reference image; None for a benchmark without such images.
    """
    listed = list_files(files, [path for paths in samples for path in paths if path is not None])
    probed = partial(_probe_sample, files, listed)
    facts = []
    with item_progress("sources of the benchmark", len(samples)) as tell:
        for found in ordered_map(probed, samples):
            facts.append(found)
            tell(len(facts), sum(each.error is not None for each in facts))
    return facts


def list_files(files: ReleaseFiles, paths: Sequence[str]) -> dict[str, SourceFile]:
    """Those of the paths that are there; each folder is listed once, and no path leads out of the root."""
    inside = [path for path in paths if not path.startswith("/") and ".." not in path.split("/")]
    folders = dict.fromkeys(path.rpartition("/")[0] for path in inside)
    return {file.path: file for folder in folders for file in files.files_in(folder)}


def probe_file(files: ReleaseFiles, file: SourceFile, kind: str, depth: Depth = Depth.HASH) -> MediaFacts:
    """The facts of one file as an asset of a kind, with the hash of all its bytes."""
    table = BatchProbe(files, depth)([ProbeJob("", kind, file.path, 0, file.size)])
    row = table.to_pylist()[0]
    return MediaFacts(**{name: value for name, value in row.items() if name in MediaFacts.__slots__})


def _probe_sample(
    files: ReleaseFiles, listed: Mapping[str, SourceFile], sample: tuple[str, str | None]
) -> SourceFacts:
    path, image_path = sample
    image_error = None if image_path is None else _fault_of_image(files, listed.get(image_path))
    file = listed.get(path)
    if file is None:
        return SourceFacts(MediaFacts(error=MISSING), ref_image_error=image_error)
    facts = probe_file(files, file, KIND.source_video)
    if facts.error is not None:
        return SourceFacts(facts, ref_image_error=image_error)
    try:
        with files.open(path) as opened:
            hashed = hash_picture(read_first_frame(opened))
    except (MediaError, OSError):
        return SourceFacts(facts, ref_image_error=image_error)
    return SourceFacts(facts, hashed.text, hashed.fine_text, hashed.detail, image_error)


def _fault_of_image(files: ReleaseFiles, image: SourceFile | None) -> str | None:
    if image is None:
        return f"{MISSING}: it is not there"
    still = probe_file(files, image, KIND.clean_frame0, Depth.INDEX)
    return f"{still.error}: {still.error_detail}" if still.error else None
