"""The parameters that stages which generate have in common; each pipeline's own group says which stage it is."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.models.generators.checkpoints import Device
from sparkle_curation.models.generators.diffusers_generator import DiffusersGenerator
from sparkle_curation.models.generators.flux import FluxEdit
from sparkle_curation.models.generators.generator import Generator
from sparkle_curation.models.generators.recipe import Recipe
from sparkle_curation.models.generators.videox_fun import VideoXFunControl
from sparkle_curation.models.generators.wan import WanImageToVideo, WanSettings, WanVace
from sparkle_curation.models.params import Text
from sparkle_curation.models.weights import Weights
from sparkle_curation.stages.generation.prompts import PLACEHOLDERS, placeholders_of
from sparkle_curation.stages.generation.stage import GenerationStage

_NAME = "a repository of the model hub such as black-forest-labs/FLUX.2-klein-9B, or a local folder"
_PROMPT = f"a text; in braces it may name {', '.join(PLACEHOLDERS)}"
_NUMBER = "a number from 0"


def _sound_prompt(text: str) -> str:
    try:
        names = placeholders_of(text)
    except ValueError:
        raise ValueError(_PROMPT) from None
    if not text.strip() or not set(names) <= set(PLACEHOLDERS):
        raise ValueError(_PROMPT)
    return text


Prompt = Annotated[str, Field(description=_PROMPT), AfterValidator(_sound_prompt)]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False, description=_NUMBER)]


class GeneratorParams(BaseModel):
    """Which generator, and where it computes.

    Attributes:
        backend: ``diffusers``, in this process; or ``import``, finished outputs of another generator.
        name: repository or local folder; of an import the folder with the outputs.
        revision: commit of the repository; None for its newest.
        licence: of the weights, or of imported outputs; None for what is known of the repository.
        device: ``auto`` for a GPU, ``cuda:1``, ``cpu``.
        dtype: in which it computes.
        offload: what is held in main memory: nothing, the parts that are not at work, or all but a layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Annotated[Literal["diffusers", "import"], Field(description="diffusers or import")]
    name: Annotated[str, Field(min_length=1, description=_NAME)]
    revision: Annotated[Text | None, Field(description="a commit, or null for the newest")]
    licence: Annotated[
        Text | None, Field(description="a licence, or null for what is known of the repository")
    ]
    device: Annotated[str, Field(min_length=1, description="auto, cpu, cuda or cuda:N")]
    dtype: Annotated[Literal["bfloat16", "float32"], Field(description="bfloat16 or float32")]
    offload: Annotated[Literal["none", "model", "layers"], Field(description="none, model or layers")]

    @property
    def placed(self) -> Device:
        """Where and how it computes."""
        return Device(self.device, self.dtype, self.offload)


class ControlParams(GeneratorParams):
    """The same of a generator that takes edges, of which VideoX-Fun has one too.

    Attributes:
        backend: ``videox_fun`` besides.
    """

    backend: Annotated[  # type: ignore[assignment]
        Literal["diffusers", "videox_fun", "import"], Field(description="diffusers, videox_fun or import")
    ]


class GenerationGroup(BaseModel):
    """How a stage generates; its subclass says which.

    Attributes:
        limit: most samples; None for all.
        prompt: what the generator is told, with placeholders.
        seed: of the noise; each sample has its own, made of it and of its id.
        steps: of denoising.
        guidance: how far the prompt is followed.
        model: the generator.
        batch_size: samples whose prompts are encoded together.
        shown: samples in the picture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    stage: ClassVar[GenerationStage]

    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    prompt: Prompt
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer from 0")]
    steps: BatchSize
    guidance: Number
    model: GeneratorParams
    batch_size: BatchSize
    shown: Annotated[int, Field(strict=True, ge=0, description="an integer from 0")]

    @property
    def recipe(self) -> Recipe:
        """The pipeline of diffusers that the stage runs."""
        return FluxEdit(self.steps, self.guidance)

    def generator(self, revision: str | None) -> Generator:
        """The generator at a revision, not loaded."""
        weights = Weights(self.model.name, revision)
        return DiffusersGenerator(self.recipe, weights, self.model.placed, self.model.licence)


class VideoGroup(GenerationGroup):
    """The same of a stage that makes videos.

    Attributes:
        negative_prompt: what shall not be seen.
    """

    negative_prompt: Annotated[str, Field(description="a text")]

    @property
    def wan(self) -> WanSettings:
        """What Wan is told."""
        return WanSettings(self.steps, self.guidance, self.negative_prompt)

    @property
    def recipe(self) -> Recipe:
        """Wan's image to video."""
        return WanImageToVideo(self.wan)


class ControlGroup(VideoGroup):
    """The same of a stage that makes videos with given edges.

    Attributes:
        model: the generator.
        control_scale: how strongly edges count.
    """

    model: ControlParams
    control_scale: Number

    @property
    def recipe(self) -> Recipe:
        """Wan's VACE."""
        return WanVace(self.wan, self.control_scale)

    def generator(self, revision: str | None) -> Generator:
        """That of diffusers, or VideoX-Fun's."""
        if self.model.backend != "videox_fun":
            return super().generator(revision)
        weights = Weights(self.model.name, revision)
        return VideoXFunControl(weights, self.model.placed, self.wan, self.model.licence)
