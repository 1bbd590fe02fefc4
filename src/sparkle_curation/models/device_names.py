"""What a device is called where people read it: the GPU's own name, or the processor's."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from sparkle_curation.models.params import ModelParams

_CPU_INFO = Path("/proc/cpuinfo")


def name_device(name: str) -> str:
    """The name of a device that a model computes on.

    Args:
        name: as parameters have it: ``auto`` for a GPU, ``cuda:1``, ``cpu``.
    """
    if name.startswith("cpu"):
        return f"{_name_processor()}, {len(os.sched_getaffinity(0))} cores"
    import torch  # noqa: PLC0415 -- loaded long since, where a model computes here

    return str(torch.cuda.get_device_name("cuda:0" if name == "auto" else name))


def device_of(params: ModelParams) -> Callable[[], str]:
    """Tells where a model answers; of a server which one, since what stands behind it only its owner knows."""
    if params.backend != "server":
        return partial(name_device, params.device)
    place = urlsplit(str(params.url))
    port = f":{place.port}" if place.port else ""
    return partial(str, f"server {place.hostname}{port}")


def _name_processor() -> str:
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(filter(None, names), platform.machine() or "CPU")
