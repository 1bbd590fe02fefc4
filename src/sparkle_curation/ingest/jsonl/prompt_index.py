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
        # From 1, so that what is never written is never made: pages of zeros cost nothing, and an id may have 9 digits.
        self._place = np.zeros(10**ID_DIGITS, np.int32)
        self._place[numbers] = np.arange(1, len(numbers) + 1, dtype=np.int32)

    def differing_rows(self, numbers: Rows, prompts: pa.ChunkedArray) -> Rows:
        """Rows whose prompt differs; a sample that the annotations lack differs from nothing."""
        places = self._place[numbers]
        known = np.flatnonzero(places)
        if not len(known):
            return NO_ROWS
        expected = self._prompts.take(pa.array(places[known] - 1))
        differs = pc.not_equal(prompts.take(pa.array(known)), expected)
        return known[np.flatnonzero(differs.to_numpy())]

    def prompt_of(self, number: int) -> str:
        """The annotations' prompt of a sample that they have."""
        return str(self._prompts[int(self._place[number]) - 1].as_py())
