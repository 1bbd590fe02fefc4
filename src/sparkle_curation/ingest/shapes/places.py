"""Where the files that records name are: loose, in an archive, or converted."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.shapes.archives import Member, Place, archive_files, archive_members, unpacked
from sparkle_curation.ingest.shapes.converted import Converted
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.shape.description import Shape


class MediaPlaces:
    """Looks up files of a theme by their path; a folder is listed once, and an archive is walked once.

    Args:
        files: the release.
        shape: its shape.
        theme: whose archives are looked into.
    """

    def __init__(self, files: ReleaseFiles, shape: Shape, theme: str) -> None:
        self.files, self.converted = files, Converted(files)
        self._shape, self._theme = shape, theme
        self._folders: dict[str, dict[str, SourceFile]] = {}
        self.archive_faults: list[tuple[str, Fault]] = []

    @cached_property
    def archives(self) -> list[SourceFile]:
        """The archives that are there."""
        return [
            file for each in self._shape.containers for file in archive_files(self.files, each, self._theme)
        ]

    @cached_property
    def _members(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        for container in self._shape.containers:
            sources = archive_files(self.files, container, self._theme)
            for each in archive_members(self.files, container, sources, self.converted):
                if isinstance(each, Member):
                    found[each.path] = each
                else:
                    self.archive_faults.append(each)
        return found

    def find(self, path: str) -> Place | None:
        """The place of a file; None where there is none.

        Raises:
            LineFaultError: it is in an archive, and cannot be unpacked.
        """
        if loose := self._folder(path.rpartition("/")[0]).get(path):
            return Place(loose.path, 0, loose.size)
        member = self._members.get(path)
        if member is None:
            return None
        if member.place:
            return member.place
        try:
            return unpacked(self.files, member, self.converted)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            detail = f"{member.archive}, {member.name}: {error}"
            raise LineFaultError(Reason.UNREADABLE_MEDIA, detail) from error

    def within(self, folder: str) -> list[Place]:
        """The files of a folder, loose or in an archive, by name."""
        loose = {file.path: Place(file.path, 0, file.size) for file in self._folder(folder).values()}
        packed = {
            path: place
            for path in self._members
            if path.rpartition("/")[0] == folder and path not in loose and (place := self.find(path))
        }
        return [place for _, place in sorted({**loose, **packed}.items())]

    def read(self, place: Place) -> bytes:
        """The content of a file."""
        with self.files.reader(place.container) as reader:
            return reader.read_at(place.offset, place.size)

    def sources(self, roots: Iterator[str]) -> list[SourceFile]:
        """What the places depend on: the archives, and the files of folders that media lie in, at any depth."""
        found = {file.path: file for file in self.archives}
        for root in roots:
            for folder in self._folders_from(root):
                found |= {file.path: file for file in self._folder(folder).values()}
        return sorted(found.values())

    def _folders_from(self, folder: str) -> Iterator[str]:
        yield folder
        for name in self.files.folders_in(folder):
            if not name.startswith("."):
                yield from self._folders_from(f"{folder}/{name}" if folder else name)

    def _folder(self, folder: str) -> dict[str, SourceFile]:
        if folder not in self._folders:
            self._folders[folder] = {file.path: file for file in self.files.files_in(folder)}
        return self._folders[folder]
