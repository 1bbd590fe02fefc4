"""Work in two steps, of which the first is done for the next batch while the second is done for this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

Item = TypeVar("Item")
Output = TypeVar("Output")
OutputT_co = TypeVar("OutputT_co", covariant=True)


class TwoSteps(Protocol[Item, OutputT_co]):
    """A function over batches whose first step only reads, such as pictures, and whose second one takes long."""

    def prepare(self, batch: list[Item]) -> Any:
        """What the second step needs; called in a thread of its own, always the same."""
        ...

    def finish(self, batch: list[Item], prepared: Any) -> OutputT_co:
        """The result of the batch."""
        ...

    def __call__(self, batch: list[Item]) -> OutputT_co:
        """Both steps, one after the other."""
        ...


class AheadExecutor:
    """An ``Executor`` in this process, for functions of two steps: a GPU or a server does not wait for the disk.

    One batch is prepared beside the one that is being finished, so two are in memory. Nothing of the second step
    is done ahead: what a killed run loses is the batch in hand.
    """

    def map_batches(
        self, function: Callable[[list[Item]], Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """The result of each batch, in their order.

        Args:
            function: has two steps.
            batches: taken one ahead.
        """
        steps = cast("TwoSteps[Item, Output]", function)
        ahead: deque[tuple[list[Item], Future[Any]]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
            for batch in batches:
                ahead.append((batch, thread.submit(steps.prepare, batch)))
                if len(ahead) > 1:
                    yield _finish(steps, *ahead.popleft())
            while ahead:
                yield _finish(steps, *ahead.popleft())


def _finish(steps: TwoSteps[Item, Output], batch: list[Item], prepared: Future[Any]) -> Output:
    return steps.finish(batch, prepared.result())
