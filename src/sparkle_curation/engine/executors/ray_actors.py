"""Work on the actors of a Ray cluster: each loads what it needs once, and what a lost one had in hand is sent again.

Plain actors, since batches come lazily, go out in order and are noted here: Ray Data would hold all of them, and keep
checkpoints of its own beside the journal (docs/decisions/0060).
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import secrets
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from sparkle_curation.engine.batch_functions import BatchFunction, TwoSteps
from sparkle_curation.engine.executors.worker_faults import WorkerDiedError, died
from sparkle_curation.errors import ParameterError, SparkleError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Output = TypeVar("Output")

_MOST_KILLS = 3
"""A batch that so many workers have died with is what kills them."""
_MOST_DEAD_STARTS = 3
"""So many actors in a row that die before they have answered once: no other will do better."""
_IN_HAND = 2
"""Batches that an actor has at once: one in work, and the next one, of which the first step is done meanwhile."""
_TELL_AFTER_S = 60.0
_CONNECT_S = 10.0
_HERE = "local"
_HOST_AND_PORT = re.compile(r"(?:ray://)?\[?([^/\[\]]+?)\]?:(\d{1,5})")
_TOKEN, _TOKEN_PATH, _MODE = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_AUTH_MODE"
_SENT_VARIABLES = ("SPARKLE_DATASET", "OMP_NUM_THREADS", "HF_HOME", "HF_HUB_OFFLINE")
"""Of this process, which an actor on another machine is to have too; paths are those of a file system that all share."""


class RayExecutor:
    """An ``Executor`` on a cluster.

    Actors are started, and replaced when they die, as long as there is work; batches are given to those that have answered
    once, since a cluster that has no room for an actor tells nobody so.

    Args:
        address: of the cluster; None for one of this machine, which is started and ended with the work.
        workers: actors at most; None for as many as the cluster has processors for, or GPUs.
        num_gpus: that each actor takes; may be a part of one.
    """

    def __init__(
        self, address: str | None = None, *, workers: int | None = None, num_gpus: float = 0
    ) -> None:
        self.address, self.workers, self.num_gpus = address, workers, num_gpus

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """``function`` of each batch, in order; at most twice as many batches are taken as the actors can have in hand.

        Raises:
            WorkerDiedError: three workers died with one batch, or died before any work.
            ParameterError: there is no such cluster, or Ray is not installed.
            SparkleError: what the function raises, as if it had run here; any other error of it likewise.
        """
        waiting = iter(batches)
        first = next(waiting, None)
        if first is None:
            return
        with _Connection(self.address) as ray:
            pool = _Pool[Item, Output](ray, function, self._count(ray), self.num_gpus)
            try:
                yield from pool.map(_with_first(first, waiting))
            finally:
                pool.close()

    def _count(self, ray: Any) -> int:
        resources = ray.cluster_resources()
        room = resources.get("GPU", 0) / self.num_gpus if self.num_gpus else resources.get("CPU", 1)
        if self.num_gpus and room < 1:
            raise ParameterError(
                "The Ray cluster has no GPU for a model",
                where="ray_address",
                got=self.address or "a cluster of this machine",
                allowed=f"one whose machines have {self.num_gpus:g} GPU for each actor",
                todo="give the address of such a cluster, ask a server (model.backend=server), or for a tiny model "
                "set model.device=cpu",
            )
        return max(1, min(int(room), self.workers or int(room)))


def _with_first(first: list[Item], others: Iterator[list[Item]]) -> Iterator[list[Item]]:
    yield first
    yield from others


def _knock(address: str) -> None:
    """Nothing where somebody listens, or the address names no port: Ray itself goes on asking nobody for minutes.

    Raises:
        ParameterError: nobody does.
    """
    if found := _HOST_AND_PORT.fullmatch(address):
        try:
            socket.create_connection((found[1], int(found[2])), timeout=_CONNECT_S).close()
        except (OSError, OverflowError) as error:  # a port of 65536 and more
            raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ParameterError:
    return ParameterError(
        "The Ray cluster cannot be reached",
        where="ray_address",
        got=f"{address}: {str(error).strip().splitlines()[0] if str(error) else type(error).__name__}",
        allowed="the address of a running cluster, such as head:6379, ray://head:10001 or auto, or null",
        todo="run again when this machine has less to do: Ray gives a node half a minute to start"
        if address == _HERE
        else "look whether it runs (ray status), or set ray_address=null for one of this machine",
    )


class _Connection:
    """Ray, connected; what was connected before stays so."""

    def __init__(self, address: str | None) -> None:
        self._address = address or _HERE
        self._is_ours = False

    def __enter__(self) -> Any:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        if self._address == _HERE:
            _set_token()
        try:
            import ray  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise ParameterError(
                "Ray is not installed",
                where="executor=ray",
                got=error,
                todo="pip install '.[ray]', or set executor=local",
            ) from error
        _knock(self._address)
        if ray.is_initialized():
            return ray
        try:
            ray.init(
                address=self._address,
                include_dashboard=False if self._address == _HERE else None,
                configure_logging=False,
                log_to_driver=False,
                namespace="sparkle",
            )
        except Exception as error:  # Ray raises many kinds, which all mean this
            raise _unreachable(self._address, error) from error
        self._is_ours = True
        return ray

    def __exit__(self, *_: object) -> None:
        if self._is_ours:
            import ray  # noqa: PLC0415

            ray.shutdown()


def _set_token() -> None:
    """A token for a cluster of this run alone, in its environment: Ray would leave one in the home folder."""
    if not any(os.environ.get(name) for name in (_TOKEN, _TOKEN_PATH, _MODE)):
        os.environ[_TOKEN] = secrets.token_hex(32)
        if "ray" not in sys.modules:  # once it is imported it asks for tokens of itself, and says so
            os.environ[_MODE] = "token"


# ------------------------------------------------------------------ here
@dataclass(eq=False)
class _Slot(Generic[Item, Output]):
    """A batch that was taken and not given back."""

    batch: list[Item]
    kills: int = 0
    result: list[Output] = field(default_factory=list)


@dataclass(eq=False)
class _Hand(Generic[Item, Output]):
    """An actor, and what it has in hand."""

    actor: Any
    has_answered: bool = False
    slots: list[_Slot[Item, Output]] = field(default_factory=list)


class _Pool(Generic[Item, Output]):
    """Actors for one function. All that is known of them is known in one thread."""

    def __init__(self, ray: Any, function: BatchFunction[Item, Output], count: int, num_gpus: float) -> None:
        self._ray, self._count = ray, count
        self._actor = ray.remote(_Actor).options(
            num_cpus=0 if num_gpus else 1,
            num_gpus=num_gpus,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=_IN_HAND + 1,
            scheduling_strategy="SPREAD",
        )
        variables = {name: os.environ[name] for name in _SENT_VARIABLES if name in os.environ}
        packed = pickle.dumps(function, protocol=pickle.HIGHEST_PROTOCOL)
        self._arguments = (ray.put(packed), variables, str(Path.cwd()))
        self._refs: dict[Any, tuple[_Hand[Item, Output], _Slot[Item, Output] | None]] = {}
        self._hands: list[_Hand[Item, Output]] = []
        self._unsent: deque[_Slot[Item, Output]] = deque()
        self._dead_starts = 0

    def map(self, batches: Iterator[list[Item]]) -> Iterator[Output]:
        """The results, in order."""
        taken: deque[_Slot[Item, Output]] = deque()
        most = 2 * _IN_HAND * self._count
        is_more = True
        while True:
            while is_more and len(taken) < most:
                batch = next(batches, None)
                is_more = batch is not None
                if batch is not None:
                    taken.append(_Slot(batch))
                    self._unsent.append(taken[-1])
            if not taken:
                return
            self._start(len(taken))
            self._send()
            while not taken[0].result:
                self._wait()
                self._start(len(taken))
                self._send()
            yield taken.popleft().result[0]

    def close(self) -> None:
        """End the actors, whatever they do."""
        for hand in self._hands:
            with suppress(Exception):  # one that is gone, of a cluster that is gone
                self._ray.kill(hand.actor, no_restart=True)

    def _start(self, wanted: int) -> None:
        while len(self._hands) < min(self._count, wanted):
            hand: _Hand[Item, Output] = _Hand(self._actor.remote(*self._arguments))
            self._hands.append(hand)
            self._refs[hand.actor.is_ready.remote()] = hand, None

    def _send(self) -> None:
        """Give batches to the actors that have least to do; one that workers have died with goes alone."""
        while self._unsent:
            slot = self._unsent[0]
            ready = [
                hand
                for hand in self._hands
                if hand.has_answered and not any(each.kills for each in hand.slots)
            ]
            most = 0 if slot.kills else _IN_HAND - 1
            hand = min(ready, key=lambda each: len(each.slots), default=None)
            if hand is None or len(hand.slots) > most:
                return
            self._unsent.popleft()
            hand.slots.append(slot)
            self._refs[hand.actor.work.remote(slot.batch)] = hand, slot

    def _wait(self) -> None:
        """Take what is done next, or is lost."""
        done, _ = self._ray.wait(list(self._refs), num_returns=1, timeout=_TELL_AFTER_S)
        if not done and not any(hand.has_answered for hand in self._hands):
            logger.warning(
                "Ray: no worker has answered yet; the cluster may have no room for one (ray status)"
            )
        for ref in done:
            hand, slot = self._refs.pop(ref)
            try:
                answer = self._ray.get(ref)
            except self._ray.exceptions.RayTaskError as error:
                raise _cause_of(error) from None
            except self._ray.exceptions.RayError as error:
                self._lose(hand, error)
                continue
            if slot is None:
                hand.has_answered, self._dead_starts = True, 0
            else:
                hand.slots.remove(slot)
                slot.result.append(answer)

    def _lose(self, hand: _Hand[Item, Output], error: Exception) -> None:
        """An actor is gone: what it had in hand is to be sent again, before all else."""
        if hand not in self._hands:
            return  # it had several batches, and each of them tells so
        self._hands.remove(hand)
        for ref in [ref for ref, (other, _) in self._refs.items() if other is hand]:
            del self._refs[ref]
        with suppress(Exception):
            self._ray.kill(hand.actor, no_restart=True)
        told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if not hand.has_answered:
            self._dead_starts += 1
            if self._dead_starts >= _MOST_DEAD_STARTS:
                raise WorkerDiedError(
                    "Workers of the Ray cluster die before they have done anything",
                    where="executor=ray",
                    got=told,
                    todo="look at the logs of its workers (ray logs): mostly this project, or a package, is not "
                    "installed on each machine, or the model does not fit its memory",
                )
            return
        logger.warning(
            "Ray: a worker is gone with %d batches in hand, which are sent again: %s", len(hand.slots), told
        )
        for slot in reversed(hand.slots):
            slot.kills += 1
            if slot.kills >= _MOST_KILLS:
                raise died(slot.batch, f"{slot.kills} workers, one after the other; the last: {told}")
            self._unsent.appendleft(slot)


def _cause_of(error: Any) -> BaseException:
    """What the function raised, of its own type and without Ray's text; where it was raised is noted."""
    cause = error.cause
    if not isinstance(cause, BaseException):
        return SparkleError("A worker of the Ray cluster failed", got=str(error))
    cause.add_note(f"in a worker of the Ray cluster:\n{error}")
    return cause


# ------------------------------------------------------------------ there
class _Actor:
    """Has the function, and works on batches.

    Args:
        function: pickled.
        variables: of the environment, to be set before the function is unpickled.
        folder: to work in, if it is there, so that relative paths mean the same.
    """

    def __init__(self, function: bytes, variables: dict[str, str], folder: str) -> None:
        os.environ.update(variables)
        with suppress(OSError):
            os.chdir(folder)
        self._function = pickle.loads(function)  # noqa: S301 -- from the process that started this
        self._reading, self._working = threading.Lock(), threading.Lock()

    def is_ready(self) -> bool:
        """An answer."""
        return True

    def work(self, batch: list[Any]) -> Any:
        """The result of a batch. Of a function of two steps the first is done while the second of another batch is."""
        if not isinstance(self._function, TwoSteps):
            with self._working:
                return self._function(batch)
        with self._reading:
            prepared = self._function.prepare(batch)
        with self._working:
            return self._function.finish(batch, prepared)
