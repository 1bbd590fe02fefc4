"""The parameters of a model, wherever one is used."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.models.questions import Sampling

_NAME = "a repository of the model hub such as Qwen/Qwen3-VL-8B-Instruct, a local folder, or what a server calls it"
_TEXT = "a text, or null for none"
_SECONDS = "seconds above 0"

Text = Annotated[str, Field(min_length=1, description=_TEXT)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False, description=_SECONDS)]


class _WhereParams(BaseModel):
    """Which weights, and where they compute; the meaning of each is with ``ModelParams``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, description=_NAME)]
    revision: Annotated[Text | None, Field(description=_TEXT)] = None
    adapter: Annotated[Text | None, Field(description=_TEXT)] = None
    adapter_revision: Annotated[Text | None, Field(description=_TEXT)] = None
    device: Annotated[str, Field(min_length=1, description="auto, cpu, cuda or cuda:N")] = "auto"
    dtype: Annotated[Literal["bfloat16", "float32"], Field(description="bfloat16 or float32")] = "bfloat16"
    batch_size: BatchSize = 16
    url: Annotated[Text | None, Field(description="an address such as http://host:8000/v1, or null")] = None
    concurrency: BatchSize = 16
    timeout_s: Seconds = 120.0
    deadline_s: Seconds = 600.0


class ModelParams(_WhereParams):
    """Which model, and where it computes.

    Attributes:
        backend: ``transformers``, in this process; or ``server``, any that speaks the OpenAI chat protocol.
        name: repository or local folder; with a server, the name that it lists.
        revision: commit of the repository, None for the known one (``PINS``); with a server it is recorded alone.
        adapter: a LoRA adapter, repository or local folder.
        adapter_revision: its commit, likewise.
        device: ``auto`` for a GPU, ``cuda:1``, ``cpu``.
        dtype: in which it computes.
        batch_size: most questions at once; less by itself where they do not fit.
        url: base address of the server.
        concurrency: most questions under way to the server.
        timeout_s: longest wait for one reply of the server.
        deadline_s: longest wait for a question, all tries together.
        answers_per_request: most answers to one question that a server is asked for at once; None for all that are wanted.
    """

    backend: Annotated[Literal["transformers", "server"], Field(description="transformers or server")] = (
        "transformers"
    )
    answers_per_request: Annotated[
        BatchSize | None, Field(description="an integer above 0, or null for all")
    ] = None

    @property
    def num_gpus(self) -> int:
        """How many GPUs it takes, wherever it is loaded."""
        return int(self.backend == "transformers" and self.device != "cpu")


class VideoModelParams(_WhereParams):
    """Which model looks at videos, and where it computes: ``ModelParams`` with what servers of such models need beside it.

    Attributes:
        backend: ``gemini``, by its own API; ``server``, any that speaks the OpenAI chat protocol, Azure's too; or
            ``transformers``, in this process, which is shown frames.
        azure_api_version: of Azure's API, whose endpoint ``url`` is then, and ``name`` a deployment; None for others.
        video_part: how a server takes a video, or ``frames`` for one that takes none.
    """

    backend: Annotated[
        Literal["gemini", "server", "transformers"], Field(description="gemini, server or transformers")
    ]
    azure_api_version: Annotated[Text | None, Field(description=_TEXT)] = None
    video_part: Annotated[
        Literal["image_url", "video_url", "frames"], Field(description="image_url, video_url or frames")
    ] = "image_url"


class SamplingParams(BaseModel):
    """How replies are drawn; the meaning of each is with ``Sampling``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False, description="a number from 0")] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1, description="a number above 0, up to 1")] = 0.9
    top_k: Annotated[int, Field(strict=True, ge=0, description="an integer; 0 for all tokens")] = 20
    presence_penalty: Annotated[float, Field(ge=-2, le=2, description="a number from -2 to 2")] = 0.0
    max_new_tokens: Annotated[int, Field(strict=True, ge=1, description="an integer above 0")] = 512

    def sampling(self) -> Sampling:
        """The same, as a model takes it."""
        return Sampling(**self.model_dump())
