"""The catalog of a run: Kedro's, which takes parameters without asking whether they are tables of pandas."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.utils import load_obj

_OURS = f"{__name__.partition('.')[0]}."


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

    def _validate(self, ds_name: str, data: Any, mode: str) -> Any:
        """What Kedro makes of a table that has a validator: ours are made here.

        Kedro would look for pandera's three kinds of schema first, at each of some 40 tables: 0.1 s of each run.
        """
        spec = self._validator_specs.get(ds_name)
        if spec and ds_name not in self._validators and spec.class_path.startswith(_OURS):
            with suppress(
                ImportError, AttributeError, TypeError, ValueError
            ):  # Kedro says what is wrong with it
                self._validators[ds_name] = load_obj(spec.class_path)(**spec.options)
        return super()._validate(ds_name, data, mode)


def _as_plain(value: Any) -> AbstractDataset[Any, Any]:
    dataset: Any = MemoryDataset
    made: AbstractDataset[Any, Any] = dataset(data=value, copy_mode="deepcopy")
    return made
