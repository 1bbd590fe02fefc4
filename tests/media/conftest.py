"""What tests of the media share."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest


@pytest.fixture
def assert_small() -> Callable[[], AbstractContextManager[None]]:
    """A block within which no more than eight megabytes may be held at any time."""

    @contextmanager
    def small() -> Iterator[None]:
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()

    return small
