"""Pages as a browser makes them of their scripts, without a network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=20000",
    "--window-size=1400,1400",
]


def shown(page: Path, scratch: Path) -> str:
    """The elements of a page after its scripts have run; skips without Chromium.

    Args:
        page: the HTML file.
        scratch: a folder for the browser's profile and for a screenshot, ``page.png``.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; CI installs Debian's")
    options = [f"--user-data-dir={scratch / 'profile'}", f"--screenshot={scratch / 'page.png'}", "--dump-dom"]
    finished = subprocess.run(
        [CHROMIUM, *FLAGS, *options, page.resolve().as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
