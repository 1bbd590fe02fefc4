"""Text in any script on a picture: which font draws what, where it stands, and what becomes of it without a font."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sparkle_curation.reports.lettering import directions, fonts
from sparkle_curation.reports.lettering.text import drawable, shortened, width_px, wrapped, write

ARABIC, HEBREW, CHINESE = "\u063a\u0633\u0642", "\u05d6\u05e8\u05d9\u05d7\u05d4", "\u96ea\u56fd"


def forget() -> None:
    """What was found out about the fonts of the machine before."""
    for each in (fonts.faces, fonts.face_of, width_px):
        each.cache_clear()


@pytest.fixture
def without_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose fontconfig knows no font."""
    (tmp_path / "none").mkdir()
    config = (
        f"<fontconfig><dir>{tmp_path / 'none'}</dir><cachedir>{tmp_path / 'cache'}</cachedir></fontconfig>"
    )
    (tmp_path / "fonts.conf").write_text(config, "utf-8")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    forget()
    yield
    forget()


@pytest.mark.usefixtures("without_fonts")
def test_without_a_font_a_text_is_escapes() -> None:
    """Not rows of boxes; a letter of English goes without its accent; what to install is known."""
    assert drawable(f"Caf\u00e9 {CHINESE}") == r"Cafe \u96ea\u56fd"
    assert drawable("\U0001f389 party") == r"\U0001f389 party"
    assert fonts.lacking([f"Caf\u00e9 {CHINESE}", HEBREW[:1], "plain"]) == "\u05d6\u56fd\u96ea"
    assert fonts.packages_for("\u05d6\u96ea") == ["fonts-noto-cjk", "fonts-noto-core"]


def test_without_fontconfig_a_text_is_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has none."""
    monkeypatch.setenv("PATH", "")
    forget()
    try:
        assert drawable(CHINESE) == r"\u96ea\u56fd"
    finally:
        forget()


@pytest.mark.skipif(fonts.face_of(ARABIC[0], "") is None, reason="no font with Arabic, or no FriBidi, here")
def test_arabic_letters_are_joined() -> None:
    """A word is narrower than its letters by themselves, is drawn with ink, and stays whole."""
    assert drawable(ARABIC) == ARABIC
    assert width_px(ARABIC, 20) < sum(width_px(each, 20) for each in ARABIC)
    image = Image.new("RGB", (200, 40), "white")
    write(image, (4, 4), ARABIC, 20, "#000000")
    inked = np.asarray(image.convert("L")) < 128
    assert inked.any()
    assert not inked[:, 4 + width_px(ARABIC, 20) + 3 :].any()


@pytest.mark.skipif(fonts.face_of(ARABIC[0], "") is None, reason="no font with Arabic, or no FriBidi, here")
@pytest.mark.parametrize("text", ["2-\u0644\u0627", ") \u0644\u0627"])
def test_a_text_that_fits_is_not_cut(text: str) -> None:
    """Though its beginning is wider: the last two letters share one form."""
    assert shortened(text, 14, width_px(text, 14)) == text


@pytest.mark.skipif(fonts.face_of(HEBREW[0], "") is None, reason="no font with Hebrew, or no FriBidi, here")
def test_right_to_left_stands_in_its_order() -> None:
    """Words from the right, numbers and English within them from the left, brackets turned."""
    text = f"{HEBREW} (Tokyo 2024) 12.5 {HEBREW[:2]}"
    parts = [run.text for run in fonts.runs(text)]
    assert "".join(parts) == f"{HEBREW[:2]} 12.5 (Tokyo 2024) {HEBREW}"
    assert [run.is_rtl for run in fonts.runs(HEBREW)] == [True]
    assert "".join(run.text for run in fonts.runs(f"to {HEBREW} 7")) == f"to 7 {HEBREW}"


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("ab 12", [0] * 5),
        ("\u05d0\u05d1 1.5 a", [1, 1, 1, 2, 2, 2, 1, 2]),
        ("a \u05d0 1", [0, 0, 1, 1, 2]),
        ("\u05d0 a", [1, 1, 2]),
        ("a \u0627\u064e!", [0, 0, 1, 1, 0]),
    ],
)
def test_levels_are_those_of_unicode(text: str, levels: list[int]) -> None:
    """Of letters, numbers, marks and what stands between them."""
    assert directions.levels(text, int(directions.is_rtl(text))) == levels


def test_a_line_of_chinese_breaks_between_characters() -> None:
    """Wherever it is full, but no line begins with a full stop; English before it does not end the line."""
    text = "edit \u96ea\u56fd\u306e\u753a\u306b\u3059\u308b\u3002\u96ea"
    lines = wrapped(text, 14, width_px(text[:12], 14), 2)
    assert lines[0] in (text[:11], text[:12])
    assert lines[0] + lines[1] == text
    assert wrapped(text, 14, width_px(text[:11], 14), 2)[1][0] != "\u3002"


@given(
    st.text(
        st.sampled_from(
            "a\u0301 \u05d0\u0627\u064b\u0915\u094d\u0937\u96ea\u200d\U0001f469\U0001f4bb\U0001f1ef\U0001f1f5("
        ),
        max_size=30,
    )
)
def test_nothing_is_lost_or_torn(text: str) -> None:
    """Clusters are the text again, runs have all of its characters, and a cut ends between clusters."""
    assert "".join(fonts.clusters(text)) == text
    shown = drawable(text)
    turned = str.maketrans(")", "(")
    assert sorted("".join(run.text for run in fonts.runs(shown)).translate(turned)) == sorted(shown)
    cut = shortened(shown, 14, 60).removesuffix("\u2026")
    parts = fonts.clusters(shown)
    assert cut.rstrip() in {"".join(parts[:count]).rstrip() for count in range(len(parts) + 1)}
