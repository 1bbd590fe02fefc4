"""Where the back ends and caches of ``editscore`` go wrong, each shown there where it can be, and absent here.

Those of its arithmetic and of its parser are in ``test_editscore_parity``.
"""

from __future__ import annotations

import base64
import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures
from pydantic import ValidationError
from tests.models.loopback import NAME, Behaviour, serve
from tests.scoring.editscore.recorded_model import PICTURE, RecordedBackend

from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.params import ModelParams
from sparkle_curation.models.questions import Question, Sampling, VisionLanguageModel
from sparkle_curation.scoring.editscore.judge import Judge
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Candidate, ScoreSettings, score

SHORT = Sampling(max_new_tokens=12)
WORDS = PromptTemplate("SC <instruction>", "PQ", "test")
CANDIDATE = Candidate(PICTURE, PICTURE, "Dusk", is_quality_of_both=False)


def noise(height: int = 64, width: int = 96, seed: int = 1) -> Any:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def tiny(checkpoint: Path, sampling: Sampling = SHORT, **settings: Any) -> VisionLanguageModel:
    """The tiny model in this process."""
    return choose_model(
        ModelParams(name=str(checkpoint), device="cpu", dtype="float32", **settings), sampling
    )


# ------------------------------------------------------------------ what is asked
def test_an_unknown_back_end_is_refused() -> None:
    """The package makes a scorer without a model of it, which fails with the first sample."""
    from editscore import EditScore  # noqa: PLC0415

    assert not hasattr(EditScore(backbone="gpt-4.1"), "model")
    with pytest.raises(ValidationError, match="transformers"):
        ModelParams(name="gpt-4.1", backend="gpt-4.1")  # type: ignore[arg-type]


def test_a_server_is_reported_seed_and_temperature() -> None:
    """The package's OpenAI back end passes on neither: what is recorded as settings is not what drew the answer."""
    behaviour = Behaviour()
    with serve(None, behaviour) as url:
        params = ModelParams(name=NAME, backend="server", url=url)
        model = choose_model(params, Sampling(0.7, 0.9, 20, max_new_tokens=512))
        score([CANDIDATE], model, WORDS, ScoreSettings(ScoreScale(passes=2), seed=42, max_tries=1))
    told = [(body["seed"], body["temperature"], body["top_p"], body["top_k"]) for body in behaviour.requests]
    assert sorted(told) == [(seed, 0.7, 0.9, 20) for seed in (42, 42, 43, 43)]


def test_a_server_gets_the_very_pixels() -> None:
    """The package resizes a picture for one of its back ends and not for the other; here each back end gets it whole."""
    behaviour, picture = Behaviour(), noise(72, 128)
    with serve(None, behaviour) as url:
        params = ModelParams(name=NAME, backend="server", url=url)
        choose_model(params, SHORT).ask([Question((picture, "Good?"), 1)])
    (body,) = behaviour.requests
    address = body["messages"][0]["content"][0]["image_url"]["url"]
    kind, data = address.split(",", 1)
    assert kind == "data:image/png;base64"
    assert np.array_equal(np.asarray(Pictures.open(io.BytesIO(base64.b64decode(data)))), picture)


def test_two_large_pictures_are_looked_at_whole(checkpoint: Path) -> None:
    """The package leaves a server 1,536 tokens, and two pictures of 1280x720 take 1,760 or more."""
    import transformers  # noqa: PLC0415

    from sparkle_curation.models.weights import Weights, load_processor  # noqa: PLC0415

    processor = load_processor(Weights(str(checkpoint)))
    images = processor.image_processor
    unit = images.patch_size * images.merge_size
    processor.image_processor = transformers.Qwen2VLImageProcessor(
        patch_size=images.patch_size,
        merge_size=images.merge_size,
        min_pixels=unit**2,
        max_pixels=4096 * unit**2,
    )  # as large as the real ones allow; the tiny one's own limit is small
    from sparkle_curation.models.generation import Generator  # noqa: PLC0415

    class Asked:
        device = "cpu"

    generate = Generator(Asked(), processor, SHORT)
    inputs = generate._prepare([Question((noise(720, 1280), noise(720, 1280, 2), "Which?"), 1)])
    tokens = (inputs["input_ids"] == processor.image_token_id).sum().item()
    expected = 2 * round(720 / unit) * round(1280 / unit)
    assert tokens == expected > 1536
    assert inputs["image_grid_thw"].prod(1).sum().item() == tokens * images.merge_size**2


