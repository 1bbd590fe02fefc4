"""A Qwen3-VL in this process judges frames, without a server, a key or money."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench.judging.made import judge_all, made_tables, rubric_files, rubric_named

from sparkle_curation.bench.judging import judge as judge_module
from sparkle_curation.bench.judging.judge import BenchJudge, JudgeSettings
from sparkle_curation.bench.judging.rubric import own_instructions
from sparkle_curation.models.choice import choose_video_model
from sparkle_curation.models.params import VideoModelParams
from sparkle_curation.models.questions import Sampling

pytestmark = pytest.mark.slow


def test_a_model_in_this_process_judges_frames(
    qwen3_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held to the form of an answer, since its weights are random; its name is the one that answered."""
    monkeypatch.setattr(judge_module, "MOST_REASONING_CHARS", 8)  # a token of it is a byte
    params = VideoModelParams(
        backend="transformers", name=str(qwen3_checkpoint), device="cpu", dtype="float32", batch_size=2
    )
    sampling = Sampling(temperature=0.0, top_p=1.0, top_k=None, max_new_tokens=300)
    settings = JudgeSettings(shown="frames", frame_rate=0.5, max_tries=1, has_schema=True)
    rubric = rubric_named("sparkle")
    judge = BenchJudge(
        choose_video_model(params, sampling, None, None),
        own_instructions("sparkle", rubric, rubric_files()),
        settings,
    )
    judgments, scores = judge_all(judge, tmp_path, made_tables(2), threads=None)
    assert judgments.select("state", "fault_detail").rows() == [("judged", None)] * 2
    assert judgments["flags"].to_list() == [["json"], ["json"]]
    assert set(judgments["answering_model"]) == {qwen3_checkpoint.name}
    assert set(judgments["frame_rate"]) == {0.5}
    assert judgments["cost"].null_count() == 2
    assert scores.height == 12
    size = (tmp_path / "bench.journal").stat().st_size
    judge_all(judge, tmp_path, made_tables(2), threads=None)
    assert (tmp_path / "bench.journal").stat().st_size == size
