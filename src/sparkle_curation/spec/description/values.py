"""What the description of the dataset is made of: parts, and values that are each checked: names, numbers, paths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sparkle_curation.errors import did_you_mean


class Part(BaseModel):
    """A part of the description: its members are known, and it is never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _matching(pattern: str, words: str) -> AfterValidator:
    """A check of a text, in words where pydantic would tell a regular expression."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


Name = Annotated[
    str, _matching("[a-z][a-z0-9_]*", "lower-case letters, digits and _, beginning with a letter")
]
"""Of a theme, asset kind, stage or criterion: it becomes part of columns, parameters and paths."""

Colour = Annotated[str, _matching("#[0-9A-Fa-f]{6}", "a colour as #RRGGBB")]
Text = Annotated[str, _matching(r"[\s\S]*\S[\s\S]*", "a text that is not blank")]

# Of YAML's true, "8" and 6.0 pydantic would make numbers.
Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
Digits = Annotated[Count, Field(le=9)]


def _rising(scale: tuple[float, float]) -> tuple[float, float]:
    if not scale[0] < scale[1]:
        raise ValueError("two numbers, the smallest value and then the largest")
    return scale


Scale = Annotated[tuple[Number, Number], AfterValidator(_rising)]
"""Smallest and largest value."""

PLACE = re.compile(r"{.*?}|[{}]")
"""Where a path or name of the description takes a value; or a brace that stands alone."""

NO_FILE_NAME = re.compile(r"[/\\\x00-\x1f]")


def _path_with(*places: str, is_folder: bool = False) -> Callable[[str], str]:
    """A check of a path from the release root, of which the last part has some places, in any order."""

    def check(path: str) -> str:
        parts = path.strip("/").split("/") if is_folder else path.split("/")
        if (parts != [""] or not is_folder) and (
            {"", ".", ".."} & set(parts) or re.search(r"[\\\x00-\x1f]", path)
        ):
            raise ValueError(
                "a path from the release root with / between its parts, none of them empty, . or .."
            )
        if PLACE.findall("/".join(parts[:-1])) or sorted(PLACE.findall(parts[-1])) != sorted(places):
            wanted = " and ".join(places)
            raise ValueError(
                f"a path with {wanted} once each, in its last part" if places else "a path without { and }"
            )
        return path

    return check


FilePath = Annotated[str, AfterValidator(_path_with())]
FolderPath = Annotated[str, AfterValidator(_path_with(is_folder=True))]
AnnotationsPath = Annotated[str, AfterValidator(_path_with("{theme}", "{split}"))]
ThemePath = Annotated[str, AfterValidator(_path_with("{theme}"))]


def require_unique(what: str, names: list[Any]) -> None:
    """Raises ``ValueError`` where a name stands more than once."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise ValueError(f"{what}: each name once, and {name} stands {count} times")


def require_known(what: str, name: str, known: list[str]) -> None:
    """Raises ``ValueError`` where a name is none of the known ones."""
    if name not in known:
        near = did_you_mean(name, known)
        raise ValueError(f"{what}: '{name}' is unknown; {near or 'allowed: ' + ', '.join(known)}")


_FALLBACK_COLOURS = ("#7F7F7F", "#8C564B", "#17BECF", "#BCBD22", "#9467BD", "#D62728")


def colour_of(place: int, colour: str | None) -> str:
    """The colour of the theme or stage at a place of its list, where the description gives none a grey or muted one.

    >>> colour_of(0, "#0072B2"), colour_of(7, None)
    ('#0072B2', '#8C564B')
    """
    return colour or _FALLBACK_COLOURS[place % len(_FALLBACK_COLOURS)]
