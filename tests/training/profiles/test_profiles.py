"""The variant in the forms of other trainers: literal pairs in, literal texts and reasons out."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import polars as pl
import pytest

from sparkle_curation.training.profiles.card import describe_profiles
from sparkle_curation.training.profiles.exporting import file_name, fit_pairs, write_profile
from sparkle_curation.training.profiles.known import DIFFSYNTH, JSONL, OPENVE, PROFILES, RECO
from sparkle_curation.training.profiles.pairs import describe_pairs
from sparkle_curation.training.profiles.profile import PRESETS, ExportProfile

PRESET = PRESETS["480p81"]
HD = (81, 1280, 720)


def pair(name: str, *, prompt: str = "Dusk", split: str = "train") -> dict[str, str]:
    """A row of a variant."""
    return {
        "id": f"Sparkle_time_{name}",
        "theme": "time",
        "split": split,
        "prompt": prompt,
        "src_video": f"time/source_video/Sparkle_time_{name}.mp4",
        "tgt_video": f"time/edited_video/Sparkle_time_{name}.mp4",
    }


def medium(
    name: str, kind: str, frames: int, width: int, height: int, error: str | None = None
) -> dict[str, Any]:
    """A row of the table of media."""
    folder = f"time/{kind}" if kind.endswith("_video") else f"intermediate_data/time/{kind}"
    return {
        "id": f"Sparkle_time_{name}",
        "theme": "time",
        "kind": kind,
        "path": f"{folder}/Sparkle_time_{name}.mp4",
        "container": None,
        "frame_count": frames,
        "width_px": width,
        "height_px": height,
        "fps": 16.0,
        "error": error,
    }


def media(*rows: dict[str, Any]) -> pl.DataFrame:
    """The table of media."""
    texts = dict.fromkeys(["id", "theme", "kind", "path", "container", "error", "error_detail"], pl.String)
    numbers = dict.fromkeys(["frame_count", "width_px", "height_px"], pl.Int32)
    counts = dict.fromkeys(["lost_frame_count", "repeated_frame_count"], pl.Int32)
    hashes = dict.fromkeys(["sampling_hash", "index_hash", "content_hash", "frames_hash"], pl.String)
    return pl.DataFrame(list(rows), schema={**texts, **numbers, "fps": pl.Float64, **counts, **hashes})


def both(
    name: str, source: tuple[int, int, int] = HD, edited: tuple[int, int, int] = HD
) -> list[dict[str, Any]]:
    """The media of a pair."""
    return [medium(name, "source_video", *source), medium(name, "edited_video", *edited)]


CASES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int], dict[str, list[str]]]] = {
    "whole": (HD, HD, {}),
    "one_frame_less": (
        (80, 1280, 720),
        HD,
        {"diffsynth": ["other_length"], "openve": ["other_length"], "reco": ["other_length"]},
    ),
    "same_once_cut": (
        (80, 1280, 720),
        (78, 1280, 720),
        {"diffsynth": ["shorter"], "openve": ["other_length"], "reco": ["other_length"]},
    ),
    "longer": ((100, 1280, 720), HD, {"openve": ["other_length"], "reco": ["other_length"]}),
    "short": (
        (69, 1280, 720),
        (69, 1280, 720),
        {"diffsynth": ["shorter"], "openve": ["shorter"], "reco": ["shorter"]},
    ),
    "smaller_source": ((81, 640, 360), HD, {"openve": ["other_size"], "reco": ["other_size"]}),
    "small": ((81, 640, 360), (81, 640, 360), {"diffsynth": ["enlarged"]}),
    "turned": (
        (81, 720, 1280),
        HD,
        {"diffsynth": ["other_shape"], "openve": ["other_size"], "reco": ["other_size"]},
    ),
}
"""Name -> frames, width and height of source and edited video, and by profile the reasons that are told; else none."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_each_loader_has_a_rule_of_its_own(case: str, profile: ExportProfile) -> None:
    """Of length and size; plain JSONL has none. What cannot be loaded is left out, what is odd is told and stays."""
    source, edited, expected = CASES[case]
    pairs = describe_pairs(
        pl.DataFrame([pair("000001")]), media(*both("000001", source, edited)), "source_video"
    )
    rows, report = fit_pairs(pairs, profile, PRESET)
    reasons = expected.get(profile.name, [])
    assert report["reason"].to_list() == reasons
    assert rows.height == (0 if {"other_length", "other_size"} & {*reasons} else 1)


