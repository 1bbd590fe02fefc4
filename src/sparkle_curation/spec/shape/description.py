"""The member ``shape`` of a description: where records lie, what tells samples apart, where their files and scores are.

A dataset with a shape has ids of this project's own, ``{name}_{theme}_{15 digits}``: the digits are of a hash of what its
records are told apart by, so they stay when records are added, left out or put in another order.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description.values import Count, FolderPath, Name, Part, Text
from sparkle_curation.spec.shape.paths import FilePattern, MemberPath, Template

ID_DIGITS = 15
"""Of the ids: of a million samples the chance that any two have one id is one in two thousand, and such two are told."""

PROMPTS_CSV, PROMPTS_METADATA = "prompts/{theme}_{split}.csv", "prompts/{theme}_{split}_metadata.jsonl"
"""Where a variant has its files, as that of a dataset without a shape."""


class TableFiles(Part):
    """Files of records.

    Attributes:
        path: from the release root, ``{theme}`` where each theme has its own, ``*`` in the last part for several files.
        format: ``json``: one list of objects, or an object of objects or of lists of objects; ``jsonl``: an object a line;
            ``csv``: a header and a record a row; ``parquet``.
        delimiter: between the cells of a CSV.
        member: of a JSON object, the one that holds the records; None for all.
        each: member of a record that is a list of objects, each of which is a record with the outer one's members too.
    """

    path: FilePattern
    format: Literal["json", "jsonl", "csv", "parquet"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    member: Text | None = None
    each: MemberPath | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if self.member and self.format != "json":
            raise ValueError("member: with format: json alone")
        return self

    def path_of(self, theme: str) -> str:
        """The path or pattern of a theme's files, from the release root."""
        return self.path.replace("{theme}", theme)


class RecordIdentity(Part):
    """What records are told apart by: exactly one of these; without the section by prompt and files.

    Attributes:
        column: member that each record has another value of.
        template: several members, in braces.
        content: members whose values together are of one record.
    """

    column: MemberPath | None = None
    template: Template | None = None
    content: Annotated[tuple[MemberPath, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.column, self.template, self.content)) != 1:
            raise ValueError("one of column, template and content")
        return self


class SampleForm(Part):
    """One sample that each record gives.

    Attributes:
        prompt: member with the edit prompt.
        name: in the identity of the sample; None for the first, which has the record's own.
        backwards: whether the edited video is the source and the source video the target.
        optional: whether a record without this prompt gives no such sample, and is not at fault.
    """

    prompt: MemberPath
    name: Name | None = None
    backwards: bool = False
    optional: bool = False


class RecordMedia(Part):
    """Where the file of one asset kind is: exactly one of ``path``, ``template``, ``bytes`` and ``rle``.

    Attributes:
        path: member with the path of the file below ``root``.
        template: that path, with members of the record in braces.
        bytes: member of a Parquet file with the content itself.
        rle: member with masks as COCO writes them: a list of ``{size: [height, width], counts: ...}``, one a frame.
        root: folder of the release, or one that a container is laid over, that the path begins in.
        strip: beginning of the paths that is left out, such as that of another machine.
        masks: for the kind with role ``mask``: ``npz`` as Sparkle packs them, a ``video``, a folder of ``png``. What is not
            packed is converted once.
        inverted: whether a mask is dark, or 0, where the foreground is.
        start_frame: member with the frame of the video that the first mask is of; those before it are empty.
        frames: member with the number of frames of the video; masks that end before it are empty from there.
        required: whether a record without it is at fault; a kind with the role of a video always is.
    """

    path: MemberPath | None = None
    template: Template | None = None
    bytes: MemberPath | None = None
    rle: MemberPath | None = None
    root: FolderPath = ""
    strip: str = ""
    masks: Literal["npz", "video", "png"] = "npz"
    inverted: bool = False
    start_frame: MemberPath | None = None
    frames: MemberPath | None = None
    required: bool = False

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.path, self.template, self.bytes, self.rle)) != 1:
            raise ValueError("one of path, template, bytes and rle")
        return self

    @property
    def is_converted_mask(self) -> bool:
        """Whether it is a mask that is packed anew."""
        return self.rle is not None or self.masks != "npz"


class Container(Part):
    """Archives whose members are files of the release.

    Attributes:
        path: of the archives from the release root; ``*`` in the last part for several.
        format: ``tar`` and ``zip`` are read where they lie; of a ``gzip_tar``, in one part or several that belong together
            (``name.tar.gz.aa``, ``.ab``, ...), a plain tar is made once.
        root: folder that the members are laid over: a member ``a/b.mp4`` is then ``{root}/a/b.mp4``.
    """

    path: FilePattern
    format: Literal["tar", "zip", "gzip_tar"]
    root: FolderPath = ""


class JoinedScores(Part):
    """Scores in files of their own.

    Attributes:
        stages: which stages' scores they hold.
        files: of them.
        identity: what joins them with the records: the same value of the same kind.
    """

    stages: Annotated[tuple[Name, ...], Field(min_length=1)]
    files: TableFiles
    identity: RecordIdentity


class Shape(Part):
    """How the files of a dataset become samples.

    Attributes:
        tables: the records.
        samples: what samples each record gives, the first under the record's own identity.
        identity: what records are told apart by; None for prompts and files.
        media: by asset kind where its file is.
        containers: archives.
        score_members: by the ``field`` of a criterion the members that its values are; by default the one of that name.
        joined_scores: scores in files of their own; those of other stages are members of the records.
        max_record_bytes: the longest record that is read.
    """

    tables: TableFiles
    samples: Annotated[tuple[SampleForm, ...], Field(min_length=1)]
    identity: RecordIdentity | None = None
    media: dict[Name, RecordMedia]
    containers: tuple[Container, ...] = ()
    score_members: dict[Text, Annotated[tuple[MemberPath, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    joined_scores: tuple[JoinedScores, ...] = ()
    max_record_bytes: Count = 16 << 20

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        names = [form.name for form in self.samples]
        if len(set(names)) < len(names) or None in names[1:]:
            raise ValueError("samples: a name for each but the first, and each name once")
        joined = [stage for each in self.joined_scores for stage in each.stages]
        if len(set(joined)) < len(joined):
            raise ValueError("joined_scores: each stage once")
        takes_bytes = [kind for kind, media in self.media.items() if media.bytes]
        if takes_bytes and self.tables.format != "parquet":
            raise ValueError(f"media, {takes_bytes[0]}: bytes with format: parquet alone")
        return self

    @property
    def is_converted(self) -> bool:
        """Whether files may be made of the release, since what it has cannot be read where it lies."""
        return any(each.format != "tar" for each in self.containers) or any(
            media.bytes or media.is_converted_mask for media in self.media.values()
        )

    def scores_of(self, stage: str) -> TableFiles:
        """The files that hold the scores of a stage."""
        joined = self.joined_of(stage)
        return joined.files if joined else self.tables

    def joined_of(self, stage: str) -> JoinedScores | None:
        """How the scores of a stage are joined; None for those that stand in the records."""
        return next((each for each in self.joined_scores if stage in each.stages), None)
