"""What the benchmark is, as a part of the description: its files, its counts, and the rule that its samples follow."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description.values import (
    PLACE,
    Count,
    FilePath,
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
    """How much there is of it, as published; None for what is not known. Records are rows of CSVs, left out or not."""

    records: Count | None = None
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
        rubric: what its published evaluator scores by, a file of ``conf/base/prompts/rubrics/``; None for unknown.
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
    rubric: Text | None = None
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


class ListedBenchmark(Part):
    """A benchmark that is none of the dataset's: one CSV lists its samples, whose ids are the names of their videos.

    Attributes:
        name: for people, and of the folder, with which paths of the CSV may begin.
        repository: on the model hub; None where it has none.
        licence: as the hub writes it; None for unknown.
        rubric: what its published evaluator scores by, a file of ``conf/base/prompts/rubrics/``.
        annotations: the CSV.
        columns: of the CSV.
        themes: kinds of edits that models are compared on; other names than the dataset's themes.
        left_out: kinds that the CSV has too, and that the published evaluator leaves out.
        output: where a model's edited video lies, from the folder of that model.
        counts: as published.
    """

    name: Text
    repository: Text | None = None
    licence: Text | None = None
    rubric: Text
    annotations: FilePath
    columns: BenchmarkColumns
    themes: Annotated[tuple[Name, ...], Field(min_length=1)]
    left_out: tuple[Name, ...] = ()
    output: str
    counts: BenchmarkCounts = BenchmarkCounts()

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        every = [*self.themes, *self.left_out]
        if len(set(every)) < len(every):
            raise ValueError("themes and left_out: each name once")
        parts = self.output.split("/")
        if PLACE.findall(self.output) != ["{id}"] or {"", ".", ".."} & set(parts) or "{id}" not in parts[-1]:
            raise ValueError("output: a path with {id} once, in its last part")
        return self
