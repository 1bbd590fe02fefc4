"""The same page in other libraries: three sliders and a count over one Parquet of scores, as short as each lets it be.

Each runs in an environment of its own, which the project does not install: ``PYTHON benchmarks/explorer_page.py nicegui
SCORES PORT``, or ``streamlit``. ``benchmarks.explorer_rivals`` starts and times them.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

COLUMNS = ("edited_frame0_score", "foreground_removed_score", "edited_video_score")


def count(scores: Any, thresholds: list[float]) -> int:
    """How many rows have each score at its threshold or above."""
    kept = scores[0] >= thresholds[0]
    for each, threshold in zip(scores[1:], thresholds[1:], strict=True):
        kept &= each >= threshold
    return int(kept.sum())


def read(path: str) -> list[Any]:
    """The scores, a NumPy array each."""
    import polars as pl

    table = pl.read_parquet(path, columns=list(COLUMNS))
    return [table[name].to_numpy() for name in COLUMNS]


def nicegui(path: str, port: int) -> None:
    """A page of NiceGUI: the server counts, and sends the text."""
    from nicegui import ui

    scores = read(path)

    @ui.page("/")
    def page() -> None:
        told = ui.label()

        def show() -> None:
            told.text = f"kept {count(scores, [each.value for each in sliders]):,}"

        sliders = [ui.slider(min=0, max=10, step=0.05, value=8, on_change=show) for _ in COLUMNS]
        show()

    ui.run(host="127.0.0.1", port=port, reload=False, show=False)


def streamlit(path: str, port: int) -> None:
    """A page of Streamlit: the script runs anew at each move."""
    command = [sys.executable, "-m", "streamlit", "run", __file__, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--browser.gatherUsageStats", "false", "--", "streamlit-page", path, "0"]
    raise SystemExit(subprocess.call(command))


def streamlit_page(path: str, _: int) -> None:
    """What Streamlit runs."""
    import streamlit as st

    scores = st.cache_data(read)(path)
    thresholds = [st.slider(name, 0.0, 10.0, 8.0, 0.05) for name in COLUMNS]
    st.text(f"kept {count(scores, thresholds):,}")


if __name__ in ("__main__", "__mp_main__"):
    pages = {"nicegui": nicegui, "streamlit": streamlit, "streamlit-page": streamlit_page}
    pages[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
