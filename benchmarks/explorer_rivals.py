"""Times the explorer beside others: ``python -m benchmarks.explorer_rivals --nicegui PYTHON --streamlit PYTHON``.

Each PYTHON is that of an environment with the library, ``polars`` and ``numpy``, made outside of the project. All count
the same rows; ours shows all of its page besides. Moves are keys on a focused slider, which every library takes, timed in
the page from the key to the frame after the count has changed. Load and processor seconds are printed, since the
machine may have other work.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.explorer import make_tables

MOVES = 40
_SHOWN = (
    "(document.getElementById('kept')?.innerText || document.body?.innerText?.match(/kept ([\\d,]+)/)?.[1])"
)
_FOCUS = """[...document.querySelectorAll("input[type=range], [role=slider], .q-slider [tabindex]")].some(
    (each) => { each.focus(); return document.activeElement === each; })"""
_WATCH = """(() => {
    const shown = () => %s;
    let [pressed, last] = [0, shown()];
    window.times = [];
    addEventListener("keydown", () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
      const now = shown();
      if (!pressed || now === undefined || now === last) return;
      const start = pressed;
      [pressed, last] = [0, now];
      requestAnimationFrame(() => setTimeout(() => window.times.push(performance.now() - start)));
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
})()"""


class Contender(NamedTuple):
    """A page to be timed: its name, the command that serves it, and its port, None where the command prints its address."""

    name: str
    command: Sequence[str]
    port: int | None


def main() -> None:
    """Make the tables, time each page in turn, print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer_rivals", description=__doc__)
    parser.add_argument("--rows", type=int, default=140_000, help="samples")
    parser.add_argument("--nicegui", help="a Python that has NiceGUI")
    parser.add_argument("--streamlit", help="a Python that has Streamlit")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sparkle-bench-") as folder:
        data = Path(folder) / "data"
        make_tables(data, options.rows)
        print(f"{options.rows:,} samples; load before: {os.getloadavg()[0]:.1f}\n")
        print(
            "| page | start to counts, s | processor, s | key to painted count, ms: median, 95%, worst | memory, MB | load |"
        )
        print("|---|---|---|---|---|---|")
        for contender in contenders(data, options.nicegui, options.streamlit):
            print(f"| {contender.name} | {' | '.join(timed(contender, Path(folder)))} |", flush=True)


def contenders(data: Path, nicegui: str | None, streamlit: str | None) -> Iterator[Contender]:
    """Ours, and the others whose environment was named."""
    explore = [sys.executable, "-m", "kedro", "explore", "--port", "0", "--params", f"data_root={data}"]
    yield Contender("explorer", explore, None)
    verdicts = data / "03_primary" / "verdicts.parquet"
    scores = next(iter(sorted(verdicts.glob("*.parquet"))), verdicts) if verdicts.is_dir() else verdicts
    page = str(Path(__file__).with_name("explorer_page.py"))
    for name, python in (("nicegui", nicegui), ("streamlit", streamlit)):
        if python:
            port = free_port()
            yield Contender(name, [python, page, name, str(scores), str(port)], port)


def timed(contender: Contender, folder: Path) -> list[str]:
    """What a page took, in the order of the table's columns."""
    from tests.live_browser import live_page

    with live_page(folder / f"profile-{contender.name}") as page:
        start = time.monotonic()
        with served(contender, folder) as (server, address):
            page.open(address)
            page.until(_SHOWN, 120)
            shown_s = time.monotonic() - start
            used_s = processor_s(server.pid)
            time.sleep(2)
            if not page.run(_FOCUS):
                raise RuntimeError(f"the slider of {contender.name} takes no key")
            page.run(_WATCH % _SHOWN)
            for move in range(MOVES):
                known = page.run("window.times.length")
                page.key("ArrowRight" if move % 2 else "ArrowLeft")
                end = time.monotonic() + 3
                while page.run("window.times.length") == known and time.monotonic() < end:
                    time.sleep(0.02)
            times = sorted(page.run("window.times"))
            memory = sum(resident_mb(each) for each in tree(server.pid))
    worst = (
        f"{statistics.median(times):.0f}, {times[int(len(times) * 0.95)]:.0f}, {times[-1]:.0f}"
        if times
        else "none"
    )
    return [f"{shown_s:.1f}", f"{used_s:.1f}", worst, f"{memory:.0f}", f"{os.getloadavg()[0]:.1f}"]


@contextmanager
def served(contender: Contender, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running page and its address; ended with all that it started."""
    log = folder / f"{contender.name}.log"
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with log.open("w", encoding="utf-8") as written:
        server = subprocess.Popen(
            contender.command,
            stdout=written,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )
    try:
        yield server, address_of(contender, server, log)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def address_of(contender: Contender, server: subprocess.Popen[str], log: Path) -> str:
    """Where the page is, once something listens there."""
    while server.poll() is None:
        if contender.port is None:
            found = re.search(r"http://\S+", log.read_text(encoding="utf-8"))
            if found:
                return found[0]
        else:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", contender.port)) == 0:
                    return f"http://127.0.0.1:{contender.port}/"
        time.sleep(0.02)
    raise RuntimeError(log.read_text(encoding="utf-8")[-2000:])


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tree(pid: int) -> list[int]:
    """A process and what it started."""
    found = [pid]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        found += (
            [int(each) for each in children.read_text(encoding="utf-8").split()] if children.exists() else []
        )
    return found


def processor_s(pid: int) -> float:
    """Processor seconds of a process and what it started."""
    ticks = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
