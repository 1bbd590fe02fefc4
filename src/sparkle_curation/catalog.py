"""The catalog of a run: Kedro's, which takes parameters without asking whether they are tables of pandas."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from pydantic import BaseModel

_PLAIN = (dict, list, str, int, float, type(None), BaseModel)
"""What parameters are; a group that a node asks for with its type comes as a model."""


class Catalog(DataCatalog):
    """Kedro's catalog; what is plain data is handed out as a deep copy, as Kedro would come to by itself.

    Kedro looks for pandas and ibis at each value to find out how to copy it: for some 275 parameters, of which none is a
    table, that imports all of pandas, 0.3 s of processor time at each command.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        """Register a dataset, or a value under a name."""
        if isinstance(value, _PLAIN):
            super().__setitem__(key, _as_plain(value))
        else:
            super().__setitem__(key, value)


def _as_plain(value: Any) -> AbstractDataset[Any, Any]:
    dataset: Any = MemoryDataset
    made: AbstractDataset[Any, Any] = dataset(data=value, copy_mode="deepcopy")
    return made
