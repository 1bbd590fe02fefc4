"""The tiny checkpoint of the tests of models, for a judge in this process."""

from tests.models.conftest import qwen3_checkpoint, torch_ready

__all__ = ["qwen3_checkpoint", "torch_ready"]
