"""A dataset is described, not compiled in: other themes, stages and datasets, curated without a change of code."""

from __future__ import annotations

import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.derived import ProjectCopy, derive_release, read_jsonl, words

pytestmark = pytest.mark.slow


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a training CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def prompts_folder(data_root: Path) -> Path:
    """Where the variant's CSVs are."""
    return data_root / "05_model_input" / "kiwi_edit" / "prompts"


def test_a_sixth_theme_is_a_change_of_one_file(sample_release: Path, tmp_path: Path) -> None:
    """It is ingested, filtered, exported and drawn as the others are; its samples are those it was copied from."""
    release, data_root = tmp_path / "release", tmp_path / "data"
    replaced = words({"season": "weather"})
    derive_release(sample_release, release, lambda path: path, lambda text: text)
    derive_release(
        sample_release,
        release,
        lambda path: replaced(path) if "season" in path else None,
        words({"Sparkle_season_": "Sparkle_weather_", "season/": "weather/", '"season"': '"weather"'}),
    )
    project = ProjectCopy(tmp_path / "project")
    theme = {"name": "weather", "title": "Weather", "colour": "#D55E00"}
    project.change_dataset(lambda dataset: dataset["themes"].append(theme))
    run = project.run("--pipelines", "curate", "--params", f"release_root={release},data_root={data_root}")
    assert run.returncode == 0, run.stderr

    season, weather = (
        rows_of(prompts_folder(data_root) / f"{name}_train.csv") for name in ("season", "weather")
    )
    assert season
    assert weather == [
        {name: words({"season/": "weather/", "_season_": "_weather_"})(cell) for name, cell in row.items()}
        for row in season
    ]
    reports = data_root / "08_reporting"
    counts = json.loads((reports / "curation_metrics.json").read_text())
    assert counts["themes"]["weather"] == counts["themes"]["season"]
    for figure in ("funnel_figure.json", "threshold_sweep_figure.json"):
        assert "weather" in (reports / figure).read_text(), figure
    assert "#D55E00" in (reports / "funnel_figure.json").read_text()
    for table in ("funnel.csv", "score_histograms.csv"):
        assert any("weather" in line for line in (reports / table).read_text().splitlines()), table
    assert "`weather`" in (data_root / "05_model_input" / "kiwi_edit" / "README.md").read_text()
    assert project.differing_sources() == []


def test_a_fourth_stage_with_two_criteria_is_a_change_of_one_file(
    sample_release: Path, tmp_path: Path
) -> None:
    """A score of the background video: its mean and its worst frame each reject with a reason, and have a threshold."""
    release, data_root = tmp_path / "release", tmp_path / "data"
    derive_release(sample_release, release, lambda path: path, lambda text: text)
    for path in release.glob("intermediate_data/*/edited_video_score.jsonl"):
        lines = []
        for place, record in enumerate(map(json.loads, path.read_text("utf-8").splitlines())):
            for number, frame in enumerate(record["editscore"]):
                frame["O_score"] = [9.0, 9.0, 9.0, 9.0 - 4.0 * (place % 3 == 1)][number] - 2.0 * (
                    place % 3 == 2
                )
            lines.append(json.dumps(record) + "\n")
        (path.parent / "edited_background_video_score.jsonl").write_text("".join(lines), "utf-8")

    stage: dict[str, Any] = {
        "name": "background_video",
        "title": "the background video (stage 3)",
        "file": "edited_background_video_score.jsonl",
        "shape": "frames",
        "judged": ["source_video", "edited_background_video"],
        "criteria": [
            {"field": "O_score", "reducer": "mean", "threshold": 7.5},
            {"name": "worst_frame", "field": "O_score", "reducer": "min", "threshold": 6.0},
        ],
    }
    project = ProjectCopy(tmp_path / "project")
    project.change_dataset(lambda dataset: dataset["scores"]["stages"].insert(2, stage))
    # Their numbers are no answers of a judge, so the audit knows: the samples are kept all the same.
    run = project.run("--pipelines", "curate", "--params", f"release_root={release},data_root={data_root}")
    assert run.returncode == 0, run.stderr

    metrics = json.loads((data_root / "08_reporting" / "curation_metrics.json").read_text())
    total = metrics["total"]["stages"]
    assert list(total) == [
        "edited_frame0", "foreground_removed", "background_video", "background_video_worst_frame", "edited_video",
    ]  # fmt: skip
    assert total["background_video"]["rejected"] > 0
    assert total["background_video_worst_frame"]["rejected"] > 0
    background = read_jsonl(release.glob("intermediate_data/*/edited_background_video_score.jsonl"))
    for path in sorted(prompts_folder(data_root).glob("*_train.csv")):
        for row in rows_of(path):
            scores = [frame["O_score"] for frame in background[row["task"]]["editscore"]]
            assert statistics.fmean(scores) >= 7.5
            assert min(scores) >= 6.0

    # At other thresholds than the described ones they would be rejected, were that not asked for.
    looser = f"release_root={release},data_root={data_root},thresholds.background_video_worst_frame=0"
    run = project.run("--pipelines", "curate", "--params", f"{looser},imputed_scores=keep")
    assert run.returncode == 0, run.stderr
    metrics = json.loads((data_root / "08_reporting" / "curation_metrics.json").read_text())
    assert metrics["total"]["stages"]["background_video_worst_frame"]["rejected"] == 0
    assert project.differing_sources() == []


