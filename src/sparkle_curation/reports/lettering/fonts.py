"""The fonts of a picture: the one that comes with Pillow for what it has, those of the machine for all other scripts.

So a text in English is the same pixels everywhere, and any other one is readable where a font for it is installed.
"""

from __future__ import annotations

import subprocess
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

from PIL import Image, ImageFont, features

from sparkle_curation.reports.lettering import directions

_LIST = ("fc-match", "--sort", "--format", "%{file}\t%{index}\t%{color}\t%{charset}\n")
_BITMAP_SIZES = (109, 136, 160, 128, 96, 64)
"""Sizes of the pictures in fonts of emoji, which have no other."""
_JOINERS = "\u200c\u200d"
_SHAPED = (
    (0x0590, 0x109F),
    (0x1780, 0x18AF),
    (0x1900, 0x1AAF),
    (0x1B00, 0x1C4F),
    (0xA800, 0xABFF),
    (0x10A00, 0x11FFF),
)
"""Blocks of scripts whose letters depend on their neighbours or run from right to left."""
_PACKAGES = (
    (
        "fonts-noto-cjk",
        (
            (0x1100, 0x11FF),
            (0x2E80, 0xA4CF),
            (0xAC00, 0xD7FF),
            (0xF900, 0xFAFF),
            (0xFF00, 0xFFEF),
            (0x20000, 0x3FFFF),
        ),
    ),
    ("fonts-noto-color-emoji", ((0x2600, 0x27BF), (0x1F000, 0x1FAFF))),
)
"""Packages of Debian and Ubuntu by what they have glyphs of."""
_OTHER_PACKAGE = "fonts-noto-core"
_SHAPER = "libfribidi0"


@dataclass(frozen=True)
class Face:
    """A font of the machine.

    Attributes:
        path: its file; None for the one that comes with Pillow.
        index: which of those in the file.
        is_colour: whether its glyphs are pictures.
        starts: first code points of the ranges that it has.
        ends: their last ones.
    """

    path: str | None = None
    index: int = 0
    is_colour: bool = False
    starts: tuple[int, ...] = field(default=(), repr=False)
    ends: tuple[int, ...] = field(default=(), repr=False)

    def has(self, cluster: str) -> bool:
        """Whether it has a glyph for each of the characters, less those that only join others."""
        return all(self._has(ord(each)) or each in _JOINERS or each == "\ufe0f" for each in cluster)

    def _has(self, code: int) -> bool:
        place = bisect_right(self.starts, code) - 1
        return place >= 0 and code <= self.ends[place]


_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")

BUILT_IN = Face(starts=(0x20, 0xB7, 0x2018, 0x201C, 0x2026), ends=(0x7E, 0xB7, 0x2019, 0x201D, 0x2026))
"""What comes with Pillow: the letters of English."""


@dataclass(frozen=True)
class Run:
    """A part of a line that one font draws in one direction."""

    text: str
    face: Face
    is_rtl: bool


