"""Tiny FLUX.2-klein, Wan (two denoisers) and VACE with random weights: what a generator is, and what is no checkpoint."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.models.generators.tiny_generators import Kind, make_tokenizer

from sparkle_curation.errors import ModelError
from sparkle_curation.models.generators.checkpoints import Device, library_versions, load_pipeline
from sparkle_curation.models.generators.diffusers_generator import DiffusersGenerator
from sparkle_curation.models.generators.flux import FluxEdit
from sparkle_curation.models.generators.generator import Fault, Generated, GenerationJob
from sparkle_curation.models.generators.memory import picture_values
from sparkle_curation.models.generators.recipe import Recipe
from sparkle_curation.models.generators.videox_fun import VideoXFunControl, check_files
from sparkle_curation.models.generators.wan import WanImageToVideo, WanSettings, WanVace
from sparkle_curation.models.weights import Weights

pytestmark = pytest.mark.slow

FRAMES = 5
WAN = WanSettings(2, 3.5, "snow")
RECIPES: dict[Kind, Recipe] = {
    "flux": FluxEdit(2, 4.0),
    "wan": WanImageToVideo(WAN),
    "vace": WanVace(WAN),
}
PICTURE = np.random.default_rng(0).integers(0, 255, (64, 80, 3), np.uint8)

Tiny = Callable[[Kind], Path]


def generator_of(kind: Kind, folder: Path, recipe: Recipe | None = None) -> DiffusersGenerator:
    """A tiny generator on the processor."""
    return DiffusersGenerator(recipe or RECIPES[kind], Weights(str(folder)), Device("cpu", "float32"))


def job(kind: Kind, **changes: object) -> GenerationJob:
    """A job that the kind takes."""
    count = 1 if kind == "flux" else FRAMES
    control = np.repeat(PICTURE[None] // 128 * 255, count, 0) if kind == "vace" else None
    return GenerationJob("a", "put the man in snow", 1, PICTURE, count, control)._replace(**changes)


@pytest.fixture(scope="module", params=["flux", "wan", "vace"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each architecture in turn."""
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def generator(kind: Kind, tiny_generator: Tiny) -> DiffusersGenerator:
    """The generator, loaded once."""
    return generator_of(kind, tiny_generator(kind))


def test_outputs_are_of_the_jobs(generator: DiffusersGenerator, kind: Kind) -> None:
    """Of the wanted shape; the same job gives the same alone and in a batch, another seed, prompt or picture another."""
    jobs = [
        job(kind),
        job(kind, seed=2),
        job(kind, prompt="night city"),
        job(kind, picture=PICTURE[::-1].copy()),
    ]
    made = list(generator.run(jobs))
    frames = [each.frames for each in made if isinstance(each, Generated)]
    assert [each.shape for each in frames] == [(jobs[0].frame_count, 64, 80, 3)] * 4
    assert all(each.dtype == np.uint8 and each.std() > 5 for each in frames)
    assert all((frames[0] != other).any() for other in frames[1:])
    (alone,) = generator.run(jobs[:1])
    assert isinstance(alone, Generated)
    assert (alone.frames == frames[0]).all()


def test_what_a_model_does_not_take_is_a_fault_of_its_job(generator: DiffusersGenerator, kind: Kind) -> None:
    """A prompt that would be cut off, and sides that the VAE does not take; the job between them is made."""
    small = np.zeros((60, 80, 3), np.uint8)
    control = None if kind != "vace" else np.repeat(small[None], FRAMES, 0)
    long, fine, odd = generator.run(
        [job(kind, prompt="snow " * 600), job(kind), job(kind, picture=small, control=control)]
    )
    assert isinstance(long, Fault)
    assert long.error == "prompt_too_long"
    assert long.detail.endswith("tokens; at most 512")
    assert isinstance(fine, Generated)
    assert isinstance(odd, Fault)
    assert odd.error == "bad_size"
    assert "80x60 px" in odd.detail


def test_the_number_of_frames_is_one_that_the_vae_takes(tiny_generator: Tiny) -> None:
    """80 frames would become 81 without a word."""
    (found,) = generator_of("wan", tiny_generator("wan")).run([job("wan", frame_count=80)])
    assert found == Fault("bad_size", "80 frames; must be one more than a multiple of 4, such as 81")


