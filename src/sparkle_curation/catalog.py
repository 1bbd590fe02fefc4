"""The catalog of a run: Kedro's, which takes parameters without asking whether they are tables of pandas."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset, DataCatalog, MemoryDataset


class Catalog(DataCatalog):
    """Kedro's catalog; a parameter, typed or plain, is handed out as a deep copy, as Kedro would come to by itself.

    Kedro looks for pandas and ibis at each value to find out how to copy it: for some 275 parameters, of which none is a
    table, that imports all of pandas, 0.3 s of processor time at each command.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        """Register a dataset, or a value under a name."""
        if key == "parameters" or key.startswith("params:"):
            super().__setitem__(key, _as_plain(value))
        else:
            super().__setitem__(key, value)


def _as_plain(value: Any) -> AbstractDataset[Any, Any]:
    dataset: Any = MemoryDataset
    made: AbstractDataset[Any, Any] = dataset(data=value, copy_mode="deepcopy")
    return made
