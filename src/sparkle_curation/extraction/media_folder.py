"""Where media come from and where they go, of which nothing is opened before it is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import RemoteAccess
from sparkle_curation.masking import without_secrets


@dataclass(frozen=True)
class MediaFolder:
    """A release, and a folder for media of it.

    Attributes:
        release_root: a local folder or an fsspec URL; it need not be there to look at the folder.
        folder: where media go.
        access: how a release behind a URL is reached.
    """

    release_root: str
    folder: Path
    access: RemoteAccess = field(default_factory=RemoteAccess)

    def __repr__(self) -> str:
        return f"MediaFolder({without_secrets(self.release_root)!r}, {str(self.folder)!r})"

    def open_release(self) -> ReleaseFiles:
        """The files of the release.

        Raises:
            ReleaseError: there is no folder at the root.
        """
        return ReleaseFiles(self.release_root, access=self.access)
