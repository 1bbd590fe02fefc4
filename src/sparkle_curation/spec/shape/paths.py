"""Where a member of a record is: its name, or names of members within members with dots between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

KEY = "$key"
"""Stands for the name under which a record lies in an object of records."""

_PLACE = re.compile(r"{([^{}]+)}")


def _check_path(path: str) -> str:
    if not path or any(not part for part in path.split(".")):
        raise ValueError("the name of a member of the records, with dots before members within members")
    return path


def _check_template(template: str) -> str:
    if not _PLACE.search(template) or re.search(r"[{}]", _PLACE.sub("", template)):
        raise ValueError("a text with members of the records in braces, such as {video}_{number}")
    return template


def _check_pattern(path: str) -> str:
    parts = path.split("/")
    if {"", ".", ".."} & set(parts) or re.search(r"[\\\x00-\x1f{}]", path.replace("{theme}", "")):
        raise ValueError("a path from the release root, with {theme} in the place of the theme's name")
    if "*" in "/".join(parts[:-1]):
        raise ValueError("a path with * in its last part alone")
    return path


MemberPath = Annotated[str, AfterValidator(_check_path)]
"""Of a member of a record, such as ``prompt``, ``edit.prompt`` or ``edits.0.prompt``."""

Template = Annotated[str, AfterValidator(_check_template)]
"""A text with members of a record in braces."""

FilePattern = Annotated[str, AfterValidator(_check_pattern)]
"""Of one file or, with ``*`` in its last part, of several."""


def member(record: Mapping[str, Any], path: str) -> Any:
    """The member of a record at a path; None where it has none.

    >>> member({"edit": {"prompts": ["a", "b"]}, "x.y": 1}, "edit.prompts.1"), member({"x.y": 1}, "x.y")
    ('b', 1)
    """
    if path in record:
        return record[path]
    found: Any = record
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def members_of(template: str) -> list[str]:
    """The members that a template names, in order.

    >>> members_of("{task}/{clip.id}.mp4")
    ['task', 'clip.id']
    """
    return _PLACE.findall(template)


def fill(template: str, texts: Mapping[str, str]) -> str:
    """A template with a text for each of its members.

    >>> fill("{task}/{id}.mp4", {"task": "add", "id": "7"})
    'add/7.mp4'
    """
    return _PLACE.sub(lambda place: texts[place[1]], template)
