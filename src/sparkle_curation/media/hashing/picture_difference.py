"""How far two pictures are from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3), RGB, 0-255."""


def mean_difference(picture: Picture, reference: Picture) -> float:
    """Mean absolute difference of all values of two pictures, in levels of 0-255.

    A picture of another size is brought to that of the reference first, since what is drawn counts here, not how large.

    >>> white, grey = np.full((4, 4, 3), 255, np.uint8), np.full((2, 2, 3), 250, np.uint8)
    >>> mean_difference(grey, white)
    5.0
    """
    if picture.shape != reference.shape:
        from PIL import Image  # noqa: PLC0415  # costs a run that compares nothing

        height, width, _ = reference.shape
        resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
        picture = np.asarray(resized)
    return float(np.abs(picture.astype(np.int16) - reference).mean())
