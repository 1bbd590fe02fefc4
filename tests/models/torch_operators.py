"""Torchvision's operators, declared where its compiled part cannot: beside a torch without CUDA."""

from __future__ import annotations

from typing import Any

_libraries: list[Any] = []
"""Kept, since an operator lives as long as the library that declared it."""


def declare_operators() -> None:
    """Declare what torchvision looks for when imported; nothing where it is declared already."""
    import torch  # noqa: PLC0415

    if _libraries:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, operator):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)
