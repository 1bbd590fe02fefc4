"""Weights that cannot be had, are not safe, or are not what they were: one clear error each, and nothing is run."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.models.tiny_checkpoint import make_checkpoint

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, Sampling
from sparkle_curation.models.transformers_model import Device, TransformersModel
from sparkle_curation.models.weights import PINS, Weights

QUESTION = Question((np.zeros((64, 64, 3), np.uint8), "Rate this."), 42)


def model_of(weights: Weights, device: str = "cpu") -> TransformersModel:
    """A model of these weights, for short replies."""
    return TransformersModel(weights, Sampling(max_new_tokens=12), Device(device, "float32", 4))


@pytest.fixture
def copied(qwen3_checkpoint: Path, tmp_path: Path) -> Path:
    """A checkpoint to be damaged."""
    return Path(shutil.copytree(qwen3_checkpoint, tmp_path / "copied"))


def test_a_folder_is_known_by_its_content(copied: Path) -> None:
    """One other byte, and it is another revision; another place is not. The folder's own path is not told."""
    before = Weights(str(copied)).provenance
    moved = copied.rename(copied.with_name("moved"))
    assert Weights(str(moved)).provenance["revision"] == before["revision"]
    config = moved / "config.json"
    config.write_bytes(config.read_bytes() + b" ")
    after = Weights(str(moved)).provenance
    assert after["revision"] != before["revision"]
    assert str(moved.parent) not in str(after)


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "ABCDEF" * 7, "0123456789abcdef"])
def test_a_repository_without_a_commit_is_refused(revision: str | None) -> None:
    """A branch moves; nothing is fetched to find that out."""
    with pytest.raises(ModelError, match="not pinned"):
        _ = Weights("Somebody/Qwen3-VL-8B-tuned", revision).provenance


def test_a_known_model_has_its_commit() -> None:
    """One that is given goes before it, and a branch is refused all the same."""
    name, other = "Qwen/Qwen3-VL-8B-Instruct", "0" * 40
    assert Weights(name).provenance["revision"] == PINS[name]
    assert Weights(name, other).provenance["revision"] == other
    with pytest.raises(ModelError, match="not pinned"):
        _ = Weights(name, "main").provenance


def test_what_is_judged_with_by_default_is_pinned(checkout: Path) -> None:
    """The models of ``conf/base`` need no commit; each pin is one."""
    defaults = [
        yaml.safe_load((checkout / f"conf/base/{name}/parameters.yml").read_text())[name]["model"]
        for name in ("score", "ground")
    ]
    wanted = {model[key] for model in defaults for key in ("name", "adapter")} - {None}
    assert wanted <= set(PINS)
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in PINS.values())


def test_weights_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a network the error says so, and what else can be done."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="cannot be had") as error:
        model_of(Weights("Qwen/Qwen3-VL-8B-Instruct", "0" * 40)).load()
    assert "copy the checkpoint here" in str(error.value)


def test_no_gpu_is_reported(qwen3_checkpoint: Path) -> None:
    """With the three ways out."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    for device in ("auto", "cuda", "cuda:3"):
        with pytest.raises(ModelError, match="no GPU") as error:
            model_of(Weights(str(qwen3_checkpoint)), device).load()
        assert "backend=server" in str(error.value)


def test_pickled_weights_are_not_loaded(copied: Path) -> None:
    """They could run any code."""
    import torch  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    weights = copied / "model.safetensors"
    torch.save(load_file(weights), copied / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        model_of(Weights(str(copied))).load()


def test_code_of_a_checkpoint_is_not_run(copied: Path, tmp_path: Path) -> None:
    """A configuration that names a file of Python is loaded without it, or not at all."""
    trace = tmp_path / "was_run"
    (copied / "modeling.py").write_text(f"open({str(trace)!r}, 'w').close()\n", encoding="utf-8")
    config = json.loads((copied / "config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoModelForImageTextToText": "modeling.Model", "AutoConfig": "modeling.Config"}
    (copied / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with suppress(ModelError):
        model_of(Weights(str(copied))).load()
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "preprocessor_config.json"]
)
@pytest.mark.parametrize("damage", ["cut", "missing"])
def test_a_damaged_checkpoint_is_one_error(copied: Path, name: str, damage: str) -> None:
    """Whatever is broken of it, the folder is named."""
    path = copied / name
    if not path.exists():
        pytest.skip(f"this version writes no {name}")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
    with pytest.raises(ModelError) as error:
        model_of(Weights(str(copied))).load()
    assert str(copied) in str(error.value)


def make_adapter(folder: Path, base: Path) -> Path:
    """A LoRA adapter of the attention's queries that changes what the model says."""
    import torch  # noqa: PLC0415
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415
    from transformers import AutoModelForImageTextToText  # noqa: PLC0415

    torch.manual_seed(1)
    model = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32)
    adapted = get_peft_model(
        model, LoraConfig(r=4, target_modules=r".*language_model.*q_proj", init_lora_weights=False)
    )
    for name, parameter in adapted.named_parameters():
        if "lora" in name:
            torch.nn.init.normal_(parameter, std=2.0)
    adapted.save_pretrained(folder)
    return folder


def test_an_adapter_changes_the_replies_and_is_recorded(qwen3_checkpoint: Path, tmp_path: Path) -> None:
    """Merged into the model, with a revision of its own."""
    adapter = make_adapter(tmp_path / "adapter", qwen3_checkpoint)
    bare, adapted = Weights(str(qwen3_checkpoint)), Weights(str(qwen3_checkpoint), adapter=str(adapter))
    assert set(adapted.provenance) - set(bare.provenance) == {"adapter", "adapter_revision"}
    assert adapted.provenance["adapter_revision"].startswith("xxh3:")
    replies = [model_of(weights).ask([QUESTION])[0].text for weights in (bare, adapted)]
    assert replies[0] != replies[1]


def test_an_adapter_without_safe_weights_is_refused(qwen3_checkpoint: Path, tmp_path: Path) -> None:
    """A pickled one is not opened."""
    adapter = make_adapter(tmp_path / "adapter", qwen3_checkpoint)
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(ModelError, match="no safe weights"):
        model_of(Weights(str(qwen3_checkpoint), adapter=str(adapter))).load()


def test_an_adapter_of_another_model_is_one_error(qwen3_checkpoint: Path, tmp_path: Path) -> None:
    """Its layers are not there, or of another size."""
    other = make_checkpoint(tmp_path / "other", "qwen2_5_vl")
    adapter = make_adapter(tmp_path / "adapter", qwen3_checkpoint)
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    config["target_modules"] = ["nowhere"]
    (adapter / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match="adapter"):
        model_of(Weights(str(other), adapter=str(adapter))).load()
