"""Files of a release behind a server: how they are reached, and readers of them, also of what was fetched ahead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

from pydantic import ValidationError

from sparkle_curation.engine.io.remote.ahead import HeldRanges
from sparkle_curation.engine.io.remote.ranges import Range, RangeReader
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.errors import ParameterError
from sparkle_curation.masking import hide

_IS_SECRET = re.compile(r"(?i)key|secret|token|passw|credential")


class ByteReader(Protocol):
    """Reads any part of one open file; safe to share between threads."""

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them: fewer at the end of the file, then none."""
        ...


@dataclass(frozen=True)
class RemoteAccess:
    """How a release behind a URL is reached, and where lies what was converted of one.

    Attributes:
        settings: how many requests at once, and how patiently.
        storage: options of the file system's own, such as endpoint and keys, as ``credentials.yml`` has them.
        converted: folder of this machine with what was converted of the release; None where nothing is.
        walks: folder of this machine where it is noted how far walks of tars came; None to note nothing.
    """

    settings: RemoteSettings = field(default_factory=RemoteSettings)
    storage: Mapping[str, Any] = field(default_factory=dict, repr=False)
    converted: str | None = None
    walks: str | None = None

    def shared(self, processes: int) -> RemoteAccess:
        """For one of some processes that read at once: with its share of the requests."""
        return replace(self, settings=self.settings.shared(processes))


def remote_access(
    settings: Mapping[str, Any] | None,
    storage: Mapping[str, Any] | None,
    converted: str | None = None,
    walks: str | None = None,
) -> RemoteAccess:
    """How a release is reached, as the configuration says it; no secret of it is told from now on.

    Args:
        settings: members of ``RemoteSettings``; None for the default.
        storage: options of the file system's own; None, and members that are empty, for none.
        converted: folder of this machine with what was converted of the release; None where nothing is.
        walks: folder of this machine where it is noted how far walks of tars came; None to note nothing.

    Raises:
        ParameterError: a setting has another name or value than is allowed.
    """
    try:
        checked = RemoteSettings.model_validate(dict(settings or {}))
    except ValidationError as error:
        found = error.errors()[0]
        name = ".".join(str(part) for part in found["loc"])
        known = RemoteSettings.model_fields
        raise ParameterError(
            f"The parameter 'remote.{name}' cannot have this value",
            got=repr(found["input"]),
            allowed=known[name].description if name in known else f"the names {', '.join(known)}",
            todo=f"set it in conf/base/globals.yml, or for one run with --params remote.{name}=...",
        ) from None
    given = {name: value for name, value in (storage or {}).items() if value not in ("", None)}
    _hide(given)
    return RemoteAccess(checked, given, converted, walks)


def _hide(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if isinstance(value, Mapping):
            _hide(value)
        elif isinstance(value, str) and _IS_SECRET.search(name):
            hide(value)


@dataclass(frozen=True)
class RemoteReader:
    """A ``ByteReader`` of a file behind a server: a request for each part."""

    ranges: RangeReader
    path: str

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them."""
        return self.ranges.read(Range(self.path, offset, offset + length)) if length > 0 else b""


@dataclass(frozen=True)
class AheadReader:
    """Reads what was fetched for one item; anything else is fetched when it is read.

    Attributes:
        held: what was.
    """

    held: HeldRanges
    _full: Callable[[str], str] = field(repr=False)

    def of(self, path: str, end: int | None = None) -> ByteReader:
        """A reader of the file at ``path`` from the root, of which nothing is wanted from byte ``end`` on."""
        return _HeldReader(self.held, self._full(path), end)


@dataclass(frozen=True)
class _HeldReader:
    held: HeldRanges
    path: str
    end: int | None

    def read_at(self, offset: int, length: int) -> bytes:
        most = None if self.end is None else max(length, self.end - offset)
        return self.held.read_at(self.path, offset, length, most)


async def known_info(fs: Any, name: str) -> dict[str, Any]:
    """What a server says of a file; fsspec takes whatever goes wrong with it for a file that is not there."""
    try:
        return cast(dict[str, Any], await fs._info(name))
    except FileNotFoundError as error:
        if getattr(error.__cause__, "status", 404) != 404 and error.__cause__ is not None:
            raise error.__cause__ from None
        raise