def test_a_negative_prompt_is_not_cut_off(tiny_generator: Tiny) -> None:
    """It is a fault of each job, where there is guidance; without, nobody reads it."""
    far, near = (WanImageToVideo(WanSettings(1, guidance, "snow " * 600)) for guidance in (3.5, 1.0))
    (found,) = generator_of("wan", tiny_generator("wan"), far).run([job("wan")])
    assert found == Fault("prompt_too_long", "600 tokens of negative_prompt; at most 512")
    (found,) = generator_of("wan", tiny_generator("wan"), near).run([job("wan")])
    assert isinstance(found, Generated)


def test_edges_are_of_the_clip(tiny_generator: Tiny) -> None:
    """Of as many frames, and there; other edges make another video."""
    generator = generator_of("vace", tiny_generator("vace"))
    short, none, usual, other = generator.run(
        [
            job("vace", frame_count=9),
            job("vace", control=None),
            job("vace"),
            job("vace", control=np.zeros((FRAMES, *PICTURE.shape), np.uint8)),
        ]
    )
    assert isinstance(short, Fault)
    assert short.error == "bad_control"
    assert isinstance(none, Fault)
    assert none.error == "bad_control"
    assert isinstance(usual, Generated)
    assert isinstance(other, Generated)
    assert (usual.frames != other.frames).any()


def test_both_denoisers_work(tiny_generator: Tiny, tmp_path: Path) -> None:
    """Without noise levels for the second one the video is another."""
    folder = tiny_generator("wan")
    alone = shutil.copytree(folder, tmp_path / "one")
    index = json.loads((alone / "model_index.json").read_text())
    (alone / "model_index.json").write_text(json.dumps({**index, "boundary_ratio": 0.0}))
    both, one = (next(generator_of("wan", each).run([job("wan")])) for each in (folder, alone))
    assert isinstance(both, Generated)
    assert isinstance(one, Generated)
    assert (both.frames != one.frames).any()


def test_a_description_names_all_that_an_output_depends_on(generator: DiffusersGenerator, kind: Kind) -> None:
    """Weights by their content, settings, versions; nothing is loaded for it."""
    told = DiffusersGenerator(generator.recipe, generator.weights, generator.device, "mit").describe()
    assert (told.name, told.repository, told.licence) == (RECIPES[kind].name, kind, "mit")
    assert (told.revision or "").startswith("xxh3:")
    assert told.settings == {**RECIPES[kind].settings, "dtype": "float32"}
    assert told.versions == library_versions()
    assert "absent" not in told.versions.values()


def test_another_weight_is_another_revision(tiny_generator: Tiny, tmp_path: Path) -> None:
    """Also where it lies in the folder of a part."""
    folder = shutil.copytree(tiny_generator("wan"), tmp_path / "wan")
    before = generator_of("wan", tiny_generator("wan")).describe().revision
    assert generator_of("wan", folder).describe().revision == before
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert generator_of("wan", folder).describe().revision != before


def test_unloaded_weights_are_loaded_again(tiny_generator: Tiny) -> None:
    """And make the same."""
    generator = generator_of("flux", tiny_generator("flux"))
    (before,) = generator.run([job("flux")])
    generator.unload()
    assert generator._pipeline is None
    (after,) = generator.run([job("flux")])
    assert isinstance(before, Generated)
    assert isinstance(after, Generated)
    assert (before.frames == after.frames).all()


def test_memory_is_a_fault_of_the_job(tiny_generator: Tiny) -> None:
    """Prompts that do not fit together are encoded one by one; a picture that does not fit costs itself; a defect stops."""
    import torch  # noqa: PLC0415

    generator = generator_of("flux", tiny_generator("flux"))
    generator.load()
    encoded: list[int] = []

    def refuse(_module: object, arguments: object, keywords: dict[str, object]) -> None:
        encoded.append(len(keywords["input_ids"]))  # type: ignore[arg-type]
        if len(keywords["input_ids"]) > 2:  # type: ignore[arg-type]
            raise MemoryError("too many at once")

    handle = generator._pipeline.text_encoder.register_forward_pre_hook(refuse, with_kwargs=True)
    found = list(generator.run([job("flux"), job("flux", seed=2)]))
    handle.remove()
    assert encoded == [3, 2, 2]  # with the empty prompt, that guidance needs
    assert all(isinstance(each, Generated) for each in found)

    def take_all(*_: object) -> None:
        torch.empty(2**50)

    handle = generator._pipeline.vae.decoder.register_forward_pre_hook(take_all)
    (full,) = generator.run([job("flux")])
    handle.remove()
    assert isinstance(full, Fault)
    assert full.error == "out_of_memory"
    assert "can't allocate memory" in full.detail

    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    handle = generator._pipeline.vae.decoder.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="a defect"):
        list(generator.run([job("flux")]))
    handle.remove()