OTHER_ID = re.compile(r"Sparkle_(location|season)_([0-9]{6})")
THEMES = {"location": "indoor", "season": "outdoor"}
KINDS = {
    "source_video": "before",
    "edited_video": "after",
    "source_frame0": "before_still",
    "edited_frame0": "after_still",
}


def as_other(text: str) -> str:
    """A text of the sample in the names of the other dataset."""
    text = OTHER_ID.sub(lambda found: f"Clip-{THEMES[found[1]]}-{found[2]:0>8}", text)
    for old, new in {**THEMES, "source_video": "before", "edited_video": "after"}.items():
        text = text.replace(f"{old}/", f"{new}/").replace(f'"edit_type": "{old}"', f'"edit_type": "{new}"')
    return text


def other_path(path: str) -> str | None:
    """Where a file of the sample lies in the other dataset; None for one that it does not have."""
    theme = next((theme for theme in THEMES if f"{theme}/" in path or f"{theme}_" in path), None)
    if theme is None or "grounding" in path:
        return None
    path = OTHER_ID.sub(lambda found: f"Clip-{THEMES[found[1]]}-{found[2]:0>8}", path)
    path = re.sub(rf"(?<![a-z]){theme}(?=[/_])", THEMES[theme], path)
    names = {"edited_frame0_score.jsonl": "still_score.jsonl", "edited_video_score.jsonl": "clip_score.jsonl"}
    if Path(path).suffix == ".jsonl" and "prompts/" not in path:
        return (
            f"{Path(path).parent.as_posix()}/{names[Path(path).name]}" if Path(path).name in names else None
        )
    if path.startswith("prompts/"):
        return path
    kind = next(
        (kind for kind in sorted(KINDS, key=len, reverse=True) if re.search(rf"[/_]{kind}(/|_part)", path)),
        None,
    )
    if kind is None or re.search(r"foreground_removed|canny|mask|background", path):
        return None
    return path.replace(kind, KINDS[kind])


def other_dataset(dataset: dict[str, Any]) -> None:
    """Turn the description of the sample into that of the other dataset."""
    still, _, clip = dataset["scores"]["stages"]
    dataset.update(
        name="clips",
        title="Clips",
        repository=None,
        paper=None,
        identity={"pattern": "Clip-{theme}-{number}", "digits": 8},
        themes=[{"name": "indoor"}, {"name": "outdoor"}],
        assets=[
            {**asset, "name": KINDS[asset["name"]]} for asset in dataset["assets"] if asset["name"] in KINDS
        ],
        licences=[{"id": "cc0-1.0"}],
        references=[],
        training_tasks=[],
        benchmark=None,
    )
    del dataset["groundings"]
    still.update(name="still", file="still_score.jsonl", judged=["before_still", "after_still"])
    clip.update(name="clip", file="clip_score.jsonl", judged=["before", "after"])
    dataset["scores"]["stages"] = [still, clip]


def test_a_second_dataset_is_an_environment(sample_release: Path, tmp_path: Path) -> None:
    """Other themes, ids of eight digits, kinds and stages, no groundings: described in conf/other, run with --env other."""
    release = tmp_path / "clips"
    derive_release(sample_release, release, other_path, as_other)
    project = ProjectCopy(tmp_path / "project")
    project.change_dataset(other_dataset, "other")
    params = ("--env", "other", "--pipelines", "curate", "--params", f"release_root={release}")
    (project.root / "conf" / "other" / "globals.yml").write_text("data_root: data_other\n", "utf-8")
    run = project.run(*params)
    assert run.returncode == 0, run.stderr

    stills = read_jsonl(release.glob("intermediate_data/*/still_score.jsonl"))
    clips = read_jsonl(release.glob("intermediate_data/*/clip_score.jsonl"))
    kept = {
        name
        for name, record in stills.items()
        if record["editscore"]["overall"] >= 8
        and name in clips
        and statistics.fmean(frame["O_score"] for frame in clips[name]["editscore"]) >= 8
    }
    written = prompts_folder(project.root / "data_other")
    assert sorted(path.name for path in written.glob("*.csv")) == ["indoor_train.csv", "outdoor_train.csv"]
    rows = [row for path in written.glob("*.csv") for row in rows_of(path)]
    assert {row["task"] for row in rows} == kept
    assert all(
        re.fullmatch(r"(indoor|outdoor)/before/Clip-\1-[0-9]{8}\.mp4", row["src_video"]) for row in rows
    )
    assert "license: cc0-1.0" in (written.parent / "README.md").read_text()
    assert project.differing_sources() == []
