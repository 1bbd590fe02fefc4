"""What the description of a dataset says of samples, themes, media, licences and training tasks, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description.values import (
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
)


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

PAIR_ROLES: tuple[Role, ...] = ("source_video", "edited_video")
"""Of the two kinds that every dataset has."""


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