def test_values_that_are_no_numbers_are_no_picture() -> None:
    """They would be shown as black."""
    made = np.full((1, 64, 80, 3), 0.5, np.float32)
    assert isinstance(picture_values(made, job("flux")), Generated)
    made[0, 0, 0] = np.nan
    assert picture_values(made, job("flux")) == Fault("not_finite", "3 of 15,360 values are no numbers")


def test_what_is_no_checkpoint_is_told(tiny_generator: Tiny, tmp_path: Path) -> None:
    """An empty folder, one of another pipeline, one without a part's weights, one that is cut, pickled weights."""
    (tmp_path / "empty").mkdir()
    lacking, cut, pickled = (
        shutil.copytree(tiny_generator("wan"), tmp_path / name) for name in ("no", "cut", "pkl")
    )
    (lacking / "transformer_2" / "diffusion_pytorch_model.safetensors").unlink()
    weights = cut / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    whole = pickled / "text_encoder" / "model.safetensors"
    whole.rename(whole.with_name("pytorch_model.bin"))
    for folder, said in (
        (tmp_path / "empty", "model_index.json"),
        (tiny_generator("vace"), "a checkpoint of WanVACEPipeline"),
        (lacking, "no weights of transformer_2"),
        (cut, "Error"),
        (pickled, "any code"),
    ):
        with pytest.raises(ModelError) as caught:
            generator_of("wan", folder).load()
        assert said in str(caught.value)


def test_without_a_gpu_the_way_is_told(tiny_generator: Tiny) -> None:
    """Before anything is fetched."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    generator = DiffusersGenerator(RECIPES["flux"], Weights("some/body", "0" * 40), Device())
    with pytest.raises(ModelError, match=r"edit_frame0\.model\.device=cpu"):
        generator.load()


def test_packages_that_do_not_go_together_are_told() -> None:
    """A class that diffusers cannot import says nothing of the checkpoint, and is told before weights are looked for."""
    with pytest.raises(ModelError, match="do not go together") as caught:
        load_pipeline(Weights("some/body", "0" * 40), Device("cpu"), "NoSuchPipeline")
    assert "NoSuchPipeline" in str(caught.value)


STAND_IN = {
    "__init__.py": "",
    "models.py": """
class _Loaded:
    def __init__(self, path): self.path = path
    def to(self, *_): return self
    def eval(self): return self

class Wan2_2Transformer3DModel(_Loaded):
    @classmethod
    def from_pretrained(cls, pretrained_model_path, subfolder=None, transformer_additional_kwargs={},
                        low_cpu_mem_usage=False, torch_dtype=None):
        assert transformer_additional_kwargs == {"dict_mapping": {"in_dim": "in_channels", "dim": "hidden_size"}}
        return cls(pretrained_model_path)

class AutoencoderKLWan(_Loaded):
    @classmethod
    def from_pretrained(cls, pretrained_model_path, additional_kwargs={}): return cls(pretrained_model_path)

class WanT5EncoderModel(_Loaded):
    @classmethod
    def from_pretrained(cls, pretrained_model_path, additional_kwargs={}, low_cpu_mem_usage=False, torch_dtype=None):
        return cls(pretrained_model_path)
""",
    "pipeline.py": """
from types import SimpleNamespace