def test_details_give_the_numbers() -> None:
    """As the loader takes them, not as they stand in the file."""
    variant = pl.DataFrame([pair("000001"), pair("000002")])
    found = media(*both("000001", (80, 1280, 720)), *both("000002", HD, (81, 640, 360)))
    pairs = describe_pairs(variant, found, "source_video")
    assert fit_pairs(pairs, DIFFSYNTH, PRESET).report.select("id", "detail").rows() == [
        ("Sparkle_time_000001", "control 77, edited 81"),
        ("Sparkle_time_000002", "640 x 360"),
    ]
    assert fit_pairs(pairs, RECO, PRESET).report["detail"].to_list() == [
        "source 80, edited 81",
        "source 1280 x 720, edited 640 x 360",
    ]


def test_a_control_video_of_another_kind_is_looked_up() -> None:
    """One that is absent or broken costs the pair; profiles without a control keep it."""
    names = ["000001", "000002", "000003"]
    canny = [
        medium("000001", "edited_video_canny", *HD),
        medium("000002", "edited_video_canny", *HD, error="no_index"),
    ]
    rows = [row for name in names for row in both(name)]
    pairs = describe_pairs(
        pl.DataFrame([pair(name) for name in names]), media(*rows, *canny), "edited_video_canny"
    )
    fitted = fit_pairs(pairs, DIFFSYNTH, PRESET)
    assert fitted.rows["control"].to_list() == [canny[0]["path"]]
    assert fitted.report.select("id", "reason").rows() == [
        ("Sparkle_time_000002", "no_control"),
        ("Sparkle_time_000003", "no_control"),
    ]
    assert fit_pairs(pairs, OPENVE, PRESET).rows.height == 3


def test_what_was_not_inspected_is_exported_and_told() -> None:
    """As the preflight does: the part may not have been downloaded."""
    pairs = describe_pairs(pl.DataFrame([pair("000001")]), media(), "source_video")
    rows, report = fit_pairs(pairs, DIFFSYNTH, PRESET)
    assert rows.height == 1
    assert report.select("reason", "is_exported").rows() == [("not_inspected", True)]

    elsewhere = pair("000001") | {"src_video": "clips/a.mp4"}
    pairs = describe_pairs(pl.DataFrame([elsewhere]), media(*both("000001")), "source_video")
    assert fit_pairs(pairs, DIFFSYNTH, PRESET).report["reason"].to_list() == ["not_inspected"]


def test_a_control_whose_frames_run_out_costs_the_pair() -> None:
    """FFmpeg writes 79 of its 81, and the loader counts on all; one of 100 has enough."""
    names = ["000001", "000002"]
    edges = [
        {
            **medium(name, "edited_video_canny", frames, 1280, 720),
            "lost_frame_count": 2,
            "repeated_frame_count": 0,
        }
        for name, frames in zip(names, (81, 100), strict=True)
    ]
    found = media(*(row for name in names for row in both(name)), *edges)
    pairs = describe_pairs(pl.DataFrame([pair(name) for name in names]), found, "edited_video_canny")
    assert fit_pairs(pairs, DIFFSYNTH, PRESET).report.select("id", "reason", "detail").rows() == [
        ("Sparkle_time_000001", "frames_run_out", "control")
    ]
    assert fit_pairs(pairs, RECO, PRESET).rows.height == 2


