"""The tiny checkpoint of the tests of models, for runs of Kedro."""

from tests.models.conftest import qwen3_checkpoint, torch_ready

__all__ = ["qwen3_checkpoint", "torch_ready"]
