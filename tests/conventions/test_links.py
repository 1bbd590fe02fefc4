"""Links of the pages in git lead somewhere: the file is there, and so is its heading."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^(```+).*?^\1\s*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)


def anchors(markdown: str) -> set[str]:
    """The anchors that a hub makes of headings: lower case, words joined by hyphens."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(markdown))
    return {heading.replace(" ", "-") for heading in plain}


def broken_links(page: Path) -> list[str]:
    """Relative links of a page whose file or heading is not there."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    found = []
    for link in ("".join(groups) for groups in _LINK.findall(text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / unquote(path) if path else page
        if not target.exists() or not _has(target, anchor):
            found.append(link)
    return found


def _has(target: Path, anchor: str) -> bool:
    if not anchor or target.suffix != ".md":
        return True
    return anchor in anchors(target.read_text(encoding="utf-8"))


def test_links_lead_somewhere(checkout: Path, project_files: list[Path]) -> None:
    """In each Markdown page in git."""
    pages = [path for path in project_files if path.suffix == ".md"]
    assert len(pages) > 60
    assert {str(page.relative_to(checkout)): broken for page in pages if (broken := broken_links(page))} == {}


def test_broken_links_are_found(tmp_path: Path) -> None:
    """A file that is not there and a heading that is not; code, pages of the web and what is there are not told."""
    (tmp_path / "there.md").write_text("# A heading: of `two` words\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-heading-of-two-words) [c](#here) `[d](code.md)` [e](https://x.org/y)\n"
        "# Here\n![f](no.png) [g](nowhere.md) [h](there.md#no-heading)\n```\n[i](fenced.md)\n```\n"
    )
    assert broken_links(page) == ["no.png", "nowhere.md", "there.md#no-heading"]
