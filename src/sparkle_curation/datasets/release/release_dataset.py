"""The release as a dataset of the catalog: load only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import table_preview
from sparkle_curation.ingest.exclusions.exclusion_list import read_exclusions
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.masking import without_secrets
from sparkle_curation.spec.layout import PROMPTS_FOLDER


class ReleaseDataset(AbstractDataset[NoReturn, ReleaseFiles]):
    """The files of a release under one root.

    Args:
        path: its root, a local folder or an fsspec URL.
        trusts_times: whether a local file of the same size and time is taken for the same; else its content is read.
        exclusions: the list of source clips that were excluded on request, a CSV; None for none.
        contents: tables of the catalog that say which content a file had at a size and time; they may be absent.
        remote: members of ``RemoteSettings``: how a server is asked where the root is a URL.
        credentials: what its file system is opened with, such as ``endpoint_url``, ``key`` and ``secret``; Kedro puts in
            what stands under that name in ``credentials.yml``.
        converted: folder of this machine with what was converted of a release of another shape; it need not be there.
        walks: folder of this machine where it is noted how far walks of tars behind a URL came; None to note nothing.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            release:
              type: sparkle_curation.datasets.ReleaseDataset
              path: data/01_raw/sparkle_sample
              remote: { requests: 64, retries: 5, timeout_s: 60 }
              credentials: release_storage
              converted: data/01_raw/converted
              walks: data/journals/walks
              trusts_times: true
              exclusions: conf/base/ingest/exclusions.csv
              contents:
                - data/02_intermediate/text_contents.parquet
                - data/02_intermediate/media_contents.parquet
    """

    def __init__(  # noqa: PLR0913 -- each is a member of its entry in the catalog
        self,
        *,
        path: str,
        trusts_times: bool = True,
        exclusions: str | None = None,
        contents: Sequence[str] = (),
        remote: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        converted: str | None = None,
        walks: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._root, self._trusts_times = path, trusts_times
        self._exclusions = Path(exclusions) if exclusions else None
        self._contents = [Path(each) for each in contents]
        self._access = remote_access(remote, credentials, converted, walks)
        self.metadata = metadata

    def load(self) -> ReleaseFiles:
        """The files of the release.

        Raises:
            ReleaseError: there is no folder at the root.
            ExclusionError: a line of the list of exclusions is none.
        """
        return ReleaseFiles(
            self._root,
            contents=self._contents,
            trusts_times=self._trusts_times,
            exclusions=read_exclusions(self._exclusions) if self._exclusions else None,
            access=self._access,
        )

    def save(self, data: NoReturn) -> None:
        """Never: the release is read only."""
        raise DatasetError(f"the release at {self._root} is read only")

    def preview(self, nrows: int = 100) -> TablePreview:
        """The first ``nrows`` files directly under the root and in ``prompts/``; nothing of them is read."""
        release = self.load()
        files = [*release.files_in(), *release.files_in(PROMPTS_FOLDER)][:nrows]
        rows = [(file.path, file.size) for file in files]
        return table_preview(pl.DataFrame(rows, schema=["file", "size_bytes"], orient="row"))

    def _describe(self) -> dict[str, Any]:
        return {"path": without_secrets(self._root), "walks": self._access.walks}
