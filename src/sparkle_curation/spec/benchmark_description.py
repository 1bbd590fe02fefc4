"""What the benchmark is, as a part of the description: its files, its counts, and the rule that its samples follow."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description_values import (
    PLACE,
    Count,
    FolderPath,
    Name,
    Part,
    Text,
    ThemePath,
)

OUTPUT_PLACES = ("{theme}", "{subtheme}", "{scene_key}", "{id}")
"""What the path of an output is made of."""


class BenchmarkColumns(Part):
    """The columns of the annotations.

    Attributes:
        theme: holds the theme.
        prompt: holds the edit prompt.
        source: holds the path of the source video.
    """

    theme: Text
    prompt: Text
    source: Text

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        if len({self.theme, self.prompt, self.source}) < 3:
            raise ValueError("a column of its own for theme, prompt and source")
        return self


class BenchmarkCounts(Part):
    """How much there is of it, as published; None for what is not known."""

    samples: Count | None = None
    themes: Count | None = None
    subthemes: Count | None = None
    scenes: Count | None = None


class Benchmark(Part):
    """What trained models are compared on.

    Attributes:
        name: for people, and of the folder.
        repository: on the model hub; None where it has none.
        licence: as the hub writes it; None for unknown.
        themes: some of the dataset's.
        annotations: a CSV a theme.
        columns: of the CSVs.
        metadata: a JSONL file a theme, with the members of the release's metadata.
        source_videos: folder of the source videos, ``{folder}/{theme}/{id}.{suffix}``.
        ref_images: folder of images of the new background, in the same way.
        keyword_separator: between subtheme and scene of a ``chosen_keyword``; the first one counts.
        output: where a model's edited video lies, from the folder of that model.
        counts: as published.
        passed: scored stages that each sample of it has passed.
        failed: the scored stage that each has failed.
    """

    name: Text
    repository: Text | None = None
    licence: Text | None = None
    themes: Annotated[tuple[Name, ...], Field(min_length=1)]
    annotations: ThemePath
    columns: BenchmarkColumns
    metadata: ThemePath
    source_videos: FolderPath
    ref_images: FolderPath
    keyword_separator: Annotated[str, Field(min_length=1)]
    output: str
    counts: BenchmarkCounts = BenchmarkCounts()
    passed: tuple[Name, ...] = ()
    failed: Name

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.annotations == self.metadata:
            raise ValueError("a file of its own for annotations and for metadata")
        if self.source_videos == self.ref_images:
            raise ValueError("a folder of its own for source_videos and for ref_images")
        parts = self.output.split("/")
        if sorted(PLACE.findall(self.output)) != sorted(OUTPUT_PLACES) or {"", ".", ".."} & set(parts):
            raise ValueError(f"output: a path with {', '.join(OUTPUT_PLACES)} once each")
        if "{id}" not in parts[-1]:
            raise ValueError("output: a path with {id} in its last part, so that no two samples share a file")
        return self
