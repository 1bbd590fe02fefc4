"""What one step hands to the next where each runs in a process of its own."""

from __future__ import annotations

import pickle
from typing import Any

from kedro.io import DatasetError
from kedro.io.shared_memory_dataset import SharedMemoryDataset


class SharedDataset(SharedMemoryDataset):
    """Holds what is handed on in the manager of a ``ParallelRunner``, as bytes; stands in for a ``MemoryDataset``.

    Kedro shares the datasets that no catalog declares, and those alone: of a declared ``MemoryDataset`` each process has a
    copy, which is empty. Bytes, since the manager need not know what is in them: it would have to import it, and polars
    does not live through the fork that the manager is.
    """

    def load(self) -> Any:
        """A copy of what was handed on.

        Raises:
            DatasetError: nothing was.
        """
        if not self._exists():
            raise DatasetError("Nothing was handed on yet.")
        return pickle.loads(self.shared_memory_dataset.load())  # noqa: S301 -- from a process of this run

    def save(self, data: Any) -> None:
        """Hand it on.

        Raises:
            DatasetError: it cannot be pickled.
        """
        try:
            packed = pickle.dumps(data, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # what pickling calls may raise anything
            raise DatasetError(
                f"{type(data).__name__} cannot be handed to another process: {error}"
            ) from error
        self.shared_memory_dataset.save(packed)

    def _release(self) -> None:
        if self.shared_memory_dataset is not None:
            self.shared_memory_dataset.release()
