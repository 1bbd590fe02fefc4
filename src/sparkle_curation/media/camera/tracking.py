"""Points of a picture, found again in another one, and how far the border and the whole have moved."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.camera.grey import Grey
from sparkle_curation.media.opencv import opencv

Points = NDArray[np.float32]
"""(points, 2), x and y in pixels."""

LOST = math.inf
"""How far a cell, or a picture, has moved of which nothing is found again."""

_GRID_PX = 8
_LEAST_TEXTURE = 1e-3
"""Of a point's smaller eigenvalue in 5 x 5 pixels: a quarter of the points of real clips have it, flat walls do not."""
_CELLS_LONG, _CELLS_SHORT = 8, 5
_MOST_OF_CELL, _LEAST_OF_CELL = 16, 3
_BACK_PX = 0.5
_LEAST_POINTS = 8
_MODEL_PX = 0.75
_HOMOGRAPHY_PX = 3.0
_WINDOW_PX, _LEVELS = 21, 3
_STEPS = (3, 20, 0.03)  # TERM_CRITERIA_EPS and _COUNT: whichever is met first


class Texture(NamedTuple):
    """The points of a picture that can be found again.

    Attributes:
        points: their places.
        cells: of each point, the cell of the border that it lies in; -1 inside.
        ring_cell_count: cells of the border with enough points.
    """

    points: Points
    cells: NDArray[np.int64]
    ring_cell_count: int


class Tracked(NamedTuple):
    """Points in another picture.

    Attributes:
        before: where they were.
        after: where they are.
        is_found: whether the way back ends where it began, within half a pixel.
        cells: of the border; -1 inside.
    """

    before: Points
    after: Points
    is_found: NDArray[np.bool_]
    cells: NDArray[np.int64]


def find_texture(picture: Grey, *, only_ring: bool = False) -> Texture:
    """The textured points of a grid of 8 px, the strongest 16 of each cell at most.

    The picture is cut into 8 by 5 cells (an upright one into 5 by 8); the 22 outer ones are the ring.

    Args:
        picture: normalised.
        only_ring: leave the inside out.
    """
    height, width = picture.shape
    columns, rows = (_CELLS_LONG, _CELLS_SHORT) if width >= height else (_CELLS_SHORT, _CELLS_LONG)
    strength = opencv().cornerMinEigenVal(picture, 5)
    y, x = (
        axis.ravel() for axis in np.mgrid[_GRID_PX // 2 : height : _GRID_PX, _GRID_PX // 2 : width : _GRID_PX]
    )
    value = strength[y, x]
    column, row = x * columns // width, y * rows // height
    is_ring = (column == 0) | (column == columns - 1) | (row == 0) | (row == rows - 1)
    cell = row * columns + column
    order = np.lexsort((-value, cell))
    order = order[(value[order] > _LEAST_TEXTURE) & (is_ring[order] | (not only_ring))]
    sorted_cells = cell[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_cells, sorted_cells)
    chosen = order[rank < _MOST_OF_CELL]
    cells = np.where(is_ring[chosen], cell[chosen], -1).astype(np.int64)
    _, counts = np.unique(cells[cells >= 0], return_counts=True)
    points = np.stack([x[chosen], y[chosen]], axis=1).astype(np.float32)
    return Texture(points, cells, int((counts >= _LEAST_OF_CELL).sum()))


def track(before: Grey, after: Grey, texture: Texture) -> Tracked:
    """Where the points of one picture are in another one, by pyramids of Lucas and Kanade, there and back."""
    points = texture.points
    if not len(points):
        return Tracked(points, points, np.zeros(0, bool), texture.cells)
    size = (_WINDOW_PX, _WINDOW_PX)
    there, is_there, _ = opencv().calcOpticalFlowPyrLK(
        before, after, points, None, winSize=size, maxLevel=_LEVELS, criteria=_STEPS
    )
    back, is_back, _ = opencv().calcOpticalFlowPyrLK(
        after, before, there, None, winSize=size, maxLevel=_LEVELS, criteria=_STEPS
    )
    error = np.hypot(*(points - back).T)
    is_found = (is_there[:, 0] > 0) & (is_back[:, 0] > 0) & (error < _BACK_PX)
    return Tracked(points, np.asarray(there, np.float32), is_found, texture.cells)


def ring_shift(tracked: Tracked) -> float | None:
    """The first quartile of how far the cells of the border moved, in pixels; None where none has texture.

    A cell moves by the median of its points, and is lost (infinite) where fewer than half of them are found. People
    that walk through a part of the border move some cells; a camera moves all.
    """
    shift = np.hypot(*(tracked.after - tracked.before).T)
    moved: list[float] = []
    for cell in np.unique(tracked.cells[tracked.cells >= 0]):
        own = tracked.cells == cell
        count = int(own.sum())
        if count < _LEAST_OF_CELL:
            continue
        found = own & tracked.is_found
        moved.append(float(np.median(shift[found])) if 2 * int(found.sum()) >= count else LOST)
    return sorted(moved)[-(-len(moved) // 4) - 1] if moved else None


def similarity_shift(tracked: Tracked, shape: tuple[int, ...]) -> float:
    """The mean way of the pixels under the turn, scale and shift that most points agree on; ``LOST`` without one."""
    if int(tracked.is_found.sum()) < _LEAST_POINTS:
        return LOST
    matrix, _ = opencv().estimateAffinePartial2D(
        tracked.before[tracked.is_found],
        tracked.after[tracked.is_found],
        method=opencv().RANSAC,
        ransacReprojThreshold=_MODEL_PX,
        maxIters=1000,
    )
    if matrix is None:
        return LOST
    grid = _grid(shape)
    return float(np.hypot(*(grid @ matrix[:, :2].T + matrix[:, 2] - grid).T).mean())


def homography_shift(tracked: Tracked, shape: tuple[int, ...]) -> float:
    """The same of a plain homography, for comparison alone: where a face fills the picture, it follows the face."""
    if int(tracked.is_found.sum()) < _LEAST_POINTS:
        return LOST
    matrix, _ = opencv().findHomography(
        tracked.before[tracked.is_found],
        tracked.after[tracked.is_found],
        opencv().RANSAC,
        _HOMOGRAPHY_PX,
        maxIters=500,
    )
    if matrix is None:
        return LOST
    grid = _grid(shape)
    moved = opencv().perspectiveTransform(grid[None], matrix)[0]
    return float(np.hypot(*(moved - grid).T).mean())


def _grid(shape: tuple[int, ...]) -> NDArray[np.float64]:
    y, x = np.mgrid[_GRID_PX // 2 : shape[0] : _GRID_PX, _GRID_PX // 2 : shape[1] : _GRID_PX]
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
