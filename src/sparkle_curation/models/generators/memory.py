"""What a generator computes, held to memory and to numbers: a sample that does not fit is its own fault."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.models.generators.generator import Fault, Generated, GenerationJob
from sparkle_curation.models.memory_errors import is_out_of_memory
from sparkle_curation.spec.codes.generation_faults import GenerationFault

ResultT = TypeVar("ResultT")


def in_memory(compute: Callable[[], ResultT]) -> ResultT | Fault:
    """What is computed, or the fault of what does not fit into memory."""
    import torch  # noqa: PLC0415 -- loaded long since

    try:
        with torch.inference_mode():
            return compute()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        told = next(iter(str(error).splitlines()), "")
    free_memory()  # what the error held is let go only here
    return Fault(GenerationFault.OUT_OF_MEMORY.value, told)


def free_memory() -> None:
    """Let go of what nothing refers to, here and on the device."""
    import torch  # noqa: PLC0415 -- loaded long since

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def picture_values(made: NDArray[np.float32], job: GenerationJob) -> Generated | Fault:
    """What a model made, as a picture or video of whole values; or why it is none of the job's.

    Args:
        made: (frames, height, width, 3), 0 to 1.
        job: what was wanted.
    """
    wanted = (job.frame_count, *job.picture.shape)
    if made.shape != wanted:
        detail = f"an output of {made.shape}; wanted are {wanted}"
        return Fault(GenerationFault.BAD_SIZE.value, detail)
    finite = np.isfinite(made)
    if not finite.all():
        detail = f"{np.count_nonzero(~finite):,} of {made.size:,} values are no numbers"
        return Fault(GenerationFault.NOT_FINITE.value, detail)
    return Generated(np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8))
