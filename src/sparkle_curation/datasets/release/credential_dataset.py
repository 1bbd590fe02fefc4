"""A secret of ``credentials.yml`` as a dataset of the catalog: a node asks for it by name, and nothing shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.masking import hide


class CredentialDataset(AbstractDataset[NoReturn, str]):
    """One secret.

    Args:
        credentials: with the member ``api_key``; Kedro puts in what stands under that name in ``credentials.yml``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            model_server_key:
              type: sparkle_curation.datasets.CredentialDataset
              credentials: model_server
    """

    def __init__(self, *, credentials: Mapping[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self._secret = str(credentials.get("api_key") or "")
        hide(self._secret)
        self.metadata = metadata

    def load(self) -> str:
        """The secret; empty where none is set."""
        return self._secret

    def save(self, data: NoReturn) -> None:
        """Never."""
        raise DatasetError("a secret is read only")

    def _exists(self) -> bool:
        return bool(self._secret)

    def _describe(self) -> dict[str, Any]:
        return {"is_set": bool(self._secret)}
