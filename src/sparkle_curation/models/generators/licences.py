"""Licences of the weights of well-known generators, as their pages state them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LICENCES: Final[Mapping[str, str]] = {
    "black-forest-labs/FLUX.2-klein-4B": "apache-2.0",
    "black-forest-labs/FLUX.2-klein-base-4B": "apache-2.0",
    "black-forest-labs/FLUX.2-klein-9B": "flux-non-commercial-license",
    "black-forest-labs/FLUX.2-klein-base-9B": "flux-non-commercial-license",
    "Wan-AI/Wan2.2-I2V-A14B-Diffusers": "apache-2.0",
    "Wan-AI/Wan2.1-VACE-14B-diffusers": "apache-2.0",
    "alibaba-pai/Wan2.2-Fun-A14B-Control": "apache-2.0",
}
"""Repository -> licence. What is not here is unknown until a person says it (``model.licence``)."""


def licence_of(repository: str, said: str | None) -> str | None:
    """The licence of weights: what a person said, else what is known of the repository; None is unknown.

    >>> licence_of("black-forest-labs/FLUX.2-klein-9B", None), licence_of("somebody/else", None)
    ('flux-non-commercial-license', None)
    """
    return said or LICENCES.get(repository)