def test_what_is_known_to_be_broken_or_absent_is_left_out() -> None:
    """Of a variant that keeps such pairs; plain JSONL, which has no loader to go by, has them without facts."""
    source, edited = both("000001")
    found = media({**source, "error": "truncated"}, edited, both("000002")[0], *both("000003"))
    variant = pl.DataFrame([pair(f"00000{number}") for number in (1, 2, 3)])
    pairs = describe_pairs(variant, found, "source_video")
    for profile, video in ((DIFFSYNTH, "control"), (OPENVE, "source"), (RECO, "source")):
        rows, report = fit_pairs(pairs, profile, PRESET)
        assert rows["id"].to_list() == ["Sparkle_time_000003"]
        assert report.select("id", "reason", "detail").rows() == [
            ("Sparkle_time_000001", "broken", video),
            ("Sparkle_time_000002", "broken", "edited"),
        ]
    assert fit_pairs(pairs, JSONL, PRESET).rows["edited_frame_count"].to_list() == [81, None, 81]


def test_texts_are_read_back_as_they_were() -> None:
    """By pandas, which reads a prompt of NA as missing: that pair is in no CSV; and by json."""
    prompts = ['Say "dusk",\nthen\rnight', "夕暮れ — مساء", "NA", " plain "]
    variant = pl.DataFrame(
        [pair(f"{number:06d}", prompt=text) for number, text in enumerate(prompts)]
        + [pair("000009", split="val")]
    )
    found = media(*(row for name in variant["id"].str.slice(-6) for row in both(name)))
    pairs = describe_pairs(variant, found, "source_video")
    texts = {
        name: text
        for each in PROFILES.values()
        for name, text in write_profile(fit_pairs(pairs, each, PRESET).rows, each).items()
    }
    assert sorted(texts) == sorted(
        file_name(each, split) for each in PROFILES.values() for split in ("train", "val")
    )
    csv = pd.read_csv(io.StringIO(texts["diffsynth.csv"], newline=""))
    assert csv.columns.to_list() == ["video", "vace_video", "prompt"]
    assert csv["prompt"].to_list() == [prompts[0], prompts[1], prompts[3]]
    assert csv["vace_video"][0] == "time/source_video/Sparkle_time_000000.mp4"
    assert pd.read_csv(io.StringIO(texts["openve.csv"], newline="")).columns.to_list() == [
        "video",
        "original_video",
        "prompt",
    ]
    assert [row["instruction_final_refine"] for row in json.loads(texts["reco.json"])] == prompts
    lines = [json.loads(line) for line in texts["jsonl.jsonl"].splitlines()]
    assert [line["prompt"] for line in lines] == prompts
    assert lines[0] == {
        "id": "Sparkle_time_000000",
        "theme": "time",
        "frame_count": 81,
        "fps": 16.0,
        "width_px": 1280,
        "height_px": 720,
        "source": "time/source_video/Sparkle_time_000000.mp4",
        "edited": "time/edited_video/Sparkle_time_000000.mp4",
        "prompt": prompts[0],
    }
    assert len(json.loads(texts["reco_val.json"])) == 1


def test_the_card_says_what_each_trainer_is_told() -> None:
    """With the options filled in, and how many pairs are left out."""
    pairs = describe_pairs(
        pl.DataFrame([pair("000001")]), media(*both("000001", (80, 1280, 720))), "source_video"
    )
    fitted = {each.name: fit_pairs(pairs, each, PRESET) for each in (DIFFSYNTH, JSONL)}
    card = describe_profiles([DIFFSYNTH, JSONL], fitted, ("abc", 1), "480p81", PRESET)
    assert "for 480p81: 832 x 480, 81 frames" in card
    assert (
        "| DiffSynth-Studio from 2.1.10, training of VACE | 0 | 1 | `--dataset_base_path ../extracted "
        in card
    )
    assert "--extra_inputs vace_video --height 480 --width 832 --num_frames 81`" in card
    assert "| plain JSONL | 1 | 0 | `jsonl.jsonl, with paths from ../extracted` |" in card
