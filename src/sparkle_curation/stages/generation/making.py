"""Files of a stage: generated from the inputs of samples, or taken from another generator; each with what is known of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import xxhash

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.clip_file import ClipEncoding, note_of, written_clip
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.models.generators.generator import (
    Fault,
    Frames,
    Generated,
    GenerationJob,
    Generator,
    GeneratorDescription,
    Picture,
)
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.stages.generation.jobs import Output
from sparkle_curation.stages.generation.marking import COMMENT
from sparkle_curation.stages.generation.stage import GenerationStage

Row = Mapping[str, Any]
"""What the journal holds of an output beside its key: members of ``spec.tables.generated.MADE``, or its error."""

_CRF = 17
"""Of libx264: a second encoding by a trainer or a hub loses nothing that is seen."""
_CHUNK_BYTES = 4 << 20


class Maker(Protocol):
    """Who makes the files of a stage."""

    @property
    def description(self) -> GeneratorDescription:
        """Of the generator."""
        ...

    def made_by(self, theme: str, sample_id: str) -> str:
        """All that an output depends on of who makes it, as a text."""
        ...

    @property
    def device(self) -> Callable[[], str] | None:
        """Tells where a model makes them; None where none does."""
        ...

    @property
    def is_told(self) -> bool:
        """Whether it works by the prompt and seed of an output."""
        ...

    def load(self) -> None:
        """Make ready what makes them, which happens once."""
        ...

    def is_there(self, output: Output, row: Row) -> bool:
        """Whether the file of an output is the one that the journal tells of."""
        ...

    def make(self, outputs: Sequence[Output]) -> Iterator[Row]:
        """What became of each output, in their order, each as soon as its file is there."""
        ...

    def close(self) -> None:
        """Let go of what was loaded."""
        ...


@dataclass(frozen=True)
class GeneratedFiles:
    """A ``Maker`` with a model.

    Attributes:
        stage: what is made of what.
        generator: who makes it.
        store: the inputs.
        root: folder that files are written below, in the published layout.
    """

    stage: GenerationStage
    generator: Generator
    store: AssetStore
    root: Path

    @property
    def description(self) -> GeneratorDescription:
        """Of the model."""
        return self.generator.describe()

    def made_by(self, theme: str, sample_id: str) -> str:
        """The model and its settings, which every output has in common."""
        return self.description.digest_text

    @property
    def device(self) -> Callable[[], str]:
        """The model's."""
        return self.generator.name_device

    @property
    def is_told(self) -> bool:
        """A model is told both."""
        return True

    def load(self) -> None:
        """Load the weights."""
        self.generator.load()

    def is_there(self, output: Output, row: Row) -> bool:
        """By size, and the note in the file."""
        path = path_of(self.root, self.stage, output.theme, output.id)
        if not path.is_file() or path.stat().st_size != row["size_bytes"]:
            return False
        return (note_in(path) or "").startswith(mark_of(self.stage, output.key))

    def make(self, outputs: Sequence[Output]) -> Iterator[Row]:
        """One after another; a job whose inputs cannot be read is not given to the model."""
        read = [self._read(output) for output in outputs]
        made = self.generator.run([job for job in read if not isinstance(job, Failure)])
        for output, job in zip(outputs, read, strict=True):
            if isinstance(job, Failure):
                yield {"error": job.error, "error_detail": job.detail}
                continue
            found = next(made)
            yield self._written(output, job, found) if isinstance(found, Generated) else _row_of(found)

    def close(self) -> None:
        """Let go of the weights."""
        self.generator.unload()

    def _read(self, output: Output) -> GenerationJob | Failure:
        picture = read_asset(self.store, output.id, self.stage.picture, read_image)
        if isinstance(picture, Failure):
            return picture
        job = GenerationJob(output.id, output.prompt, output.seed, picture, output.frame_count)
        if not self.stage.control:
            return job
        control = read_asset(self.store, output.id, self.stage.control, _read_video(output.frame_count))
        return control if isinstance(control, Failure) else job._replace(control=control)

    def _written(self, output: Output, job: GenerationJob, made: Generated) -> Row:
        path = path_of(self.root, self.stage, output.theme, output.id)
        facts = self.description
        note = note_text(self.stage, output.key, f"{facts.repository} at {facts.revision}")
        if self.stage.is_video:
            with written_clip(path, made.frames, ClipEncoding(output.fps, _CRF, "veryfast"), note):
                pass
        else:
            write_still(path, made.frames[0], note)
        versions = json.dumps(dict(facts.versions), sort_keys=True)
        return {**facts_of(path, made.frames, job.picture), "versions": versions}


def path_of(root: Path, stage: GenerationStage, theme: str, sample_id: str) -> Path:
    """Where the file of a sample lies, or would."""
    return root / asset_path(theme, stage.makes, sample_id)


def mark_of(stage: GenerationStage, key: str) -> str:
    """How the note in the file of an output begins."""
    return f"sparkle-curation {stage.name} {key}"


def note_text(stage: GenerationStage, key: str, made_by: str) -> str:
    """The note in the file of an output: whose it is, that a model made it, and which.

    Args:
        stage: that made it.
        key: of the output.
        made_by: the weights and their commit, or where it was imported from.
    """
    return f"{mark_of(stage, key)}; made by a generative model (trainedAlgorithmicMedia): {made_by}"


def write_still(path: Path, picture: Picture, note: str) -> None:
    """Write a PNG with a note under a temporary name, then rename; the same bytes each time.

    Raises:
        DiskError: the disk is full; then nothing is at ``path`` that was not there.
    """
    from PIL import Image, PngImagePlugin  # noqa: PLC0415 -- most of the project does without it

    notes = PngImagePlugin.PngInfo()
    notes.add_text(COMMENT, note)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        Image.fromarray(picture).save(file, format="PNG", pnginfo=notes)


def facts_of(path: Path, frames: Frames, picture: Picture) -> dict[str, Any]:
    """What is known of a file and its frames: ``spec.tables.generated.MADE``, but for who made it.

    Args:
        path: of the file.
        frames: that it shows.
        picture: that the first of them was made from, of their size.
    """
    steps = [_difference(one, other) for one, other in pairwise(frames)]
    return {
        "content_hash": hash_of(path),
        "size_bytes": path.stat().st_size,
        "frame_count": len(frames),
        "height_px": frames.shape[1],
        "width_px": frames.shape[2],
        "input_change": _difference(frames[0], picture),
        "motion": float(np.mean(steps)) if steps else None,
    }


def hash_of(path: Path) -> str:
    """xxh3-128 of all bytes of a file."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _difference(one: Picture, other: Picture) -> float:
    """Mean absolute difference as a share of the range."""
    return float(np.abs(one.astype(np.int16) - other).mean() / 255)


def _read_video(frame_count: int) -> Callable[[BinaryIO], Frames]:
    def read(file: BinaryIO) -> Frames:
        return read_frames(file, range(frame_count))

    return read


def note_in(path: Path) -> str | None:
    """The note in a PNG or mp4; None where there is none."""
    if path.suffix != ".png":
        return note_of(path)
    from PIL import Image  # noqa: PLC0415 -- as above

    with suppress(OSError, ValueError, SyntaxError), Image.open(path, formats=["PNG"]) as image:
        note = image.info.get(COMMENT)
        return str(note) if note else None
    return None


def _row_of(fault: Fault) -> Row:
    return {"error": fault.error, "error_detail": fault.detail}
