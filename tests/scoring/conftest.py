"""The tiny checkpoints of the tests of models, for judges."""

from tests.models.conftest import checkpoint, family, qwen3_checkpoint, torch_ready

__all__ = ["checkpoint", "family", "qwen3_checkpoint", "torch_ready"]
