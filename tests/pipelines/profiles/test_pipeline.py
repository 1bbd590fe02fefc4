"""The profiles pipeline, run by Kedro on the sample release."""

from __future__ import annotations

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import EmptyOutputError, ParameterError
from sparkle_curation.pipelines.profiles.nodes import describe_exported_pairs, write_profiles
from sparkle_curation.pipelines.profiles.params import ProfilesGroup
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS


def test_the_variant_is_written_for_other_trainers(project: Project) -> None:
    """Each pair is in each file or in the report; the folder is written as a whole."""
    project.run_here("curate", params={"threshold": 8.5})
    project.run_here("profiles")
    folder = project.output("05_model_input", "profiles")
    names = ["README.md", "diffsynth.csv", "jsonl.jsonl", "openve.csv", "reco.json", "report.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    written = pl.read_csv(folder / "diffsynth.csv")
    report = pl.read_csv(folder / "report.csv")
    left_out = report.filter((pl.col("profile") == "diffsynth") & ~pl.col("is_exported"))["id"].n_unique()
    prompts = project.output("05_model_input", "kiwi_edit", "prompts").glob("*.csv")
    assert written.height + left_out == sum(pl.read_csv(path).height for path in prompts) > 20

    with pytest.raises(ParameterError, match=r"(?s)profiles.size.*720p81"):
        project.run_here("profiles", params={"profiles.size": "4k"})
    assert sorted(path.name for path in folder.iterdir()) == names


def test_a_profile_without_pairs_is_no_file() -> None:
    """Its reasons are told, and a command that works; with ``allow_empty`` there is a card all the same."""
    params = ProfilesGroup(names=["diffsynth"], size="480p81", control="edited_video_canny")
    text = dict.fromkeys(["id", "theme", "split", "prompt", "src_video", "tgt_video"], "a")
    variant = pl.DataFrame([text])
    media = pl.DataFrame(schema=frame_schema(MEDIA_COLUMNS))
    pairs = describe_exported_pairs(variant, media, params)
    with pytest.raises(
        EmptyOutputError, match=r"(?s)No pair of the variant is one for DiffSynth.*1 no_control"
    ):
        write_profiles(pairs, variant, params, allow_empty=False)
    assert sorted(write_profiles(pairs, variant, params, allow_empty=True)) == ["README.md", "report.csv"]
