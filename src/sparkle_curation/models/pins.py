"""The commits of well-known models, for a run that names a model and no commit.

A commit never moves, so a run today and one in a year ask the same weights; the hub refuses one that it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

PINS: Mapping[str, str] = {
    "EditScore/EditScore-7B": "dcce052accfc75f2d48279c889a71755ecdf737b",
    "Qwen/Qwen2.5-VL-7B-Instruct": "cc594898137f460bfe9f0759e9844b3ce807cfb5",
    "Qwen/Qwen3-VL-4B-Instruct": "ebb281ec70b05090aa6165b016eac8ec08e71b17",
    "Qwen/Qwen3-VL-8B-Instruct": "0c351dd01ed87e9c1b53cbc748cba10e6187ff3b",
    "Qwen/Qwen3-VL-32B-Instruct": "0cfaf48183f594c314753d30a4c4974bc75f3ccb",
}
"""Repository -> commit, as other public projects pin them."""
