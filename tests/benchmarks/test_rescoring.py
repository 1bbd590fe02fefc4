"""Both contenders of the benchmark of rescores come to the same mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.rescoring import _make_answers, loop, ours


def test_both_contenders_agree(tmp_path: Path) -> None:
    """On the same answers, to the last bits of a float."""
    _make_answers(tmp_path, 20)
    assert ours(tmp_path) == pytest.approx(loop(tmp_path), abs=1e-12)
