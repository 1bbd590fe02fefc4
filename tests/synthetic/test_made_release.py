"""The release in `data/01_raw/sparkle_sample` has the published layout and formats, and comes out the same again."""

from __future__ import annotations

import math
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sparkle_curation.spec.fields import Field, ListOf, Struct
from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    asset_path,
    parse_asset_path,
    parse_shard_path,
    shard_path,
)
from sparkle_curation.spec.sample_ids import parse_sample_id
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import JSONL_TABLES, METADATA_RECORD
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES
from synthetic.__main__ import SAMPLES_A_THEME, SEED, main
from synthetic.encode import encoder_versions
from synthetic.release_writer import PREVIEW_COUNT, release_files, tar_bytes

if TYPE_CHECKING:
    from conftest import MadeRelease

TEXT_SUFFIXES = (".csv", ".jsonl")
TABLES_BY_STAGE_REACHED = {
    "edited_frame0": {"edited_frame0_scores"},
    "foreground_removed": {"edited_frame0_scores", "foreground_removed_scores", "grounding_r1"},
    "edited_video": set(JSONL_TABLES),
}
KINDS_BY_STAGE_REACHED = {
    "edited_frame0": {"source_frame0", "edited_frame0"},
    "foreground_removed": {"source_frame0", "edited_frame0", "edited_frame0_foreground_removed"},
    "edited_video": set(ASSET_KINDS),
}


def test_every_file_has_a_place_in_the_published_layout(made_release: MadeRelease) -> None:
    """Each path is a CSV, a JSONL file, a shard, a loose asset or the README, and each tar member is an asset."""
    odd = [
        path
        for path in made_release.files
        if not (path.endswith(TEXT_SUFFIXES) or parse_shard_path(path) or parse_asset_path(path))
    ]
    odd_members = [
        path for shard in made_release.members.values() for path in shard if not parse_asset_path(path)
    ]

    assert (odd, odd_members) == (["README.md"], [])
    assert sum(path.endswith(TEXT_SUFFIXES) for path in made_release.files) == len(THEMES) * 7


def test_the_release_takes_at_most_four_megabytes(made_release: MadeRelease) -> None:
    """It lies in git, and every clone pays for it."""
    assert sum(map(len, made_release.files.values())) <= 4_000_000


