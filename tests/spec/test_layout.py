"""Paths of the release: what is built is parsed back, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    AssetName,
    ShardName,
    asset_path,
    parse_asset_path,
    parse_shard_path,
    shard_path,
)
from sparkle_curation.spec.sample_ids import SampleId, parse_sample_id
from sparkle_curation.spec.themes import THEMES

themes = st.sampled_from(THEMES)
kinds = st.sampled_from(list(ASSET_KINDS))
numbers = st.integers(0, 999_999)


@given(themes, kinds, numbers)
def test_an_asset_path_says_what_it_was_built_from(theme: str, kind: str, number: int) -> None:
    """Theme, kind and id come back from the path of any asset."""
    sample_id = str(SampleId(theme, number))
    assert parse_sample_id(sample_id) == (theme, number)
    assert parse_asset_path(asset_path(theme, kind, sample_id)) == AssetName(theme, kind, sample_id)


@given(themes, kinds, st.integers(0, 120))
def test_a_shard_path_says_what_it_was_built_from(theme: str, kind: str, part: int) -> None:
    """Theme, kind and part come back from the path of any shard, of three digits too."""
    assert parse_shard_path(shard_path(theme, kind, part)) == ShardName(theme, kind, part)


@pytest.mark.parametrize(
    "path",
    [
        "time/source_video/Sparkle_style_000028.mp4",  # the theme of another folder
        "time/source_video/Sparkle_time_000028.png",  # the suffix of another kind
        "time/source_frame0/Sparkle_time_000028.png",  # an intermediate outside intermediate_data/
        "intermediate_data/time/source_video/Sparkle_time_000028.mp4",  # and the reverse
        "time/thumbnails/Sparkle_time_000028.mp4",
        "/time/source_video/Sparkle_time_000028.mp4",
        "time/source_video/Sparkle_time_28.mp4",
        "time/source_video/Sparkle_time_000028.mp4\n",
        "",
    ],
)
def test_other_paths_are_no_assets(path: str) -> None:
    """Folder, theme, id and suffix must all agree."""
    assert parse_asset_path(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "intermediate_data/time_source_video_part00.tar",
        "time_source_frame0_part00.tar",
        "time_source_video_part.tar",
        "time_source_video.tar",
        "dusk_source_video_part00.tar",
    ],
)
def test_other_tars_are_no_shards(path: str) -> None:
    """A shard lies where its kind does and has a part number."""
    assert parse_shard_path(path) is None
