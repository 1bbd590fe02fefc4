"""What work on batches looks like, whoever runs it."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, runtime_checkable

Item = TypeVar("Item")
OutputT_co = TypeVar("OutputT_co", covariant=True)


class BatchFunction(Protocol[Item, OutputT_co]):
    """A function over batches.

    One that goes to other processes can be pickled: it is one of a module, or an object of a class of one, and uses no
    globals that change. Each process gets it once and calls it with many batches, so it may keep what it has loaded.
    """

    def __call__(self, batch: list[Item], /) -> OutputT_co:
        """The result of the batch, which it leaves as it is."""
        ...


@runtime_checkable
class TwoSteps(Protocol[Item, OutputT_co]):
    """A function over batches whose first step only reads, such as pictures, and whose second one takes long."""

    def prepare(self, batch: list[Item], /) -> Any:
        """What the second step needs; may be called in threads of their own, several at once."""
        ...

    def finish(self, batch: list[Item], prepared: Any, /) -> OutputT_co:
        """The result of the batch."""
        ...

    def __call__(self, batch: list[Item], /) -> OutputT_co:
        """Both steps, one after the other."""
        ...