def test_shards_hold_their_own_kind_and_location_has_two_parts(made_release: MadeRelease) -> None:
    """A member's theme and kind are those of its shard; two kinds of video and one intermediate are cut in two."""
    for path, members in made_release.members.items():
        theme, kind, _ = parse_shard_path(path) or (None, None, None)
        names = [parse_asset_path(member) for member in members]
        assert {(name.theme, name.kind) for name in names if name} == {(theme, kind)}

    cut = {path for path in made_release.members if "_part01" in path}
    assert cut == {
        shard_path("location", kind, 1) for kind in ("source_video", "edited_video", "source_video_mask")
    }


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_knows_24_samples_and_keeps_two_thirds(made_release: MadeRelease, theme: str) -> None:
    """The first score file knows all samples, the CSV 16 to 18 of them; ids are sparse and in order."""
    known, kept = list(made_release.records(theme, "edited_frame0_scores")), made_release.csv_rows(theme)
    numbers = [parsed.number for parsed in map(parse_sample_id, known) if parsed and parsed.theme == theme]

    assert len(known) == len(numbers) == 24
    assert numbers == sorted(set(numbers))
    assert numbers[-1] > 2 * len(numbers)
    assert 16 <= len(kept) <= 18
    assert [row["task"] for row in kept] == [
        sample for sample in known if sample in {row["task"] for row in kept}
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_the_first_kept_samples_lie_loose_and_no_asset_lies_twice(
    made_release: MadeRelease, theme: str
) -> None:
    """The previews are the first four rows of the CSV with all eight kinds; the rest are in the shards alone."""
    previews = [row["task"] for row in made_release.csv_rows(theme)[:PREVIEW_COUNT]]
    loose = {path for path in made_release.loose_assets if parse_asset_path(path).theme == theme}  # type: ignore[union-attr]
    in_shards = [path for members in made_release.members.values() for path in members]

    assert loose == {asset_path(theme, kind, sample) for kind in ASSET_KINDS for sample in previews}
    assert len(in_shards) == len(set(in_shards))
    assert not loose & set(in_shards)


@pytest.mark.parametrize("theme", THEMES)
def test_the_csv_and_its_metadata_tell_the_same(made_release: MadeRelease, theme: str) -> None:
    """Same ids and prompts in the same order; paths are those of the layout; openve3m has no keyword."""
    rows, records = made_release.csv_rows(theme), made_release.metadata(theme)

    assert [(row["task"], row["prompt"]) for row in rows] == [(one["id"], one["prompt"]) for one in records]
    assert all(row["src_video"] == asset_path(theme, "source_video", row["task"]) for row in rows)
    assert all(row["tgt_video"] == asset_path(theme, "edited_video", row["task"]) for row in rows)
    assert {one["metadata"]["edit_type"] for one in records} == {METADATA_EDIT_TYPES[theme]}
    assert {"chosen_keyword" in one["metadata"] for one in records} == {theme != "openve3m"}
    assert all(": " in one["metadata"].get("chosen_keyword", ": ") for one in records)


@pytest.mark.parametrize("theme", THEMES)
def test_each_line_has_the_published_members(made_release: MadeRelease, theme: str) -> None:
    """Every JSON object has the members that the card names, in its order, and of their types."""
    for table in JSONL_TABLES.values():
        for record in made_release.records(theme, table.name).values():
            assert_has_fields(record, table.published)
    for record in made_release.metadata(theme):
        assert_has_fields(record, METADATA_RECORD)


def assert_has_fields(record: object, fields: tuple[Field, ...]) -> None:
    """The object has these members and no others, optional ones aside."""
    assert isinstance(record, dict)
    assert list(record) == [field.name for field in fields if field.name in record or not field.is_optional]
    for field in fields:
        if field.name in record:
            assert_has_type(record[field.name], field)


def assert_has_type(value: object, field: Field) -> None:
    """The value is of the field's type and within its bounds."""
    element = field.type
    values = [value]
    while isinstance(element, ListOf):
        assert all(isinstance(one, list) for one in values)
        values, element = [inner for one in values for inner in one], element.element  # type: ignore[attr-defined]
    for one in values:
        if isinstance(element, Struct):
            assert_has_fields(one, element.fields)
        elif element == "string":
            assert isinstance(one, str)
            assert one
        else:
            assert isinstance(one, int | float)
            assert (field.minimum or 0) <= one <= (math.inf if field.maximum is None else field.maximum)


@pytest.mark.parametrize("theme", THEMES)
def test_a_rejected_sample_leaves_nothing_behind_the_stage_that_rejected_it(
    made_release: MadeRelease, theme: str
) -> None:
    """Each stage rejects some; a sample has the files up to that stage, and only kept ones are in the CSV."""
    kept = {row["task"] for row in made_release.csv_rows(theme)}
    reached_last: dict[str, list[str]] = {stage.name: [] for stage in STAGES}
    for sample in made_release.records(theme, "edited_frame0_scores"):
        scores = stage_scores(made_release, theme, sample)
        last = list(scores)[-1]
        passed = [scores[stage.name] >= stage.published_threshold for stage in STAGES if stage.name in scores]
        assert all(passed[:-1])
        assert (passed[-1] and last == "edited_video") == (sample in kept)
        if sample not in kept:
            reached_last[last].append(sample)
        tables = {table for table in JSONL_TABLES if sample in made_release.records(theme, table)}
        kinds = {kind for kind in ASSET_KINDS if asset_path(theme, kind, sample) in made_release.assets}
        assert (tables, kinds) == (TABLES_BY_STAGE_REACHED[last], KINDS_BY_STAGE_REACHED[last])

    assert all(len(samples) >= 2 for samples in reached_last.values())


def test_stricter_thresholds_still_leave_something_to_see(made_release: MadeRelease) -> None:
    """Of 80 kept samples, 8.5 at all stages rejects a fair part and 9.0 most, but neither all of them."""
    scores = [
        stage_scores(made_release, theme, sample)
        for theme in THEMES
        for sample in (row["task"] for row in made_release.csv_rows(theme))
    ]
    kept = {threshold: sum(min(one.values()) >= threshold for one in scores) for threshold in (8.0, 8.5, 9.0)}

    assert kept[8.0] == len(scores)
    assert 0.3 * len(scores) < kept[8.5] < 0.7 * len(scores)
    assert 5 <= kept[9.0] < 0.25 * len(scores)


def test_a_kept_sample_of_each_theme_scores_exactly_the_threshold(made_release: MadeRelease) -> None:
    """Keep is `score >= threshold`: 8.0 itself is in the release at the first and the last stage."""
    for theme in THEMES:
        scores = [stage_scores(made_release, theme, row["task"]) for row in made_release.csv_rows(theme)]
        assert any(one["edited_frame0"] == one["edited_video"] == 8.0 for one in scores)


def stage_scores(made_release: MadeRelease, theme: str, sample: str) -> dict[str, float]:
    """The score of each stage that the sample reached, in their order."""
    scores = {}
    for stage in STAGES:
        record = made_release.records(theme, stage.table).get(sample)
        if record is not None:
            editscore = record["editscore"]
            frames = [frame["O_score"] for frame in editscore] if isinstance(editscore, list) else []
            scores[stage.name] = math.fsum(frames) / len(frames) if frames else editscore["overall"]
    return scores


def test_the_same_prompt_stands_in_all_files_of_a_sample(made_release: MadeRelease) -> None:
    """No file of the sample disagrees with another about the instruction."""
    for theme in THEMES:
        prompts: dict[str, set[str]] = {}
        for table in JSONL_TABLES:
            for sample, record in made_release.records(theme, table).items():
                prompts.setdefault(sample, set()).add(record["prompt"])
        for row in made_release.csv_rows(theme):
            prompts[row["task"]].add(row["prompt"])
        assert {len(texts) for texts in prompts.values()} == {1}


def test_the_command_writes_the_same_bytes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two runs with one seed agree in every file; another seed does not. What was written is said."""
    for folder, seed in (("one", "5"), ("two", "5"), ("other", "6")):
        main(["--out", str(tmp_path / folder), "--samples", "1", "--seed", seed])

    one, two, other = (_contents(tmp_path / folder) for folder in ("one", "two", "other"))
    assert one == two
    assert one != other
    assert "total" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other", "two"]


def _contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_the_release_in_git_is_what_the_command_writes(made_release: MadeRelease) -> None:
    """All texts and the members of all tars are the same; with the same encoders, so is every byte."""
    made = dict(release_files(SAMPLES_A_THEME, SEED))
    readme = made_release.files["README.md"].decode()

    assert set(made) == set(made_release.files)
    assert {path: made[path] for path in made if path.endswith(TEXT_SUFFIXES)} == {
        path: content for path, content in made_release.files.items() if path.endswith(TEXT_SUFFIXES)
    }
    if all(f"{name} {version}" in readme for name, version in encoder_versions().items()):
        assert [path for path in made if made[path] != made_release.files[path]] == []


def test_a_tar_reads_back_with_one_owner_and_one_time(tmp_path: Path) -> None:
    """What the tars hold does not depend on who made them, or when."""
    (tmp_path / "made.tar").write_bytes(tar_bytes([("time/a.txt", b"abc"), ("time/b.txt", b"")]))
    with tarfile.open(tmp_path / "made.tar") as made:
        members = [(one.name, one.size, one.uid, one.gid, one.uname, one.mode) for one in made]

    assert members == [("time/a.txt", 3, 0, 0, "", 0o644), ("time/b.txt", 0, 0, 0, "", 0o644)]
