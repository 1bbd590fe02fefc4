"""OpenCV, which only those who look at cameras and edges have installed, and load."""

from __future__ import annotations

from functools import cache
from typing import Any

from sparkle_curation.errors import ModelError


@cache
def opencv() -> Any:
    """The module ``cv2``, on one thread: the processes are the threads.

    Raises:
        ModelError: it is not installed.
    """
    try:
        import cv2  # noqa: PLC0415 -- 0.2 s, and most of the project does without it
    except ImportError as error:
        raise ModelError(
            "OpenCV is not installed",
            got=str(error),
            todo="pip install '.[stages]'",
        ) from error
    cv2.setNumThreads(1)
    return cv2
