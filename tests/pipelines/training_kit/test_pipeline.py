"""The training kit of the sample, held against the release as the standard library reads it."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import Project
from tests.loader.reference_loader import Options, load_csv

from sparkle_curation.errors import EmptyOutputError, ParameterError, StaleTableError
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from sparkle_curation.spec.themes import THEMES

TASKS = ("video_edit", "first_frame_edit", "foreground_removal", "control_video", "reference_guided")
THRESHOLD = 9.0
KIT = ("05_model_input", "training_kit")
Row = dict[str, str]


@pytest.fixture(scope="module")
def curated(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample, curated strictly, in a folder with a blank; no kit is made there."""
    project = Project(sample_release, tmp_path_factory.mktemp("kit") / "data root", {"threshold": THRESHOLD})
    project.run_here("curate")
    return project


@pytest.fixture(scope="module")
def made(curated: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A kit of all tasks; nothing of it is changed."""
    project = copied(curated, tmp_path_factory.mktemp("made") / "data root")
    project.run_here("training_kit", params={"training_kit.tasks": " ".join(TASKS)})
    return project


def copied(project: Project, root: Path) -> Project:
    """The project with outputs of its own."""
    shutil.copytree(project.data_root, root)
    return replace(project, data_root=root)


def read(path: Path) -> list[Row]:
    """The rows of a CSV, as the standard library reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kit_csv(project: Project, name: str) -> list[Row]:
    """A CSV of the kit."""
    return read(project.output(*KIT, name))


def lines(release: Path, name: str) -> Iterator[dict[str, Any]]:
    """The records of a file of scores, of all themes; a line that is no JSON is passed over."""
    for theme in THEMES:
        for line in (release / "intermediate_data" / theme / name).read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def files_of(release: Path) -> set[str]:
    """The paths of all files of the release, members of tars as if they were extracted."""
    found = set()
    for path in release.rglob("*"):
        place = path.relative_to(release)
        if path.suffix == ".tar":
            with tarfile.open(path) as tar:
                folder = place.parent
                found |= {(folder / member.name).as_posix() for member in tar if member.isfile()}
        elif path.is_file():
            found.add(place.as_posix())
    return found


def test_the_pairs_are_those_of_the_five_csvs(made: Project) -> None:
    """Cell for cell and column for column, in another order."""
    prompts = made.output("05_model_input", "kiwi_edit", "prompts")
    of_variant = [row for path in prompts.glob("*_train.csv") for row in read(path)]
    merged = kit_csv(made, "train.csv")
    assert list(merged[0]) == ["prompt", "src_video", "tgt_video", "task"]
    assert sorted(map(sorted, map(dict.items, merged))) == sorted(map(sorted, map(dict.items, of_variant)))


@pytest.mark.parametrize(
    ("name", "kinds", "is_good"),
    [
        ("first_frame_edit", ("source_frame0", "edited_frame0"), lambda first, _: first >= THRESHOLD),
        (
            "foreground_removal",
            ("edited_frame0", "edited_frame0_foreground_removed"),
            lambda first, second: first >= THRESHOLD and second >= THRESHOLD,
        ),
    ],
)
def test_stills_are_those_of_all_samples_that_passed_so_far(
    made: Project, name: str, kinds: tuple[str, str], is_good: Callable[[float, float], bool]
) -> None:
    """Counted from the release's own files: scores that pass, both stills there; more than the pairs."""
    release = made.release_root
    first, second = (
        {each["id"]: each["editscore"]["overall"] for each in lines(release, f"{stage}_score.jsonl")}
        for stage in ("edited_frame0", "edited_frame0_foreground_removed")
    )
    there = files_of(release)
    expected = {}
    for key, value in first.items():
        paths = tuple(f"intermediate_data/{key.split('_')[1]}/{kind}/{key}.png" for kind in kinds)
        if is_good(value, second.get(key, 0)) and there.issuperset(paths):
            expected[key] = paths
    rows = kit_csv(made, f"train_{name}.csv")
    told = {row["id"] for row in kit_csv(made, "dropped_rows.csv") if row["task"] == name}
    assert {row["task"]: (row["src_video"], row["tgt_video"]) for row in rows} == {
        key: paths for key, paths in expected.items() if key not in told
    }
    assert len(rows) > len(kit_csv(made, "train.csv"))


def test_references_have_a_third_column(made: Project) -> None:
    """The edited first frame beside the edges, the new background beside the source, and the joined CSV has both."""
    control, guided = kit_csv(made, "train_control_video.csv"), kit_csv(made, "train_reference_guided.csv")
    row = control[0]
    theme = row["task"].split("_")[1]
    assert row["src_video"] == f"intermediate_data/{theme}/edited_video_canny/{row['task']}.mp4"
    assert row["tgt_video"] == f"{theme}/edited_video/{row['task']}.mp4"
    assert row["ref_image"] == f"intermediate_data/{theme}/edited_frame0/{row['task']}.png"
    assert all("edited_frame0_foreground_removed" in row["ref_image"] for row in guided)
    joined = kit_csv(made, "train_references.csv")
    assert Counter(map(str, joined)) == Counter(map(str, [*control, *guided]))


def test_what_is_wanted_is_what_the_csvs_name(made: Project) -> None:
    """No file more or less, each where the release has it, with the columns of the assets."""
    wanted = pl.read_parquet(made.output("05_model_input", "wanted_media.parquet"))
    assert wanted.columns == [field.name for field in ASSET_COLUMNS]
    named = {
        row[column]
        for path in made.output(*KIT).glob("train*.csv")
        for row in read(path)
        for column in ("src_video", "tgt_video", "ref_image")
        if row.get(column)
    }
    assert sorted(wanted["path"]) == sorted(named)
    member = wanted.filter(pl.col("container").is_not_null()).row(0, named=True)
    with (made.release_root / member["container"]).open("rb") as file:
        file.seek(member["offset"] + 4)
        assert file.read(4) in (b"ftyp", b"\r\n\x1a\n")
    shards = kit_csv(made, "shards.csv")
    assert sum(int(row["members"]) for row in shards) == wanted["container"].count()


def test_the_wanted_media_alone_load_in_the_loader(
    made: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Brought out of the release by the table alone, they are all that each CSV needs: no row is replaced by another."""
    project = copied(made, tmp_path / "data")
    root = project.output("05_model_input", "extracted")
    for file in pl.read_parquet(project.output("05_model_input", "wanted_media.parquet")).iter_rows(
        named=True
    ):
        with (project.release_root / (file["container"] or file["path"])).open("rb") as source:
            source.seek(file["offset"])
            target = root / file["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read(file["size"]))
    references = tmp_path / "references.csv"
    table = pl.read_csv(project.output(*KIT, "train_references.csv"))
    table.with_columns(
        pl.col("ref_image").alias("src_video"), pl.col("ref_image").alias("tgt_video")
    ).write_csv(references)
    joined = [project.output(*KIT, f"{name}.csv") for name in ("train", "train_stills", "train_references")]
    for path in [*joined, references]:
        loaded = load_csv(path, root, Options())
        assert loaded
        assert [row for row in loaded if row.error] == []
    with caplog.at_level(logging.INFO):
        project.run_here("training_kit")
    assert {row["outcome"] for row in kit_csv(project, "extraction.csv")} == {"extracted"}
    assert "paths are there as files; see its README.md" in caplog.text


def test_the_card_and_the_facts_say_what_there_is(made: Project) -> None:
    """Counts by theme, bytes, what is not extracted and the command that mends it."""
    card = made.output(*KIT, "README.md").read_text("utf-8")
    pairs = len(kit_csv(made, "train.csv"))
    facts = json.loads(made.output(*KIT, "kit.json").read_text("utf-8"))
    assert facts["variant"]["pairs"] == pairs
    assert (facts["run"]["effective_batch"], facts["csv_order_seed"]) == (128, 0)
    for told in (
        f"({pairs:,} pairs)",
        "kedro run --pipelines extract",
        "`not_extracted`",
        "train_stills.csv",
    ):
        assert told in card
    assert len(card.splitlines()) < 60
    assert "MEDIA_ROOT=../extracted\n" in card


def test_the_card_of_weights_and_of_a_media_root_of_ones_own(curated: Project, tmp_path: Path) -> None:
    """Weights are told in words; the media are extracted to the root that the run files are then given."""
    project = copied(curated, tmp_path / "data")
    root = tmp_path / "my media"
    given = {"training_kit.shares.time": 2, "training_kit.media_root": str(root)}
    project.run_here("training_kit", params=given)
    card = project.output(*KIT, "README.md").read_text("utf-8")
    assert "Themes: by weight, time 2; 1 for one that is not named" in card
    assert f"kedro run --pipelines extract --params 'extract.folder={root}'\n" in card
    assert f"MEDIA_ROOT='{root}'\n" in card


def test_a_kit_changes_as_a_set_and_not_for_nothing(curated: Project, tmp_path: Path) -> None:
    """Even shares repeat rows, a second kit leaves no file of the first, and a task without files replaces nothing."""
    project = copied(curated, tmp_path / "data")
    kit = project.output(*KIT)
    project.run_here("training_kit", params={"training_kit.tasks": "video_edit control_video"})
    pairs = Counter(row["task"].split("_")[1] for row in kit_csv(project, "train.csv"))
    project.run_here("training_kit", params={"training_kit.shares": "even"})
    assert sorted(path.name for path in kit.glob("train*.csv")) == ["train.csv"]
    even = Counter(row["task"].split("_")[1] for row in kit_csv(project, "train.csv"))
    assert even == dict.fromkeys(pairs, max(pairs.values()))
    project.run_here("training_kit", params={"training_kit.max_rows": 3})
    dropped = [row["reason"] for row in kit_csv(project, "dropped_rows.csv")]
    assert (len(kit_csv(project, "train.csv")), dropped) == (3, ["max_rows"] * (pairs.total() - 3))
    before = {path.name: path.read_bytes() for path in kit.iterdir()}
    media = project.output("02_intermediate", "media.parquet")
    for path in media.rglob("*edited_video_canny*") if media.is_dir() else []:
        path.unlink()
    table = pl.scan_parquet(media).filter(pl.col("kind") != "edited_video_canny").collect()
    shutil.rmtree(media) if media.is_dir() else media.unlink()
    table.write_parquet(media)
    with pytest.raises(EmptyOutputError, match="'control_video' has no row"):
        project.run_here("training_kit", params={"training_kit.tasks": "control_video"})
    assert {path.name: path.read_bytes() for path in kit.iterdir()} == before


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"training_kit.tasks": "video_edits"}, "video_edit, first_frame_edit"),
        ({"training_kit.shares": "evn"}, "as_is, even, or weights above 0 by theme"),
        ({"training_kit.shares.tme": 2}, "as_is, even, or weights above 0 by theme"),
        ({"training_kit.shares.time": 0}, "as_is, even, or weights above 0 by theme"),
        ({"training_kit.max_rows": 0}, "an integer above 0, or null"),
        ({"training_kit.run.gpu": 2}, "training_kit.run.gpus"),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_told_before_anything_runs(
    project: Project, params: dict[str, object], told: str
) -> None:
    """With what is allowed."""
    with pytest.raises(ParameterError) as error:
        project.run_here("training_kit", params=params)
    assert told in f"{error.value.allowed} {error.value.todo}"


def test_a_kit_keeps_to_the_themes_of_its_variant(curated: Project, tmp_path: Path) -> None:
    """Tasks that take more than the pairs take none of a theme that was left out; verdicts of another run stop the kit."""
    project = copied(curated, tmp_path / "data")
    project.run_here("filter", params={"themes": "time season"})
    project.run_here("training_kit", params={"training_kit.tasks": "video_edit first_frame_edit"})
    pairs, stills = (
        {row["task"].split("_")[1] for row in kit_csv(project, f"{name}.csv")}
        for name in ("train", "train_first_frame_edit")
    )
    assert pairs <= stills == {"time", "season"}
    verdicts = project.output("03_primary", "verdicts.parquet")
    other = copied(curated, tmp_path / "other")
    other.run_here("filter", params={"threshold": 8})
    shutil.rmtree(verdicts)
    shutil.copytree(other.output("03_primary", "verdicts.parquet"), verdicts)
    with pytest.raises(StaleTableError, match="verdicts of thresholds 8, 8, 8"):
        project.run_here("training_kit")
