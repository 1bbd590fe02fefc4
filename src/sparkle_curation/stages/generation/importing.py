"""Finished outputs of another generator: looked for in a folder, held to what ours are held to, and copied with a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.errors import MediaError, ModelError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.models.generators.generator import Frames, GeneratorDescription, Picture
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS, asset_path
from sparkle_curation.stages.generation.jobs import Output
from sparkle_curation.stages.generation.making import (
    Row,
    facts_of,
    hash_of,
    mark_of,
    note_in,
    note_text,
    path_of,
)
from sparkle_curation.stages.generation.marking import copy_clip_with_note, copy_still_with_note
from sparkle_curation.stages.generation.stage import GenerationStage

NOTHING = {"error": GenerationFault.NOT_IMPORTED.value}


@dataclass(frozen=True)
class ImportedFiles:
    """A ``Maker`` without a model.

    Attributes:
        stage: what was made of what.
        folder: with outputs in the published layout, or named by their sample ids side by side.
        licence: of the outputs, as a person said it; None is unknown.
        store: what they were made of.
        root: folder that they are copied below, in the published layout.
    """

    stage: GenerationStage
    folder: Path
    licence: str | None
    store: AssetStore
    root: Path

    @property
    def description(self) -> GeneratorDescription:
        """The folder's name stands for who made them."""
        if not self.folder.is_dir():
            raise ModelError(
                "There is no folder with outputs of another generator",
                where=f"{self.stage.name}.model.name",
                got=self.folder,
                allowed=f"a folder with {self._paths('THEME', 'ID')[0]} or {self._paths('THEME', 'ID')[1]}",
                todo=f"--params {self.stage.name}.model.backend=import,{self.stage.name}.model.name=/path/to/outputs",
            )
        return GeneratorDescription("import", self._name, None, self.licence)

    def made_by(self, theme: str, sample_id: str) -> str:
        """The content of the file, whoever made it."""
        path = self._find(theme, sample_id)
        return f"import {hash_of(path) if path else None}"

    @property
    def device(self) -> None:
        """None: no model works."""
        return None

    @property
    def is_told(self) -> bool:
        """Of what another generator was told nothing is known."""
        return False

    def load(self) -> None:
        """Nothing is loaded."""

    def is_there(self, output: Output, row: Row) -> bool:
        """By all its bytes, and the note in the file, which copies of earlier versions lack."""
        path = path_of(self.root, self.stage, output.theme, output.id)
        return (
            path.is_file()
            and path.stat().st_size == row["size_bytes"]
            and hash_of(path) == row["content_hash"]
            and (note_in(path) or "").startswith(mark_of(self.stage, output.key))
        )

    def make(self, outputs: Sequence[Output]) -> Iterator[Row]:
        """Each is decoded whole before it is copied."""
        for output in outputs:
            path = self._find(output.theme, output.id)
            if path is None:
                allowed = " or ".join(self._paths(output.theme, output.id))
                yield {**NOTHING, "error_detail": f"looked for {allowed}"}
                continue
            yield self._taken(output, path)

    def close(self) -> None:
        """Nothing was loaded."""

    def _taken(self, output: Output, path: Path) -> Row:
        picture = read_asset(self.store, output.id, self.stage.picture, read_image)
        if isinstance(picture, Failure):
            return {"error": picture.error, "error_detail": picture.detail}
        frames = self._decoded(path, output, picture)
        if isinstance(frames, str):
            return _bad(frames)
        target = path_of(self.root, self.stage, output.theme, output.id)
        copy = copy_clip_with_note if self.stage.is_video else copy_still_with_note
        try:
            with atomic_file(target) as temporary:
                copy(path, temporary, note_text(self.stage, output.key, f"imported from {self._name}"))
                self._check_copy(temporary, output, picture, frames)
        except MediaError as error:
            return _bad(" ".join(str(error).split()))
        return facts_of(target, frames, picture)

    def _check_copy(self, path: Path, output: Output, picture: Picture, frames: Frames) -> None:
        copied = self._decoded(path, output, picture)
        if isinstance(copied, str) or not np.array_equal(copied, frames):
            raise MediaError(
                "A copy with a note does not show what was imported",
                code=MediaFault.UNDECODABLE,
                got=copied if isinstance(copied, str) else "other pictures",
                allowed="the same frames",
            )

    def _decoded(self, path: Path, output: Output, picture: Picture) -> Frames | str:
        """The frames, or what is wrong with them."""
        wanted = (output.frame_count, *picture.shape)
        try:
            with path.open("rb") as file:
                indices = range(output.frame_count)
                frames = read_frames(file, indices) if self.stage.is_video else read_image(file)[None]
        except (MediaError, OSError) as error:
            return " ".join(str(error).split())
        if frames.shape != wanted:
            return f"{frames.shape}, (frames, height, width, colours); wanted are {wanted}"
        if self.stage.is_video and _has_frame(path, output.frame_count):
            return f"more than {output.frame_count} frames"
        return frames

    @property
    def _name(self) -> str:
        return self.folder.resolve().name

    def _find(self, theme: str, sample_id: str) -> Path | None:
        paths = (self.folder / path for path in self._paths(theme, sample_id))
        return next((path for path in paths if path.is_file()), None)

    def _paths(self, theme: str, sample_id: str) -> tuple[str, str]:
        suffix = ASSET_KINDS[self.stage.makes].suffix
        return asset_path(theme, self.stage.makes, sample_id), f"{sample_id}.{suffix}"


def _bad(detail: str) -> Row:
    return {"error": GenerationFault.BAD_IMPORT.value, "error_detail": detail}


def _has_frame(path: Path, index: int) -> bool:
    try:
        with path.open("rb") as file:
            return len(read_frames(file, [index])) == 1
    except MediaError:
        return False
