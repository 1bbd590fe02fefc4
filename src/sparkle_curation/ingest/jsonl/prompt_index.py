"""The prompts of the annotations, ready to be compared with those of another file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.ingest.jsonl.vector_checks import NO_ROWS, Rows
from sparkle_curation.spec.sample_ids import ID_DIGITS


class PromptIndex:
    """Finds rows whose prompt is not the one of the annotations.

    Args:
        numbers: sample numbers of one theme, each once.
        prompts: the prompt of each.
    """

    def __init__(self, numbers: Rows, prompts: pa.Array | pa.ChunkedArray) -> None:
        self._prompts = prompts
        self._position = np.full(10**ID_DIGITS, -1, np.int32)
        self._position[numbers] = np.arange(len(numbers), dtype=np.int32)

    def differing_rows(self, numbers: Rows, prompts: pa.ChunkedArray) -> Rows:
        """Rows whose prompt differs; a sample that the annotations lack differs from nothing."""
        positions = self._position[numbers]
        known = np.flatnonzero(positions >= 0)
        if not len(known):
            return NO_ROWS
        expected = self._prompts.take(pa.array(positions[known]))
        differs = pc.not_equal(prompts.take(pa.array(known)), expected)
        return known[np.flatnonzero(differs.to_numpy())]

    def prompt_of(self, number: int) -> str:
        """The annotations' prompt of a sample that they have."""
        return str(self._prompts[int(self._position[number])].as_py())
