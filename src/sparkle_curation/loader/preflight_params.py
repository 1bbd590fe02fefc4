"""The parameters of the preflight, which all that goes by it share."""

from __future__ import annotations

from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import UnloadablePairs


class PreflightParams(LoaderSettings):
    """The options of the training that the variant is for, and what becomes of a pair that it could not load.

    Attributes:
        unloadable_pairs: a pair that is replaced or refused: ``drop`` it from the variant, or ``keep`` it.
    """

    unloadable_pairs: UnloadablePairs
