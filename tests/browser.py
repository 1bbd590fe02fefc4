"""Pages as a person sees them: opened in headless Chromium, without a network."""

from __future__ import annotations

import functools
import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; CI installs Debian's")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


TRIES = 4
"""A page's own clock runs ahead while it waits; on a busy machine, one time in fifty, it runs out before all is drawn."""


def show(
    address: str,
    picture: Path,
    *,
    size_px: tuple[int, int] = (1280, 800),
    patience_ms: int = 0,
    until: str = "",
) -> str:
    """The page's DOM once it has drawn itself; what it looks like goes to ``picture``, a PNG.

    Args:
        address: the page, ``file:`` or ``http:``.
        picture: where the screenshot goes; its folder takes the browser's profile too.
        size_px: width and height of the window.
        patience_ms: of the page's own clock; 0 for a page without scripts.
        until: what the DOM has when all is drawn; without it the page is opened again, a few times.
    """
    options = [
        f"--user-data-dir={picture.parent / 'profile'}",
        f"--screenshot={picture}",
        f"--window-size={size_px[0]},{size_px[1]}",
        *([f"--virtual-time-budget={patience_ms}"] if patience_ms else []),
        "--dump-dom",
    ]
    dom = ""
    for _ in range(TRIES):
        dom = _run([str(CHROMIUM), *FLAGS, *options, address])
        if until in dom:
            break
    return dom


def _run(command: list[str]) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address under which a folder is served on this machine while the block runs."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def shown(page: Path, scratch: Path) -> str:
    """The elements of a page after its scripts have run; skips without Chromium.

    Args:
        page: the HTML file.
        scratch: a folder for the browser's profile and for a screenshot, ``page.png``.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; CI installs Debian's")
    return show(page.resolve().as_uri(), scratch / "page.png", size_px=(1400, 1400), patience_ms=20_000)


@dataclass(frozen=True)
class Seen:
    """What a browser made of a page once all of it was loaded.

    Attributes:
        title: that of the page, which a script may have changed.
        tags: the names of its elements.
        protocols: where its links lead, such as ``https:``.
        text: all of it.
    """

    title: str
    tags: set[str]
    protocols: set[str]
    text: str


_LOOK = """
onload = () => {
  const looked = [...document.querySelectorAll("iframe")].map(({contentDocument: page}) => ({
    title: page.title,
    tags: [...new Set([...page.querySelectorAll("*")].map(each => each.localName))],
    protocols: [...new Set([...page.links].map(each => each.protocol))],
    text: page.documentElement.textContent,
  }));
  document.getElementById("looked").textContent = JSON.stringify(looked);
};
"""


def look_at(pages: Mapping[str, str], scratch: Path) -> dict[str, Seen]:
    """What one browser makes of many pages, by their names; skips without Chromium.

    Args:
        pages: HTML by name.
        scratch: a folder for the browser's profile, the page that holds all of them, and a screenshot.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; CI installs Debian's")
    frames = "".join(f'<iframe srcdoc="{html.escape(page)}"></iframe>' for page in pages.values())
    every = scratch / "every.html"
    begin = '<!DOCTYPE html><meta charset="utf-8"><pre id="looked"></pre>'
    every.write_text(f"{begin}<script>{_LOOK}</script>{frames}", encoding="utf-8")
    dom = show(every.as_uri(), scratch / "every.png", patience_ms=20_000, until='<pre id="looked">[')
    looked = re.search(r'<pre id="looked">(.*?)</pre>', dom, re.DOTALL)
    assert looked is not None, dom
    return {
        name: Seen(page["title"], set(page["tags"]), set(page["protocols"]), page["text"])
        for name, page in zip(pages, json.loads(html.unescape(looked[1])), strict=True)
    }
