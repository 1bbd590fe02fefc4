"""The description of a dataset as a whole: its parts, and that they fit together."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description.benchmarks import Benchmark, ListedBenchmark
from sparkle_curation.spec.description.parts import (
    PAIR_ROLES,
    Annotations,
    Asset,
    Containers,
    Frames,
    Groundings,
    Identity,
    Licence,
    Reference,
    Theme,
    TrainingTask,
)
from sparkle_curation.spec.description.scores import Scores
from sparkle_curation.spec.description.values import (
    Count,
    FolderPath,
    Name,
    Part,
    Text,
    require_known,
    require_unique,
)
from sparkle_curation.spec.shape.description import ID_DIGITS, PROMPTS_CSV, PROMPTS_METADATA, Shape


class Dataset(Part):
    """A dataset, described.

    Attributes:
        format: of the file.
        name: short name, of cards and files.
        title: name for people.
        repository: on the model hub; None where it has none.
        paper: on arXiv, by its number; None where it has none.
        summary: what it is, in a few words behind its title.
        tags: of cards on the hub.
        identity: how samples are named.
        themes: in the order of every table and report.
        annotations: the training annotations.
        assets: kinds of media files, in the order of the pipeline that made them.
        containers: the tars.
        frames: which frames the stages look at.
        records_folder: files of scores and groundings lie in ``{records_folder}/{theme}/``.
        scores: the scored stages.
        groundings: None for a dataset without.
        licences: the first that fits holds.
        references: what a paper cites.
        training_tasks: what can be trained on beside the pairs of videos, or with them.
        benchmark: what trained models are compared on; None for a dataset without.
        other_benchmarks: that they are compared on too, each of one CSV.
        shape: how the files become samples, where they are not laid out as Sparkle's. Then ``identity``, ``annotations`` and
            ``containers`` are not described, and scores need not be.
    """

    format: Count
    name: Name
    title: Text
    repository: Text | None = None
    paper: Text | None = None
    summary: str = "a dataset for instruction-guided video editing"
    tags: tuple[str, ...] = ()
    identity: Identity
    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]
    annotations: Annotations
    assets: Annotated[tuple[Asset, ...], Field(min_length=1)]
    containers: Containers
    frames: Frames = Frames()
    records_folder: FolderPath = ""
    scores: Scores
    groundings: Groundings | None = None
    licences: tuple[Licence, ...] = ()
    references: tuple[Reference, ...] = ()
    training_tasks: tuple[TrainingTask, ...] = ()
    benchmark: Benchmark | None = None
    other_benchmarks: tuple[ListedBenchmark, ...] = ()
    shape: Shape | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_own_layout(cls, content: Any) -> Any:
        """What a dataset with a shape need not describe, since this project says it."""
        if not isinstance(content, dict) or content.get("shape") is None:
            return content
        for name in ("identity", "annotations", "containers", "groundings", "benchmark"):
            if content.get(name) is not None:
                raise ValueError(f"no {name} beside shape")
        pattern = f"{content.get('name')}_{{theme}}_{{number}}"
        own = {
            # The digits are more than may be described: tables of a place for each number would be too long.
            "identity": Identity.model_construct(pattern=pattern, digits=ID_DIGITS),
            "annotations": {"csv": PROMPTS_CSV, "metadata": PROMPTS_METADATA},
            "containers": {"shard": "{theme}_{kind}_part{part}.tar"},
        }
        return {"scores": {"stages": []}, **content, **own}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        kinds = [asset.name for asset in self.assets]
        names = [theme.name for theme in self.themes]
        require_unique("themes", names)
        require_unique("assets", kinds)
        require_unique("roles of assets", [asset.role for asset in self.assets if asset.role])
        if "total" in names:
            raise ValueError("themes: another name than total, which the row of all themes has")
        files = [stage.file for stage in self.scores.stages if stage.file]
        if self.groundings:
            files += [self.groundings.round1, self.groundings.round2]
        require_unique("files of scores and groundings", files)
        for role in PAIR_ROLES:
            if role not in {asset.role for asset in self.assets}:
                raise ValueError(f"assets: one with role: {role}")
        for stage in self.scores.stages:
            for kind in stage.judged:
                require_known(f"stage {stage.name}, judged", kind, kinds)
        require_unique("references", [reference.key for reference in self.references])
        for what, known, used in (
            *(("licences", names, licence.themes) for licence in self.licences),
            *(("licences", kinds, licence.assets) for licence in self.licences),
            *(("references", names, reference.themes) for reference in self.references),
        ):
            for each in used:
                require_known(what, each, known)
        stages = [stage.name for stage in self.scores.stages]
        _check_shape(self)
        _check_tasks(self.training_tasks, self.assets, stages)
        if self.benchmark:
            _check_benchmark(self.benchmark, names, stages)
        of_others = [theme for each in self.other_benchmarks for theme in (*each.themes, *each.left_out)]
        # A sample's benchmark is known by its theme.
        require_unique("other_benchmarks, themes, beside those of the dataset", [*names, *of_others])
        require_unique("other_benchmarks, annotations", [each.annotations for each in self.other_benchmarks])
        return self


def _check_shape(described: Dataset) -> None:
    shape, stages = described.shape, described.scores.stages
    if shape is None:
        if not stages:
            raise ValueError("scores, stages: at least one")
        if any(stage.shape == "value" for stage in stages):
            raise ValueError("a stage with shape: value beside the member shape alone")
        return
    _check_media(shape, described.assets)
    for stage in stages:
        if stage.shape != "value":
            raise ValueError(f"stage {stage.name}: shape: value, in a dataset with the member shape")
    for joined in shape.joined_scores:
        for name in joined.stages:
            require_known("shape, joined_scores", name, [stage.name for stage in stages])
    if len(described.themes) > 1 and "{theme}" not in shape.tables.path:
        raise ValueError(
            "shape, tables: a path with {theme}, since there are several themes; of one file the theme is one: "
            "themes: [{ name: all }]"
        )


def _check_media(shape: Shape, assets: tuple[Asset, ...]) -> None:
    for kind in shape.media:
        require_known("shape, media", kind, [asset.name for asset in assets])
    for asset in assets:
        media = shape.media.get(asset.name)
        if media is None and asset.role in PAIR_ROLES:
            raise ValueError(f"shape, media: where {asset.name} is")
        if media is not None and media.is_converted_mask and asset.role != "mask":
            raise ValueError(f"shape, media, {asset.name}: masks and rle for the kind with role: mask alone")


def _check_tasks(tasks: tuple[TrainingTask, ...], assets: tuple[Asset, ...], stages: list[str]) -> None:
    suffixes = {asset.name: asset.suffix for asset in assets}
    require_unique("training_tasks", [task.name for task in tasks])
    for task in tasks:
        of_task = f"training task {task.name}"
        wanted = "png" if task.media == "still" else "mp4"
        for member, kind, suffix in (
            ("source", task.source, wanted),
            ("target", task.target, wanted),
            ("reference", task.reference, "png"),
        ):
            if kind is None:
                continue
            require_known(f"{of_task}, {member}", kind, list(suffixes))
            if suffixes[kind] != suffix:
                raise ValueError(f"{of_task}, {member}: a kind with suffix {suffix}, and {kind} has another")
        if task.passes is not None:
            require_known(f"{of_task}, passes", task.passes, stages)


def _check_benchmark(benchmark: Benchmark, themes: list[str], stages: list[str]) -> None:
    require_unique("benchmark, themes", list(benchmark.themes))
    for what, known, used in (
        ("themes", themes, benchmark.themes),
        ("passed", stages, benchmark.passed),
        ("failed", stages, (benchmark.failed,)),
    ):
        for each in used:
            require_known(f"benchmark, {what}", each, known)
    if any(stages.index(each) >= stages.index(benchmark.failed) for each in benchmark.passed):
        raise ValueError(f"benchmark, passed: stages before {benchmark.failed}, which its samples failed")
