"""The frame of a page: head, style, and a header that says of what the page is and leads to the others of the family."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sparkle_curation.escaping import visible
from sparkle_curation.masking import without_secrets
from sparkle_curation.pages.palette import FONT, colours_css
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_MAX_CHARS = 300
"""Of a value that is shown: a prompt can be a page of its own."""
_SHORT = 12
"""Digits of a version that tell it from others; the card has all of them."""


@dataclass(frozen=True)
class Header:
    """What a page says of itself.

    Attributes:
        current: its name among the links.
        release: where the release is; what may be secret in an address is not shown.
        data_version: of the release.
        made: when, and the word for it, such as ``Checked``.
        variant: its version; empty on a page that says nothing of a variant.
        thresholds: of the variant, by the criterion's name.
        links: the addresses of the family's pages, relative to this one, by their names.
    """

    current: str
    release: str = ""
    data_version: str = ""
    made: tuple[str, str] = ("Made", "")
    variant: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Of the dataset."""
        return dataset().title

    @property
    def place(self) -> str:
        """Where the release is, without what may be secret."""
        return without_secrets(self.release)

    def facts(self) -> Iterator[tuple[str, str]]:
        """What is shown, each with its name; what is not known is left out."""
        release = [
            self.place,
            self.data_version and f"version {self.data_version[:_SHORT]}",
        ]
        told = {
            "Release": " · ".join(filter(None, release)),
            self.made[0]: self.made[1],
            "Variant": self.variant and f"version {self.variant[:_SHORT]}",
            "Thresholds": tell_thresholds(self.thresholds),
        }
        yield from ((name, text) for name, text in told.items() if text)


@dataclass(frozen=True)
class Page:
    """A page that is not written yet.

    Attributes:
        templates: the folder of its template.
        template: the template's name.
        header: what is known of it; its place and time are not.
        content: what else the template shows.
    """

    templates: Path
    template: str
    header: Header
    content: Mapping[str, object]

    def render(self, header: Header) -> str:
        """Its HTML."""
        return environment(self.templates).get_template(self.template).render(header=header, **self.content)


def tell_thresholds(thresholds: Mapping[str, float]) -> str:
    """Thresholds in a line, in the order of the stages; empty without any."""
    return ", ".join(
        f"{each.name} {'≥' if each.is_at_least else '≤'} {exact(thresholds[each.name])}"
        for each in CRITERIA
        if each.name in thresholds
    )


def link_pages(pages: Mapping[str, str], page: Path) -> dict[str, str]:
    """The addresses of pages relative to one of them, so that they hold wherever the data root is moved to.

    >>> link_pages({"Card": "root/b c/README.md"}, Path("root/docs/index.html"))
    {'Card': '../b%20c/README.md'}
    """
    return {name: quote(Path(os.path.relpath(path, page.parent)).as_posix()) for name, path in pages.items()}


DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
"""What ``in_words`` gives of a time."""


def in_words(time: datetime | None) -> str:
    """A point in time to the minute; ``never`` for none."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else "never"


@cache
def style() -> str:
    """The style sheet of all pages: they load nothing, so each holds it."""
    return "\n".join(
        [
            colours_css(),
            f"body {{ font-family: {FONT}; }}",
            (_HERE / "style.css").read_text(encoding="utf-8"),
        ]
    )


@cache
def environment(templates: Path | None = None) -> Environment:
    """Jinja with the frame and with the templates of a page; every text is escaped where it is put in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 -- takes a tenth of a second
    from markupsafe import Markup  # noqa: PLC0415

    made = Environment(
        loader=FileSystemLoader([each for each in (templates, _TEMPLATES) if each]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=as_shown,
    )
    made.globals["style_sheet"] = Markup(style())  # noqa: S704 -- our own file
    return made


def look_digest(templates: Path) -> str:
    """Changes when the look of pages made of these templates does."""
    files = [*sorted(_TEMPLATES.iterdir()), *sorted(templates.iterdir())]
    texts = [style(), *(path.read_text(encoding="utf-8") for path in files)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def as_shown(value: object) -> object:
    r"""What a page shows of a value: nothing that cannot be seen, and no more than a few lines.

    >>> as_shown("a\u202eb\n\ud83d")
    'a\\u202eb\\n\\ud83d'
    """
    if value is None:
        return "null"
    if isinstance(value, int | float) or hasattr(value, "__html__"):  # the latter is a part of the page
        return value
    text = str(value)
    if len(text) > _MAX_CHARS:
        text = f"{text[:_MAX_CHARS]}… ({len(text):,} characters)"
    return visible(text)
