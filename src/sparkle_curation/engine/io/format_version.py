"""Which layout a file of ours has: what who reads it must know, told by the file itself.

It is no key of a cache: a digest of code says that a result would be another one today, and a stale file is made anew. A
format version says that this code cannot tell what a file holds. Every Parquet and JSON file of ours carries it, but those
whose format others have published, and metrics, of which DVC takes every member for one. Journals have one of
their own, in their first line.

A file without it is from before there was one, version 0, and is read as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparkle_curation.errors import SparkleError

FORMAT_VERSION = 1
"""Raised where code of before could misread what the new one writes; a column that is added is no such change."""
MEMBER = "format_version"
"""Of a JSON object."""


class FormatVersionError(SparkleError):
    """A file of ours has a layout that a newer version of this project writes."""


def check_format_version(found: object, *, where: object, made_by: str) -> None:
    """Nothing, when this project knows the layout.

    Args:
        found: what the file says; None where it says nothing.
        where: the file.
        made_by: the pipeline that makes it.

    Raises:
        FormatVersionError: it is of a later version, or what it says is no version.
    """
    if found is None or (type(found) is int and 0 <= found <= FORMAT_VERSION):
        return
    raise FormatVersionError(
        "A file was written by a newer version of this project",
        where=where,
        got=f"version {found} of the format",
        allowed=f"version {FORMAT_VERSION}, or an older one",
        todo="use that version of the project; or give this run another data_root; or remove the file and make it again: "
        f"kedro run --pipelines {made_by}",
    )


def with_format_version(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a JSON object of ours, the format version first.

    >>> with_format_version({"rows": 2})
    {'format_version': 1, 'rows': 2}
    """
    return {MEMBER: FORMAT_VERSION, **members}


def without_format_version(members: Mapping[str, Any], *, where: object, made_by: str) -> dict[str, Any]:
    """The members that ``with_format_version`` was given.

    Args:
        members: of the stored object.
        where: its file.
        made_by: the pipeline that makes it.

    Raises:
        FormatVersionError: the object is of a later version.

    >>> without_format_version({"format_version": 1, "rows": 2}, where="counts.json", made_by="filter")
    {'rows': 2}
    """
    check_format_version(members.get(MEMBER), where=where, made_by=made_by)
    return {name: value for name, value in members.items() if name != MEMBER}