@cache
def faces(language: str) -> tuple[Face, ...]:
    """The fonts of the machine, best first; without fontconfig none.

    Args:
        language: whose letters are preferred where several have a script, such as ``ja``; empty for any.
    """
    pattern = "sans-serif:weight=80" + (f":lang={language}" if language else "")
    try:
        found = subprocess.run([*_LIST, pattern], capture_output=True, check=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = found.stdout.decode("utf-8", "surrogateescape").splitlines()
    return tuple(face for line in lines if (face := _parsed(line)) is not None)


def _parsed(line: str) -> Face | None:
    path, index, colour, charset = line.split("\t")
    if not path.lower().endswith((".ttf", ".otf", ".ttc", ".otc")):
        return None
    ranges = [part.partition("-") for part in charset.split()]
    starts = tuple(int(low, 16) for low, _, _ in ranges)
    ends = tuple(int(high or low, 16) for low, _, high in ranges)
    return Face(path, int(index), colour == "True", starts, ends)


@cache
def can_shape() -> bool:
    """Whether letters that depend on each other can be drawn: Pillow needs FriBidi for it, which it does not bring."""
    return bool(features.check("raqm"))


@cache
def loaded(face: Face, size_px: int) -> ImageFont.FreeTypeFont | None:
    """The font at a size, of a font of pictures at the size that they have; None for one that FreeType does not take."""
    if face.path is None:
        found = ImageFont.load_default(size_px)
        if not isinstance(found, ImageFont.FreeTypeFont):
            raise TypeError("this Pillow was built without FreeType, so it has no font that can be scaled")
        return found
    for size in _BITMAP_SIZES if face.is_colour else (size_px,):
        try:
            return ImageFont.truetype(face.path, size, face.index)
        except OSError:
            continue
    return None


def language_of(text: str) -> str:
    """Whose Chinese characters a text has, which differ: a text with kana is Japanese, with Hangul Korean.

    >>> [language_of(text) for text in ("雪の町", "눈 雪", "雪国", "snow")]
    ['ja', 'ko', 'zh-cn', '']
    """
    codes = {ord(each) for each in text}
    if any(0x3040 <= code <= 0x30FF for code in codes):
        return "ja"
    if any(0xAC00 <= code <= 0xD7FF for code in codes):
        return "ko"
    return "zh-cn" if any(0x2E80 <= code <= 0x9FFF or code >= 0x20000 for code in codes) else ""


def clusters(text: str) -> list[str]:
    r"""The text in parts that are not torn: a letter with its marks, an emoji with what it is joined to.

    >>> [len(part) for part in clusters("e\u0301 👩\u200d💻🇯🇵")]
    [2, 1, 3, 2]
    """
    if text.isascii():
        return list(text)
    parts: list[str] = []
    for each in text:
        if parts and _belongs(parts[-1], each):
            parts[-1] += each
        else:
            parts.append(each)
    return parts


def _belongs(before: str, each: str) -> bool:
    code, last = ord(each), ord(before[-1])
    is_second_of_flag = _is_flag(code) and _is_flag(last) and len(before) % 2 == 1
    is_joined = last == 0x200D and (code >= 0x2190 or _is_within(code, _SHAPED))
    return (
        unicodedata.category(each).startswith("M")
        or each in _JOINERS
        or 0x1F3FB <= code <= 0x1F3FF
        or is_second_of_flag
        or is_joined
        or (before[-1] == "\u094d" and 0x0900 <= code <= 0x097F)
    )


def _is_flag(code: int) -> bool:
    return 0x1F1E6 <= code <= 0x1F1FF


def _is_within(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(low <= code <= high for low, high in ranges)


@cache
def face_of(cluster: str, language: str) -> Face | None:
    """The first font that can draw a cluster; None where none can."""
    if BUILT_IN.has(cluster):
        return BUILT_IN
    if not can_shape() and any(_is_within(ord(each), _SHAPED) for each in cluster):
        return None
    is_emoji = "\ufe0f" in cluster or any(ord(each) >= 0x1F000 for each in cluster)
    for face in sorted(faces(language), key=lambda each: each.is_colour != is_emoji):
        if face.has(cluster) and _draws(face, cluster):
            return face
    return None


def _draws(face: Face, cluster: str) -> bool:
    """Whether anything is seen: of fonts whose pictures are of a newer kind FreeType draws nothing."""
    font = loaded(face, 16)
    if font is None:
        return False
    if not face.is_colour:
        return True
    mask = font.getmask(cluster, mode="RGBA")
    return mask.getbbox() is not None


def lacking(texts: Iterable[str]) -> str:
    """The characters of the texts that no font here can draw, each once, in order."""
    found = {
        each
        for text in texts
        if not text.isascii()
        for part in clusters(unicodedata.normalize("NFC", text))
        if part.isprintable() and not part.isspace() and face_of(part, language_of(text)) is None
        for each in part
        if each not in _JOINERS and _base(each) is None
    }
    return "".join(sorted(found))


def _base(letter: str) -> str | None:
    """The letter of English below accents, if that is what it is."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    return plain if plain.isascii() else None


def drawable_cluster(cluster: str, language: str) -> str:
    """A cluster as it can be drawn: itself, or without its accents, or as escapes where no font has it."""
    if face_of(cluster, language) is not None:
        return cluster
    plain = _base(cluster)
    return cluster.encode("unicode_escape").decode("ascii") if plain is None else plain


def packages_for(characters: str) -> list[str]:
    """The packages of Debian and Ubuntu that have glyphs for them.

    >>> packages_for("ש雪😀")
    ['fonts-noto-cjk', 'fonts-noto-color-emoji', 'fonts-noto-core']
    """
    names = {
        next((name for name, ranges in _PACKAGES if _is_within(ord(each), ranges)), _OTHER_PACKAGE)
        for each in characters
    }
    if not can_shape() and any(_is_within(ord(each), _SHAPED) for each in characters):
        names.add(_SHAPER)
    return sorted(names)


# ------------------------------------------------------------------ what stands where
def runs(text: str, *, rtl: bool | None = None) -> list[Run]:
    """The parts of a line from left to right as they are seen, each of one font and direction.

    Args:
        text: what can be drawn.
        rtl: whether its paragraph runs from right to left; None to see it from the text.
    """
    if text.isascii():
        return [Run(text, BUILT_IN, is_rtl=False)] if text else []
    base = int(directions.is_rtl(text) if rtl is None else rtl)
    depths, chosen = directions.levels(text, base), _faces(text)
    edges = [
        0,
        *(
            place
            for place in range(1, len(text))
            if (depths[place], chosen[place]) != (depths[place - 1], chosen[place - 1])
        ),
        len(text),
    ]
    parts = [
        (depths[start], _run(text[start:end], chosen[start], depths[start])) for start, end in pairwise(edges)
    ]
    for level in range(max(depths), 0, -1):  # rule L2 of the Unicode algorithm
        parts = _reversed_from(parts, level)
    return [run for _, run in parts]


def _run(text: str, face: Face, level: int) -> Run:
    is_rtl = level % 2 == 1
    if is_rtl and face == BUILT_IN:  # of blanks and brackets, which nobody turns round there
        return Run(text[::-1].translate(_MIRRORED), face, is_rtl=False)
    return Run(text, face, is_rtl)


def _faces(text: str) -> list[Face]:
    """The font of each character: one for a whole word, where one has all of it."""
    language = language_of(text)
    found: list[Face] = []
    for word in _words(clusters(text)):
        common = _common(word, language)
        for cluster in word:
            found += [common or face_of(cluster, language) or BUILT_IN] * len(cluster)
    return found


def _words(parts: Sequence[str]) -> Iterator[list[str]]:
    """Clusters between blanks; emoji stand apart."""
    word: list[str] = []
    for part in parts:
        if part == " " or ord(part[0]) >= 0x1F000:
            yield from filter(None, (word, [part]))
            word = []
        else:
            word.append(part)
    if word:
        yield word


def _common(word: Sequence[str], language: str) -> Face | None:
    text = "".join(word)
    if BUILT_IN.has(text):
        return BUILT_IN
    needed = [face for each in word if (face := face_of(each, language)) not in (None, BUILT_IN)]
    return next((face for face in needed if face is not None and face.has(text)), None)


def _reversed_from(parts: list[tuple[int, Run]], level: int) -> list[tuple[int, Run]]:
    """The parts, with each stretch of those of at least the level turned round."""
    turned: list[tuple[int, Run]] = []
    stretch: list[tuple[int, Run]] = []
    for part in parts:
        if part[0] >= level:
            stretch.append(part)
        else:
            turned += [*reversed(stretch), part]
            stretch = []
    return turned + stretch[::-1]


# ------------------------------------------------------------------ measuring and drawing one part
def run_width(run: Run, size_px: int) -> float:
    """How wide a run is drawn, in pixels."""
    font = loaded(run.face, size_px)
    if font is None:
        return 0.0
    length = font.getlength(run.text, **_options(run))
    return length * _scale(run.face, font, size_px)


def draw_run(image: Image.Image, place: tuple[float, float], run: Run, size_px: int, colour: str) -> None:
    """Draw a run with its baseline at a place."""
    from PIL import ImageDraw  # noqa: PLC0415 -- only here

    font = loaded(run.face, size_px)
    if font is None:
        return
    if not run.face.is_colour:
        ImageDraw.Draw(image).text(place, run.text, fill=colour, font=font, anchor="ls", **_options(run))
        return
    scale = _scale(run.face, font, size_px)
    width, height = round(font.getlength(run.text, **_options(run))), round(size_px / scale * 1.5)
    if width < 1:
        return
    layer = Image.new("RGBA", (width, height))
    baseline = round(height * 0.75)
    ImageDraw.Draw(layer).text(
        (0, baseline), run.text, font=font, anchor="ls", embedded_color=True, **_options(run)
    )
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = layer.resize(size, Image.Resampling.LANCZOS)
    image.paste(small, (round(place[0]), round(place[1] - baseline * scale)), small)


def _scale(face: Face, font: ImageFont.FreeTypeFont, size_px: int) -> float:
    return size_px / font.size if face.is_colour else 1.0


def _options(run: Run) -> dict[str, Any]:
    if run.face.path is None or not can_shape():  # Pillow lays out the letters of its own font by itself
        return {}
    language = language_of(run.text)
    return {"direction": "rtl" if run.is_rtl else "ltr", **({"language": language} if language else {})}
