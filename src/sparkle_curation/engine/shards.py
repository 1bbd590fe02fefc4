"""Work that several machines share without talking to each other: each does what hashes to its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from sparkle_curation.commands import as_typed
from sparkle_curation.engine.dry_run import end_well
from sparkle_curation.engine.journal.key_index import Bools, Keys, binary_keys
from sparkle_curation.errors import ParameterError

SHARD = "i/n with i from 0 to n-1, such as 0/16, or null for all"
_TEXT = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")
_SUFFIX = re.compile(r"([0-9]{1,5})-of-([0-9]{1,5})")


@dataclass(frozen=True, order=True)
class Shard:
    """One of equal shares of all work, by the hash of its keys.

    Attributes:
        count: shares.
        index: which one, from 0.
    """

    count: int
    index: int

    @classmethod
    def parse(cls, text: str | None) -> Shard | None:
        """The shard of a parameter, such as ``0/4``; None for None.

        Raises:
            ParameterError: it is none.

        >>> Shard.parse("3/16")
        Shard(count=16, index=3)
        """
        if text is None:
            return None
        found = _TEXT.fullmatch(str(text))
        shard = cls(int(found[2]), int(found[1])) if found else None
        if shard is None or not shard._is_sound():
            raise ParameterError(
                "There is no such shard",
                where="shard",
                got=text,
                allowed=SHARD,
                todo="give one, as in kedro run --pipelines inspect --params shard=0/16",
            )
        return shard

    @classmethod
    def of_suffix(cls, suffix: str) -> Shard | None:
        """The shard that files with this suffix are of; None where it is no such suffix."""
        found = _SUFFIX.fullmatch(suffix)
        shard = cls(int(found[2]), int(found[1])) if found else None
        return shard if shard and shard._is_sound() else None

    @property
    def suffix(self) -> str:
        """What its files are told by."""
        return f"{self.index}-of-{self.count}"

    def __str__(self) -> str:
        """As the parameter has it."""
        return f"{self.index}/{self.count}"

    def _is_sound(self) -> bool:
        return self.index < self.count

    def holds(self, keys: Keys) -> Bools:
        """Whether the work of each key is this shard's; the same on every machine."""
        is_own: Bools = binary_keys(keys).view(">u8")[1::2] % self.count == self.index
        return is_own


@dataclass(frozen=True)
class WorkPlace:
    """Where costly work is done.

    Attributes:
        shard: which share of it this run does; None for all.
        executor: ``local``, processes of this machine; or ``ray``, actors of a cluster.
        ray_address: of the cluster; None for one of this machine, which the run starts.
    """

    shard: Shard | None = None
    executor: str = "local"
    ray_address: str | None = None


def end_shard(shard: Shard, title: str, done: int, known: int) -> NoReturn:
    """Say what a shard has done, and end the process well: it makes no table, which only all shards together can."""
    then = as_typed("when the others have ended: kedro run --pipelines merge")
    end_well(f"{title}: shard {shard}: {done:,} done, {known:,} known from before\n{then}")
