"""Where each file that a record names is: a path, a template, bytes or run lengths of the record become a place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from xxhash import xxh3_128_hexdigest

from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError
from sparkle_curation.ingest.shapes.archives import Place
from sparkle_curation.ingest.shapes.places import MediaPlaces
from sparkle_curation.ingest.shapes.records import Record
from sparkle_curation.ingest.shapes.samples import Sample, identity_members, text_of
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import ASSET_KINDS, KIND, asset_path
from sparkle_curation.spec.shape.description import RecordMedia, Shape
from sparkle_curation.spec.shape.paths import KEY, fill, member, members_of

MaskMaker = Callable[[list[bytes] | list[Any], RecordMedia, int, int | None], bytes]
"""The packed mask of what a record has: contents or run lengths, how they are described, the first frame, the frames."""

_BACKWARDS = {
    KIND.source_video: KIND.edited_video,
    KIND.edited_video: KIND.source_video,
    KIND.source_frame0: KIND.edited_frame0,
    KIND.edited_frame0: KIND.source_frame0,
}


def file_columns(shape: Shape) -> list[str] | None:
    """The columns of a Parquet file that files and identities are found by; None for all that hold no bytes."""
    if not any(media.bytes for media in shape.media.values()):
        return None
    paths = [form.prompt for form in shape.samples]
    paths += identity_members(shape.identity) if shape.identity else []
    for media in shape.media.values():
        paths += [
            each for each in (media.path, media.bytes, media.rle, media.start_frame, media.frames) if each
        ]
        paths += members_of(media.template or "")
    paths += [shape.tables.each] if shape.tables.each else []
    return list(dict.fromkeys(path.partition(".")[0] for path in paths if path != KEY))


class Finder:
    """Finds the files of samples.

    Args:
        shape: what records say of files.
        theme: of the samples.
        places: where files are.
        make_mask: packs masks of other forms; None where no masks are asked for.
    """

    def __init__(
        self, shape: Shape, theme: str, places: MediaPlaces, make_mask: MaskMaker | None = None
    ) -> None:
        self._shape, self._theme, self._places, self._make_mask = shape, theme, places, make_mask

    def files_of(self, sample: Sample) -> Iterator[dict[str, object] | Fault]:
        """The row of each file that the record names, or why there is none."""
        for kind, media in self._shape.media.items():
            own = _BACKWARDS.get(kind, kind) if sample.form.backwards else kind
            try:
                place = self.place(sample.record, own, media)
            except LineFaultError as error:
                yield sample.record.fault(
                    error.reason, f"{kind}: {error.detail}", json_path=error.json_path, sample_id=sample.id
                )
                continue
            if place is not None:
                yield self._row(sample, own, place)

    def _row(self, sample: Sample, kind: str, place: Place) -> dict[str, object]:
        path = asset_path(self._theme, kind, sample.id)
        return {
            "id": sample.id,
            "theme": self._theme,
            "kind": kind,
            "container": None if place.container == path else place.container,
            "path": path,
            "offset": place.offset,
            "size": place.size,
        }

    def place(self, record: Record, kind: str, media: RecordMedia) -> Place | None:
        """Where a file of a record is; None where it names none and need not.

        Raises:
            LineFaultError: it is not there, or cannot be made into what the tables have.
        """
        is_required = media.required or kind in {KIND.source_video, KIND.edited_video}
        if media.rle:
            runs = member(record.members, media.rle)
            if runs:
                return self._mask(record, media, _as_list(runs), [])
            self._absent(media.rle, is_required)
            return None
        if media.bytes:
            content = member(record.members, media.bytes)
            if content is None or content == b"":
                self._absent(media.bytes, is_required)
                return None
            return self._content(media.bytes, kind, content)
        path = self._path(record, media, is_required)
        return None if path is None else self._file(record, media, path)

    def _file(self, record: Record, media: RecordMedia, path: str) -> Place:
        if not media.is_converted_mask:
            return self._find(path)
        places = self._places.within(path) if media.masks == "png" else [self._find(path)]
        if not places:
            raise LineFaultError(Reason.MISSING_FILE, f"no file in the folder {path}")
        return self._mask(record, media, [self._places.read(place) for place in places], [path])

    def _find(self, path: str) -> Place:
        place = self._places.find(path)
        if place is None:
            raise LineFaultError(
                Reason.MISSING_FILE, f"{path} is neither a file of the release nor in an archive"
            )
        return place

    def _absent(self, path: str, is_required: bool) -> None:
        if is_required:
            where = f"$.{path}"
            raise LineFaultError(
                Reason.MISSING_FIELD, f"{where} is absent, null or empty; it is required", where
            )

    def _path(self, record: Record, media: RecordMedia, is_required: bool) -> str | None:
        """The path from the release root of what a record names."""
        if media.path:
            value = member(record.members, media.path)
            if value in (None, ""):
                self._absent(media.path, is_required)
                return None
            where, text = f"$.{media.path}", text_of(value, media.path)
        else:
            template = media.template or ""
            where = f"$.{members_of(template)[0]}"
            values = {path: member(record.members, path) for path in members_of(template)}
            lacking = [path for path, value in values.items() if value in (None, "")]
            if lacking:
                self._absent(lacking[0], is_required)
                return None
            text = fill(template, {path: str(value) for path, value in values.items()})
        text = text.removeprefix(media.strip).replace("\\", "/")
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if text.startswith("/"):
            detail = f"{where}: got {text[:200]!r}, allowed a path below the root (shape.media: strip)"
            raise LineFaultError(Reason.ABSOLUTE_PATH, detail, where)
        if ".." in parts:
            raise LineFaultError(Reason.PARENT_PATH, f"{where}: got {text[:200]!r}", where)
        return "/".join([*filter(None, media.root.strip("/").split("/")), *parts])

    def _content(self, path: str, kind: str, content: Any) -> Place:
        where = f"$.{path}"
        if not isinstance(content, bytes):
            raise LineFaultError(
                Reason.WRONG_TYPE, f"{where}: got {type(content).__name__}, allowed bytes", where
            )
        name = f"{xxh3_128_hexdigest(content)}.{ASSET_KINDS[kind].suffix}"
        stored, size = self._places.converted.file("bytes", name, lambda file: _write(file, content))
        return Place(stored, 0, size)

    def _mask(self, record: Record, media: RecordMedia, contents: list[Any], paths: list[str]) -> Place:
        numbers = [_integer(record, path) for path in (media.start_frame, media.frames)]
        start, frames = numbers[0] or 0, numbers[1]
        facts = repr((contents, paths, media.model_dump_json(), start, frames)).encode()

        def write(file: BinaryIO) -> None:
            if self._make_mask is None:
                raise RuntimeError("who asks for masks says how they are made")
            file.write(self._make_mask(contents, media, start, frames))

        try:
            stored, size = self._places.converted.file("masks", f"{xxh3_128_hexdigest(facts)}.npz", write)
        except MediaError as error:
            told = f"{error.what}: {error.got}" if error.got else error.what
            raise LineFaultError(Reason.UNREADABLE_MEDIA, f"{' '.join(paths)} {told}".strip()) from error
        return Place(stored, 0, size)


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _integer(record: Record, path: str | None) -> int | None:
    value = member(record.members, path) if path else None
    if value is None or value == "":
        return None
    where = f"$.{path}"
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0 or isinstance(value, bool):
        raise LineFaultError(
            Reason.WRONG_TYPE, f"{where}: got {str(value)[:80]!r}, allowed an integer from 0", where
        )
    return number
