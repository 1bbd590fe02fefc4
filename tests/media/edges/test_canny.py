"""Edges mixed along a mask, and the ratio that tells them from edges of a composited picture."""

from __future__ import annotations

import numpy as np
from tests.made.motions import outlined

from sparkle_curation.media.edges.canny import OutlineCount, band_along, edge_iou, find_edges, mix


def rgb(seed: int, dark: int, light: int) -> np.ndarray:
    """A scene of 240 x 160, in colour."""
    return np.repeat(outlined(seed, 240, 160, dark, light)[:, :, None], 3, axis=2)


def test_mixed_edges_lack_the_outline_that_composited_ones_draw() -> None:
    """The outline's density is that of elsewhere when edges are mixed, and at least twice it of a composited picture."""
    mask = np.zeros((160, 240), bool)
    mask[30:130, 60:180] = True
    source, background = rgb(1, 0, 70), rgb(2, 170, 240)
    mixed = mix(find_edges(source, 100, 200), find_edges(background, 100, 200), mask)
    composited = find_edges(np.where(mask[:, :, None], source, background), 100, 200)
    ratios = []
    for edges in (mixed, composited):
        outline = OutlineCount()
        outline.add(edges, band_along(mask))
        ratios.append(outline.ratio or 0)
    assert ratios[0] < 1.5
    assert ratios[1] > 2 * ratios[0]
    assert np.array_equal(mixed[mask], find_edges(source, 100, 200)[mask])


def test_band_is_three_pixels_on_either_side() -> None:
    """Of an outline across the picture, and none along the picture's own border."""
    mask = np.zeros((20, 20), bool)
    mask[:, 10:] = True
    assert np.flatnonzero(band_along(mask)[5]).tolist() == [7, 8, 9, 10, 11, 12]
    assert not band_along(np.ones((20, 20), bool)).any()


def test_what_has_no_edges_is_alike_and_has_no_ratio() -> None:
    """Two black frames share all; a frame shares nothing with a black one; without an outline there is no ratio."""
    black, line = np.zeros((9, 9), bool), np.eye(9, dtype=bool)
    assert (edge_iou(black, black), edge_iou(line, black), edge_iou(line, line)) == (1.0, 0.0, 1.0)
    outline = OutlineCount()
    outline.add(line, band_along(black))
    assert outline.ratio is None