class Wan2_2FunControlPipeline:
    def __init__(self, tokenizer, text_encoder, vae, transformer, transformer_2=None, scheduler=None):
        # Above the boundary the second one works.
        assert transformer.path.endswith("low_noise_model") and transformer_2.path.endswith("high_noise_model")
        assert text_encoder.path.endswith(".safetensors") and vae.path.endswith(".safetensors")
        assert scheduler.config.shift == 5.0
        self.tokenizer = tokenizer

    def to(self, place): return self

    def __call__(self, prompt=None, negative_prompt=None, height=480, width=720, video=None, mask_video=None,
                 control_video=None, control_camera_video=None, start_image=None, ref_image=None, num_frames=49,
                 num_inference_steps=50, timesteps=None, guidance_scale=6, num_videos_per_prompt=1, eta=0.0,
                 generator=None, latents=None, prompt_embeds=None, negative_prompt_embeds=None, output_type="pil",
                 return_dict=True, callback_on_step_end=None, attention_kwargs=None,
                 callback_on_step_end_tensor_inputs=["latents"], max_sequence_length=512, boundary=0.875,
                 comfyui_progressbar=False, shift=5):
        assert boundary == 0.9 and start_image is None and generator.initial_seed() == 3
        shape = (1, 3, num_frames, height, width)
        assert tuple(video.shape) == tuple(control_video.shape) == shape
        assert tuple(mask_video.shape) == (1, 1, *shape[2:]) and set(mask_video.unique().tolist()) == {0.0, 255.0}
        kept = (mask_video / 255 < 0.5).float()
        return SimpleNamespace(videos=video * kept + control_video * (1 - kept))
""",
}
"""A package with the classes, names and signatures of VideoX-Fun at 804a425, which are its own; the bodies are ours."""


def test_videox_fun_gets_a_first_frame_and_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is installed: frame 0 is the picture, the others are edges; a prompt that would be cut off is a fault."""
    package = tmp_path / "site" / "videox_fun"
    package.mkdir(parents=True)
    for name, text in STAND_IN.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    weights = tmp_path / "weights"
    for name in ("Wan2.1_VAE", "models_t5_umt5-xxl-enc-bf16"):
        weights.mkdir(exist_ok=True)
        (weights / f"{name}.safetensors").write_bytes(b"")
    make_tokenizer().save_pretrained(weights / "google" / "umt5-xxl")
    generator = VideoXFunControl(Weights(str(weights)), Device("cpu", "float32"), WAN)
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (32, 48, 3), np.uint8)
    control = random.integers(0, 256, (5, 32, 48, 3), np.uint8)
    wanted = GenerationJob("a", "put the man in the sea", 3, picture, 5, control)
    try:
        found = list(
            generator.run(
                [wanted, wanted._replace(prompt="the " * 600), wanted._replace(control=control[:4])]
            )
        )
        (weights / "low_noise_model").mkdir()
        (weights / "low_noise_model" / "diffusion_pytorch_model.bin").write_bytes(b"")
        generator.unload()
        with pytest.raises(ModelError, match="pickled"):
            generator.load()
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "videox_fun"]:
            del sys.modules[name]
    assert [getattr(each, "error", None) for each in found] == [None, "prompt_too_long", "bad_control"]
    assert isinstance(found[0], Generated)
    assert np.array_equal(found[0].frames[0], picture)
    assert np.array_equal(found[0].frames[1:], control[1:])


def test_videox_fun_is_asked_for_where_it_is_wanted(tmp_path: Path) -> None:
    """It is on no index; its text encoder and VAE are not loaded pickled."""
    generator = VideoXFunControl(Weights(str(tmp_path)), Device("cpu"), WAN)
    with pytest.raises(ModelError, match="VideoX-Fun is not installed"):
        generator.load()
    with pytest.raises(ModelError, match="not there"):
        check_files(tmp_path)
    (tmp_path / "Wan2.1_VAE.pth").write_bytes(b"")
    with pytest.raises(ModelError, match="pickled"):
        check_files(tmp_path)


@pytest.mark.gpu
@pytest.mark.parametrize("offload", ["none", "model", "layers"])
def test_on_a_gpu_the_same_is_made(generator: DiffusersGenerator, kind: Kind, offload: str) -> None:
    """Near to what the processor makes, wherever weights are held."""
    import torch  # noqa: PLC0415

    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    device = Device("cuda", "float32", offload)
    made = list(DiffusersGenerator(generator.recipe, generator.weights, device).run([job(kind), job(kind)]))
    usual = list(generator.run([job(kind), job(kind)]))
    for one, other in zip(made, usual, strict=True):
        assert isinstance(one, Generated)
        assert isinstance(other, Generated)
        assert np.abs(one.frames.astype(int) - other.frames).mean() < 2
