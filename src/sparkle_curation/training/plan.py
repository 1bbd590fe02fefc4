"""What a training comes to: rows of an update, epochs, micro-batches between two checkpoints.

Source: Kiwi-Edit's ``diffsynth/trainers/utils.py``, which counts micro-batches where one expects updates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.errors import ParameterError
from sparkle_curation.loader.kiwi_edit import FRAME_STEP, LoaderSettings
from sparkle_curation.spec.training_tasks import REFERENCES_OPTION

_COUNT = "an integer above 0"
_Count = Annotated[int, Field(strict=True, ge=1, description=_COUNT)]
_CountOrNone = Annotated[
    int | None, Field(ge=1, description=f"{_COUNT}, or null for what the preflight checked")
]
_Path = Annotated[
    str | None, Field(min_length=1, description="a path, or null to give it when the script is started")
]
_Rate = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False, description="a number above 0 and below 1")]


class RunParams(BaseModel):
    """How Kiwi-Edit is run.

    Attributes:
        gpus: processes, one a GPU.
        batch: rows that one update of the weights sees: GPUs x accumulation, since a process loads one row at a time.
        updates: of the weights, at least.
        learning_rate: the learning rate.
        save_every: updates between two checkpoints.
        workers: processes that load rows, for each GPU.
        num_frames: frames of a row at most; None for those that the preflight checked.
        max_pixels: pixels of a frame at most; None for those that the preflight checked.
        base_checkpoint: Kiwi-Edit's stage 2, a file.
        kiwi_sparkle_checkpoint: Kiwi-Sparkle, a file.
        output: folder of checkpoints; None for one in Kiwi-Edit's ``ckpt/`` that has the version of the variant in its name.
        sparkle_bench: the folder of Sparkle-Bench.
        openve_bench: the folder of OpenVE-Bench, with its ``benchmark_videos.csv``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gpus: _Count = 8
    batch: _Count = 128
    updates: _Count = 10_000
    learning_rate: _Rate = 1e-5
    save_every: _Count = 500
    workers: Annotated[int, Field(strict=True, ge=0, description="an integer, 0 or more")] = 8
    num_frames: _CountOrNone = None
    max_pixels: _CountOrNone = None
    base_checkpoint: _Path = None
    kiwi_sparkle_checkpoint: _Path = None
    output: _Path = None
    sparkle_bench: _Path = None
    openve_bench: _Path = None


@dataclass(frozen=True)
class Plan:
    """What a training comes to.

    Attributes:
        csvs: option of ``train.py`` -> file name of the CSV in the kit.
        gpus: processes.
        accumulation: micro-batches of a process to an update.
        epochs: passes that make at least the updates asked for.
        micro_steps: micro-batches of a process in all of them.
        save_steps: micro-batches of a process between two checkpoints.
        num_frames: frames of a row at most.
        max_pixels: pixels of a frame at most.
        height: one for all; None for each video's own.
        width: one for all.
        learning_rate: the learning rate.
        workers: processes that load rows, for each GPU.
    """

    csvs: Mapping[str, str]
    gpus: int
    accumulation: int
    epochs: int
    micro_steps: int
    save_steps: int
    num_frames: int
    max_pixels: int
    height: int | None
    width: int | None
    learning_rate: float
    workers: int

    @property
    def updates(self) -> int:
        """Updates of the weights in all epochs."""
        return self.micro_steps // self.accumulation

    @property
    def effective_batch(self) -> int:
        """Rows that an update sees."""
        return self.gpus * self.accumulation

    @property
    def has_reference(self) -> bool:
        """Whether some rows have a reference."""
        return REFERENCES_OPTION in self.csvs


def make_plan(
    csvs: Mapping[str, str], row_counts: Mapping[str, int], params: RunParams, settings: LoaderSettings
) -> Plan:
    """The training that the parameters ask for.

    The trainer takes rows from its CSVs in turn, one of each, until the shortest has ended: that is an epoch.

    Args:
        csvs: option of ``train.py`` -> file name of the CSV.
        row_counts: rows of each, by the option.
        params: how Kiwi-Edit is run.
        settings: what the variant was checked against.

    Raises:
        ParameterError: the batch is no multiple of the GPUs, or the frames are not ``4n + 1``.
    """
    if params.batch % params.gpus:
        raise ParameterError(
            "A batch is made of as many rows from each GPU, and so is a multiple of their number",
            where="training_kit.run.batch, training_kit.run.gpus",
            got=f"{params.batch} rows on {params.gpus} GPUs",
            allowed=f"a multiple of {params.gpus}",
            todo=f"--params training_kit.run.gpus={params.gpus},"
            f"training_kit.run.batch={max(params.batch // params.gpus, 1) * params.gpus}",
        )
    num_frames = params.num_frames or settings.num_frames
    if num_frames % FRAME_STEP != 1:
        raise ParameterError(
            "The model takes 4n + 1 frames, and the loader gives as many as it is told",
            where="training_kit.run.num_frames" if params.num_frames else "preflight.num_frames",
            got=num_frames,
            allowed="1, 5, 9 and so on to 81",
            todo=f"--params training_kit.run.num_frames={max(num_frames - 1, 0) // FRAME_STEP * FRAME_STEP + 1}",
        )
    accumulation = params.batch // params.gpus
    per_epoch = min(math.ceil(count / params.gpus) for count in row_counts.values()) * len(row_counts)
    epochs = math.ceil(params.updates * accumulation / per_epoch) if per_epoch else 0
    return Plan(
        csvs=csvs,
        gpus=params.gpus,
        accumulation=accumulation,
        epochs=epochs,
        micro_steps=epochs * per_epoch,
        save_steps=params.save_every * accumulation,
        num_frames=num_frames,
        max_pixels=params.max_pixels or settings.max_pixels,
        height=settings.height,
        width=settings.width,
        learning_rate=params.learning_rate,
        workers=params.workers,
    )
