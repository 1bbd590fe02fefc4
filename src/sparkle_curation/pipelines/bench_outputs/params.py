"""The parameters of ``bench_outputs``, as ``conf/base/bench_outputs/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_MODELS = "folders by name, of letters, digits, _ and - alone, such as bench_models.NAME=/path/to/its/outputs"
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description=_MODELS)]
_Folder = Annotated[str, Field(min_length=1, description=_MODELS)]


def _as_texts(value: object) -> object:
    """The models; a name that YAML reads as a number is a name."""
    if value is None:
        return {}
    return {str(name): folder for name, folder in value.items()} if isinstance(value, dict) else value


class BenchOutputsGroup(BaseModel):
    """How outputs are looked at.

    Attributes:
        decode: whether each frame is decoded, which alone finds a broken picture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decode: Annotated[bool, Field(strict=True, description="true or false")]


class BenchOutputsParams(BaseModel):
    """The parameters of ``bench_outputs``.

    Attributes:
        bench_models: folder of each model's outputs, by its name.
        bench_outputs: how they are looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench_models: Annotated[dict[_Name, _Folder], BeforeValidator(_as_texts), Field(description=_MODELS)]
    bench_outputs: BenchOutputsGroup
