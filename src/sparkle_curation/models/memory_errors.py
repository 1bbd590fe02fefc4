"""Errors of memory that does not suffice: Python's, and torch's, which on a processor says so in words alone."""

from __future__ import annotations

_WORDS = (
    "DefaultCPUAllocator",  # of torch on Linux and macOS, and of its message on Windows
    "could not create a memory",  # of oneDNN, which computes convolutions on a processor
    "std::bad_alloc",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory does not suffice, of a GPU or a processor.

    Args:
        error: that was raised where a model computes; torch's own class of a full GPU is a ``RuntimeError`` too.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    if not isinstance(error, RuntimeError):
        return False
    import torch  # noqa: PLC0415 -- loaded long since, where a model computes

    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in _WORDS)
