"""Journals of costly work as datasets of the catalog."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
from kedro.io.core import AbstractDataset, DatasetError
from kedro.utils import load_obj

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.shards import Shard, WorkPlace
from sparkle_curation.spec.old_names import old_paths

logger = logging.getLogger(__name__)


class JournalDataset(AbstractDataset[NoReturn, Journal]):
    """A journal, which a node opens, reads and appends to.

    It is neither an output of a run nor one of DVC's, so that neither clears away what was done.

    Args:
        filepath: the journal, a local file; made when it is first opened.
        schema: where its Arrow schema is, ``sparkle_curation.media.probe.inspection.JOURNAL_SCHEMA``.
        retried_errors: values of its column ``error`` whose work is done again by the next run.
        work: where a run does the work that it notes: ``shard``, ``executor`` and ``ray_address``, as the parameters of
            those names; None for all of it, in processes of this machine.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            inspect_journal:
              type: sparkle_curation.datasets.JournalDataset
              filepath: data/journals/inspect.journal
              schema: sparkle_curation.media.probe.batch_probe.JOURNAL_SCHEMA
              retried_errors: [unreadable]
              work: { shard: null, executor: local, ray_address: null }
    """

    def __init__(
        self,
        *,
        filepath: str,
        schema: str,
        retried_errors: Sequence[str] = (),
        work: Mapping[str, str | None] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._schema, self._retried_errors = Path(filepath), schema, tuple(retried_errors)
        given = {"shard": None, "executor": "local", "ray_address": None} | dict(work or {})
        shard = Shard.parse(given["shard"])
        self._place = WorkPlace(shard, given["executor"] or "local", given["ray_address"])
        self.metadata = metadata

    def load(self) -> Journal:
        """The journal, not yet open; one under the name that it had before is renamed first."""
        _take_up_old(self._path)
        schema = load_obj(self._schema)
        if not isinstance(schema, pa.Schema):
            raise DatasetError(f"{self._schema} is no Arrow schema")
        return Journal(self._path, schema, retried_errors=self._retried_errors, place=self._place)

    def save(self, data: NoReturn) -> None:
        """Never: a node appends to the journal that it loads."""
        raise DatasetError(f"the journal {self._path} is appended to, not saved")

    def _exists(self) -> bool:
        _take_up_old(self._path)
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "schema": self._schema}


def _take_up_old(path: Path) -> None:
    """A journal that an earlier version wrote under another name gets its new one, unless that is taken."""
    for old in map(Path, old_paths(str(path))):
        if old.is_file() and not path.exists():
            old.rename(path)
            logger.info("%s: this journal is called %s now, and goes on", old, path.name)
