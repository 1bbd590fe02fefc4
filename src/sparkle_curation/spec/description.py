"""The description of the dataset, read once from ``conf/<environment>/dataset.yml`` and checked.

One process works with one description. It is the one that ``activate`` was called with; else the file that the
environment variable ``SPARKLE_DATASET`` names, which is how worker processes get it; else ``dataset.yml`` of the
environment ``KEDRO_ENV``, or of ``base``, in the project. It is read whole from that one file and never merged.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.benchmark_description import Benchmark, ListedBenchmark
from sparkle_curation.spec.description_values import (
    NO_FILE_NAME,
    PLACE,
    AnnotationsPath,
    Colour,
    Count,
    Digits,
    FilePath,
    FolderPath,
    Name,
    Number,
    Part,
    Text,
    require_known,
    require_unique,
)
from sparkle_curation.spec.score_description import Scores
from sparkle_curation.spec.shape.description import ID_DIGITS, PROMPTS_CSV, PROMPTS_METADATA, Shape

FORMAT = 1
"""Of the file; a newer one is refused."""

FILE_NAME = "dataset.yml"
_VARIABLE = "SPARKLE_DATASET"

_FALLBACK_COLOURS = ("#7F7F7F", "#8C564B", "#17BECF", "#BCBD22", "#9467BD", "#D62728")


class Identity(Part):
    """How samples are named.

    Attributes:
        pattern: with ``{theme}``, then ``{number}``.
        digits: of the number, 1 to 9.
    """

    pattern: str
    digits: Digits

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        if PLACE.findall(self.pattern) != ["{theme}", "{number}"] or not self.pattern.endswith("{number}"):
            raise ValueError("a pattern with {theme} once, and {number} once at its end")
        if NO_FILE_NAME.search(self.pattern):
            raise ValueError("a pattern of what may stand in the name of a file")
        return self


class Theme(Part):
    """One theme.

    Attributes:
        name: in ids, paths and tables.
        title: for people.
        colour: in figures and sheets.
        edit_type: what the metadata's ``edit_type`` says; None for the name.
        has_keyword: whether its samples have a ``chosen_keyword``.
    """

    name: Name
    title: str = ""
    colour: Colour | None = None
    edit_type: Text | None = None
    has_keyword: bool = True


class Annotations(Part):
    """The training annotations, two files a theme: paths with ``{theme}`` and ``{split}`` from the release root."""

    csv: AnnotationsPath
    metadata: AnnotationsPath

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        if self.csv == self.metadata:
            raise ValueError("a file of its own for csv and for metadata")
        if Path(self.csv).parent != Path(self.metadata).parent:
            raise ValueError("csv and metadata in one folder")
        return self


Role = Literal[
    "source_video", "edited_video", "source_frame0", "edited_frame0", "clean_frame0", "background_video", "mask",
    "edges_video",
]  # fmt: skip
"""What a kind of asset is used for. ``clean_frame0``: the edited first frame without its foreground."""


class Asset(Part):
    """One kind of media file, at ``{folder}/{theme}/{name}/{id}.{suffix}``.

    Attributes:
        name: the kind.
        suffix: without its dot.
        folder: root of the kind's loose files and shards; empty for the release root.
        role: what the kind is used for; None for a kind that is only listed, inspected and hashed.
    """

    name: Name
    suffix: Literal["mp4", "png", "npz"]
    folder: FolderPath = ""
    role: Role | None = None

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        suffix = "npz" if self.role == "mask" else "mp4" if (self.role or "").endswith("_video") else "png"
        if self.role and self.suffix != suffix:
            raise ValueError(f"suffix: {suffix} with role: {self.role}, and it is {self.suffix}")
        return self


class Containers(Part):
    """The tars: a file name with ``{theme}``, ``{kind}`` and ``{part}``, below the folder of the kind."""

    shard: str
    part_digits: Digits = 2

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        places = sorted(PLACE.findall(self.shard))
        if places != ["{kind}", "{part}", "{theme}"] or NO_FILE_NAME.search(self.shard):
            raise ValueError("a file name with {theme}, {kind} and {part} once each")
        return self


class Frames(Part):
    """Which frames the stages look at.

    Attributes:
        scored: how many of an edited video are scored, the first left out.
        grounded_fps: frames a second of the source video that the second grounding round looks at.
    """

    scored: Count = 4
    grounded_fps: Annotated[Number, Field(gt=0)] = 2


class Groundings(Part):
    """Foreground boxes found by a model.

    Attributes:
        bbox_scale: what width and height are in the coordinates of boxes.
        round1: file of the boxes on the first source frame.
        round2: file of the boxes on sampled frames.
    """

    bbox_scale: Count = 1000
    round1: FilePath
    round2: FilePath


class Licence(Part):
    """The licence of some themes and asset kinds; an empty list stands for all.

    Attributes:
        id: as the model hub writes it, such as ``cc-by-4.0``; None for unknown.
        terms: what a reader should know, in Markdown.
    """

    id: Text | None
    themes: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    terms: str = ""


class Reference(Part):
    """A publication that stands behind the dataset, as a bibliography lists it.

    Attributes:
        key: of its BibTeX entry.
        use: what a paper that uses the dataset cites it for: the ``dataset`` itself, the ``sources`` of its videos, the
            judge of its ``scores``, the model of its ``groundings``, or the ``training`` code that it is made for.
        title: of the publication.
        authors: each as ``Given Family``; ``others`` at the end for those that are not named.
        year: of publication.
        arxiv: its number on arXiv.
        themes: whose samples it is cited for; an empty list stands for all.
    """

    key: Annotated[
        str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_:-]*$", description="letters, digits, _, : and -")
    ]
    use: Literal["dataset", "sources", "scores", "groundings", "training"]
    title: str
    authors: Annotated[tuple[str, ...], Field(min_length=1)]
    year: Annotated[int, Field(ge=1900, le=2999)]
    arxiv: str | None = None
    themes: tuple[str, ...] = ()


class TrainingTask(Part):
    """What Kiwi-Edit can be trained on from the files of a sample: a CSV with a row a sample.

    Attributes:
        name: in parameters and file names.
        title: for people.
        media: whether a row trains as one ``still`` or as a ``video``; the trainer has an option for each.
        source: asset kind that the model starts from, column ``src_video``.
        target: asset kind that it shall make, column ``tgt_video``.
        reference: asset kind of a still that it is given too, column ``ref_image``; None for none.
        prompt: one prompt for every row; None for each sample's edit prompt.
        passes: the last stage that a sample must pass, whatever becomes of it later; None for the pairs of the variant.
    """

    name: Name
    title: str
    media: Literal["still", "video"]
    source: Name
    target: Name
    reference: Name | None = None
    prompt: str | None = None
    passes: Name | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.reference and self.media == "still":
            raise ValueError("no reference for media: still; the trainer takes one beside videos alone")
        return self


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
        for role in ("source_video", "edited_video"):
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
        if media is None and asset.role in {"source_video", "edited_video"}:
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


# ------------------------------------------------------------------ reading
def read_description(path: Path) -> Dataset:
    """The description in a file.

    Raises:
        DescriptionError: it is not there, is no YAML, or says something that cannot be.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise DescriptionError(
            "The description of the dataset cannot be read", where=path, got=error.strerror
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DescriptionError(
            "The description of the dataset is no YAML", where=path, got=str(error)
        ) from error
    if not isinstance(content, dict):
        raise DescriptionError(
            "The description of the dataset is empty", where=path, got=type(content).__name__
        )
    newer = content.get("format")
    if isinstance(newer, int) and newer > FORMAT:
        raise DescriptionError(
            "The description of the dataset has a newer format than this version reads",
            where=path,
            got=f"format: {newer}",
            allowed=f"format: {FORMAT} or older",
            todo="update sparkle-curation",
        )
    try:
        return Dataset.model_validate(content)
    except ValidationError as error:
        raise _description_error(path, error.errors()[0]) from None


def _description_error(path: Path, error: ErrorDetails) -> DescriptionError:
    place = ".".join(str(part) for part in error["loc"])
    where = f"{path}: {place}" if place else path
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return DescriptionError(
            "The description of the dataset has a member that is unknown",
            where=where,
            got=error["loc"][-1],
            todo="correct its name, or remove it; the members are described in src/sparkle_curation/spec/description.py",
        )
    if error["type"] == "missing":
        return DescriptionError("The description of the dataset lacks a member", where=where, todo="add it")
    return DescriptionError(
        "The description of the dataset cannot be right",
        where=where,
        got=error["input"] if place and not isinstance(error["input"], dict) else None,
        allowed=message,
        todo="correct it",
    )


# ------------------------------------------------------------------ the one of this process
def find_description(conf: Path, environment: str | None) -> Path:
    """The file that an environment works with: its own ``dataset.yml`` whole, else that of ``base``."""
    own = conf / (environment or "base") / FILE_NAME
    return own if own.is_file() else conf / "base" / FILE_NAME


def activate(path: Path) -> Dataset:
    """Work with this description, in this process and in those that it starts.

    Raises:
        DescriptionError: it is not right, or the process works with another one already.
    """
    path = path.resolve()
    wanted = read_description(path)
    os.environ[_VARIABLE] = str(path)
    if dataset() != wanted:
        raise DescriptionError(
            "This process works with another description of the dataset already",
            where=path,
            todo="start a process of its own for each environment",
        )
    return wanted


@cache
def dataset() -> Dataset:
    """The description that this process works with.

    Raises:
        DescriptionError: there is none, or it is not right.
    """
    if named := os.environ.get(_VARIABLE):
        return read_description(Path(named))
    project = Path(__file__).parents[3]
    places = [find_description(root / "conf", os.environ.get("KEDRO_ENV")) for root in (Path.cwd(), project)]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise DescriptionError(
            "There is no description of the dataset",
            where=places[0],
            todo=f"run from the project's folder, or set {_VARIABLE} to the path of a {FILE_NAME}",
        )
    return read_description(found)


def colour_of(place: int, colour: str | None) -> str:
    """The colour of the theme or stage at a place of its list, where the description gives none a grey or muted one.

    >>> colour_of(0, "#0072B2"), colour_of(7, None)
    ('#0072B2', '#8C564B')
    """
    return colour or _FALLBACK_COLOURS[place % len(_FALLBACK_COLOURS)]
