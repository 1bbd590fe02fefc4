"""A page that is used: headless Chromium over its DevTools protocol, with clicks, keys, videos and real time."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.browser import CHROMIUM, FLAGS

_STARTED_S, _ANSWER_S = 30, 60
_ARROWS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
"""By the numbers that older libraries know keys by, and with which an arrow moves a slider."""


class Page:
    """An open page. Each method waits until the browser has done it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, loop: asyncio.AbstractEventLoop) -> None:
        self._socket, self._loop, self._number = socket, loop, 0
        for domain in ("Page", "Runtime"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """What the browser answers to a command of its protocol."""
        return self._loop.run_until_complete(asyncio.wait_for(self._send(method, params), _ANSWER_S))

    async def _send(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            answer = json.loads((await self._socket.receive()).data)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def open(self, address: str) -> None:
        """Go to an address, also to one that differs by what stands behind ``#`` alone."""
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=address)

    def run(self, code: str) -> Any:
        """The value of an expression, awaited where it is a promise; raises what it throws."""
        answer = self.send("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str, patience_s: float = 20) -> Any:
        """The value of an expression once it is true; fails with what it was last."""
        end, value = time.monotonic() + patience_s, None
        while time.monotonic() < end:
            value = self.run(condition)
            if value not in (None, False, 0, ""):  # an element comes as an empty object
                return value
            time.sleep(0.03)
        pytest.fail(f"not in {patience_s} s: {condition}, but {value!r}")

    def key(self, name: str) -> None:
        """A key pressed and let go: ``ArrowDown``, or a letter."""
        text = {"text": name} if len(name) == 1 else {}
        number = {"windowsVirtualKeyCode": _ARROWS[name]} if name in _ARROWS else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=name, **text, **number)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=name, **number)

    def picture(self, path: Path, size_px: tuple[int, int], *, is_dark: bool = False) -> None:
        """What the page looks like in a window of a size, as a PNG."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.resize(size_px)
        time.sleep(0.4)
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def resize(self, size_px: tuple[int, int]) -> None:
        """Give the window a size."""
        width, height = size_px
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )


@contextmanager
def live_page(profile: Path) -> Iterator[Page]:
    """An empty page in a browser of its own; skips without Chromium.

    Args:
        profile: a folder for the browser's profile, which is made.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium here; CI installs Debian's")
    flags = [
        *FLAGS,
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "--autoplay-policy=no-user-gesture-required",
    ]
    browser = subprocess.Popen(
        [CHROMIUM, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    loop = asyncio.new_event_loop()
    try:
        port = _port(profile / "DevToolsActivePort")
        session, socket = loop.run_until_complete(_connect(port))
        try:
            yield Page(socket, loop)
        finally:
            loop.run_until_complete(session.close())
    finally:
        browser.terminate()
        browser.wait(timeout=20)
        loop.close()


def _port(file: Path) -> int:
    end = time.monotonic() + _STARTED_S
    while time.monotonic() < end:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if len(lines) > 1:
            return int(lines[0])
        time.sleep(0.05)
    raise TimeoutError("the browser did not start")


async def _connect(port: int) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    session = aiohttp.ClientSession()
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        pages = [each for each in await answer.json() if each["type"] == "page"]
    return session, await session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
