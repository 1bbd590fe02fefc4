"""A process that works on batches for another one: ``python -m sparkle_curation.engine.executors.worker``.

It reads, pickled, a function and then batches from its input, and writes for each batch whether it went well and
the result or the error. It ends when its parent does, however that ends.
"""

from __future__ import annotations

import os
import pickle
import select
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO


def main() -> None:
    """Work until the input ends."""
    inputs, outputs = _own_channels()
    threading.Thread(target=_end_with_parent, args=(inputs.fileno(),), daemon=True).start()
    function: Callable[[Any], Any] = pickle.load(inputs)  # noqa: S301 -- from the parent process
    try:
        while True:
            _send(outputs, _answer(function, pickle.load(inputs)))  # noqa: S301
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the parent is done, or gone


def _end_with_parent(channel: int) -> None:
    """Waits until nobody can write to the input any more, and ends this process in the midst of a batch."""
    poll = select.poll()
    poll.register(channel, 0)  # no event but the hang-up, which is always told
    poll.poll()
    os._exit(1)


def _own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for batches alone: what a library prints goes to the errors instead."""
    inputs = os.fdopen(os.dup(0), "rb")
    outputs = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return inputs, outputs


def _answer(function: Callable[[Any], Any], batch: list[Any]) -> tuple[bool, Any]:
    try:
        return True, function(batch)
    except Exception as error:  # noqa: BLE001 -- raised again in the parent
        error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
        return False, error


def _send(outputs: BinaryIO, answer: tuple[bool, Any]) -> None:
    try:
        data = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 -- what cannot be sent is said instead
        data = pickle.dumps((False, RuntimeError(f"{answer[1]!r} cannot be pickled: {error}")))
    outputs.write(data)
    outputs.flush()


if __name__ == "__main__":
    main()
