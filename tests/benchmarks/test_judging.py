"""The benchmark of judging still runs, on a tiny model; its numbers say nothing then."""

from __future__ import annotations

import pytest
from benchmarks.judging import CONTENDERS, SIZES, RandomModel, measure
from tests.models.torch_operators import declare_operators

from sparkle_curation.models.questions import Sampling
from sparkle_curation.models.transformers_model import Device


@pytest.mark.slow
def test_both_contenders_ask_all_questions() -> None:
    """Each has a rate a round, whatever it is; replies have the length that was asked for."""
    declare_operators()
    model = RandomModel(SIZES["tiny"], Sampling(max_new_tokens=4), Device("cpu", "float32", 8))
    found = measure(model, SIZES["tiny"], samples=2, rounds=1)
    assert {name: len(rates) for name, rates in found.items()} == dict.fromkeys(CONTENDERS, 1)