# ------------------------------------------------------------------ draws
def test_nobody_elses_draws_are_touched(qwen3_checkpoint: Path) -> None:
    """The package seeds Python, NumPy and torch for the whole process, for whoever shares it."""
    import torch  # noqa: PLC0415

    model = tiny(qwen3_checkpoint)
    question = Question((noise(), "Good?"), 42)
    expected = model.ask([question])
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    assert model.ask([question]) == expected
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    assert before == after
    torch.manual_seed(7)
    assert model.ask([question]) == expected, "the reply depends on its own seed alone"


def test_the_packages_die_is_loaded(qwen3_checkpoint: Path) -> None:
    """Its imputed scores follow the seed that it gave the process; ours have no die at all."""
    from editscore import EditScore  # noqa: PLC0415

    guesses = []
    for _ in range(2):
        scorer = EditScore(backbone="recorded", num_pass=1, seed=42)
        scorer.model = RecordedBackend({}, scorer.PQ_prompt)
        random.seed(42)
        guesses.append(scorer.evaluate([Pictures.fromarray(PICTURE)] * 2, "Dusk")["overall"])
    assert guesses[0] == guesses[1] > 0
    settings = ScoreSettings(ScoreScale(passes=1), max_tries=1)
    (scoring,) = score([CANDIDATE], tiny(qwen3_checkpoint), WORDS, settings)
    assert scoring.fault is not None
    assert scoring.answers("SC") == []


# ------------------------------------------------------------------ what is known from before
def judge(
    checkpoint: Path, sampling: Sampling = SHORT, words: PromptTemplate = WORDS, **settings: Any
) -> Judge:
    """A judge with some settings."""
    found = ScoreSettings(ScoreScale(settings.pop("score_range", 25), settings.pop("passes", 4)), **settings)
    return Judge(tiny(checkpoint, sampling), words, found)


def test_other_settings_are_another_judge(qwen3_checkpoint: Path) -> None:
    """The package's cache knows a pair by its name alone, and gives the scores of any other model and settings."""
    others = [
        judge(qwen3_checkpoint, replace(SHORT, temperature=0.6)),
        judge(qwen3_checkpoint, replace(SHORT, top_p=0.8)),
        judge(qwen3_checkpoint, replace(SHORT, top_k=10)),
        judge(qwen3_checkpoint, replace(SHORT, presence_penalty=1.5)),
        judge(qwen3_checkpoint, replace(SHORT, max_new_tokens=13)),
        judge(qwen3_checkpoint, words=replace(WORDS, quality="Another question")),
        *(
            judge(qwen3_checkpoint, **setting)
            for setting in (
                {"score_range": 10},
                {"passes": 1},
                {"seed": 1},
                {"max_tries": 2},
                {"is_constrained": True},
                {"has_labels": True},
            )
        ),
    ]
    same = {judge(qwen3_checkpoint).digest, judge(qwen3_checkpoint, words=replace(WORDS, origin="x")).digest}
    assert len(same) == 1, "who wrote the same words does not matter"
    assert len({*same, *(other.digest for other in others)}) == 1 + len(others)


def test_where_it_computes_is_the_same_judge(qwen3_checkpoint: Path) -> None:
    """Another device or batch size asks nothing again; the number format does, since it decides draws."""
    settings = ScoreSettings(ScoreScale())
    one = Judge(tiny(qwen3_checkpoint, batch_size=1), WORDS, settings).digest
    assert Judge(tiny(qwen3_checkpoint, batch_size=16), WORDS, settings).digest == one
    params = ModelParams(name=str(qwen3_checkpoint), device="cuda:3", dtype="float32")
    assert Judge(choose_model(params, SHORT), WORDS, settings).digest == one
    other = params.model_copy(update={"dtype": "bfloat16"})
    assert Judge(choose_model(other, SHORT), WORDS, settings).digest != one


def test_weights_that_changed_in_place_are_another_judge(qwen3_checkpoint: Path, tmp_path: Path) -> None:
    """The package takes a merged adapter from its cache if the folder is there, half written or of other weights."""
    import shutil  # noqa: PLC0415

    folder = shutil.copytree(qwen3_checkpoint, tmp_path / "model")
    before = judge(folder).digest
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert judge(folder).digest != before
    weights.write_bytes(data[: len(data) // 2])
    assert judge(folder).digest != before
