"""What the count of instructions says of samples that have none."""

from __future__ import annotations

import logging

import polars as pl
import pytest

from sparkle_curation.pipelines.instruct.nodes import count_instructions


def test_a_theme_without_scenes_is_told_with_the_file_of_scenes(caplog: pytest.LogCaptureFixture) -> None:
    """Which themes lack scenes and where they are written; another fault is told alone."""
    table = pl.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "theme": ["weather", "weather", "time", "time"],
            "chosen_keyword": [None, None, None, "dusk: a quay"],
            "is_ours": [None, None, None, False],
            "fault": ["no_scene", "no_scene", "refused", None],
        }
    )
    with caplog.at_level(logging.WARNING):
        counts = count_instructions(table)
    assert counts["count"].sum() == 4
    way = "write scenes of weather into conf/base/prompts/scenes.yml, and run instruct again"
    assert sorted(caplog.messages) == [
        "instructions: 1 samples have none: refused",
        f"instructions: 2 samples have none: no_scene; {way}",
    ]
