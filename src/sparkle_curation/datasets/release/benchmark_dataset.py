"""A downloaded benchmark as a dataset of the catalog: load only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.bench.samples.places import BENCH_ROOT, bench_root_of
from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.exclusions.exclusion_list import read_exclusions
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.masking import without_secrets
from sparkle_curation.spec.benchmark import BENCHMARK


class BenchmarkDataset(AbstractDataset[NoReturn, ReleaseFiles | None]):
    """The files of a benchmark under one root.

    Args:
        path: its root, a local folder or an fsspec URL; None for no benchmark.
        noted_in: the table ``bench_samples``, whose root is taken where ``path`` is None; None for no such table.
        exclusions: the list of source clips that were excluded on request, a CSV; None for none.
        remote: members of ``RemoteSettings``: how a server is asked where the root is a URL.
        credentials: what its file system is opened with, such as ``endpoint_url``, ``key`` and ``secret``; Kedro puts in
            what stands under that name in ``credentials.yml``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            benchmark:
              type: sparkle_curation.datasets.BenchmarkDataset
              path: data/01_raw/sparkle_bench_sample
              exclusions: conf/base/ingest/exclusions.csv
              remote: { requests: 64, retries: 5, timeout_s: 60 }
              credentials: release_storage
    """

    def __init__(
        self,
        *,
        path: str | None,
        noted_in: str | None = None,
        exclusions: str | None = None,
        remote: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._given = path or None
        self._noted_in = Path(noted_in) if noted_in else None
        self._exclusions = Path(exclusions) if exclusions else None
        self._access = remote_access(remote, credentials)
        self.metadata = metadata

    def load(self) -> ReleaseFiles | None:
        """The files; None where there is no benchmark.

        Raises:
            ReleaseError: there is no folder at the root.
        """
        return self._open()

    @property
    def _root(self) -> str | None:
        if self._given or self._noted_in is None or not self._noted_in.is_file():
            return self._given
        samples = pl.scan_parquet(self._noted_in)
        if BENCH_ROOT not in samples.collect_schema():
            return None
        return bench_root_of(samples.select(BENCH_ROOT).head(1).collect(), None)

    def _open(self) -> ReleaseFiles | None:
        root = self._root
        if root is None:
            return None
        exclusions = read_exclusions(self._exclusions) if self._exclusions else None
        try:
            return ReleaseFiles(root, exclusions=exclusions, access=self._access)
        except ReleaseError as error:
            name, repository = (BENCHMARK.name, BENCHMARK.repository) if BENCHMARK else ("benchmark", None)
            download = f"hf download {repository} --repo-type=dataset --local-dir ./{name}; then "
            raise ReleaseError(
                "The root of the benchmark is not a folder",
                where=f"bench_root={root}",
                got=error.got,
                allowed=f"a local folder or fsspec URL that holds a download of {name}, or null for none",
                todo=f"{download if repository else ''}--params bench_root=./{name}",
            ) from error

    def save(self, data: NoReturn) -> None:
        """Never: the benchmark is read only."""
        raise DatasetError(f"the benchmark at {self._root} is read only")

    def preview(self, nrows: int = 100) -> TablePreview:
        """The first ``nrows`` files directly under the root, where there is one; nothing of them is read."""
        try:
            files = self._open()
        except ReleaseError:  # a project without a benchmark is shown all the same
            files = None
        if files is None:
            return table_preview(NOT_MADE)
        rows = [(file.path, file.size) for file in files.files_in()[:nrows]]
        return table_preview(pl.DataFrame(rows, schema=["file", "size_bytes"], orient="row"))

    def _describe(self) -> dict[str, Any]:
        return {"path": without_secrets(self._root or "")}
