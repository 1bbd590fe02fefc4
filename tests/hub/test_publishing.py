"""A variant published to a hub on loopback, and loaded from there by those who would."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlcroissant
import polars as pl
import pytest
from tests.conftest import Project
from tests.hub.conftest import RELEASE
from tests.made.hub import TOKEN, Fault, LoopbackHub
from tests.test_parameters import changed

from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.errors import (
    EmptyOutputError,
    ParameterError,
    ServerError,
    SparkleError,
    StaleTableError,
)
from sparkle_curation.hub.origin import ORIGIN, WORK
from sparkle_curation.hub.publication.responsible_ai import MEMBERS
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.parameters import check_parameters

NAME = "me/variant"
MEDIA = {"publish.webdataset": True, "publish.preview_pairs": 1, "publish.media_licences": "cc-by-4.0"}


def publish(project: Project, *, confirm: bool = True, **params: object) -> dict[str, Any]:
    """The record of a publication, and what was uploaded where it was confirmed."""
    given = {"publish.repository": NAME, "publish.confirm": confirm}
    given |= {name.replace("__", "."): value for name, value in params.items()}
    project.run_here("publish", params=given)
    record: dict[str, Any] = json.loads(project.output("08_reporting", "publish_record.json").read_text())
    return record


def variant_rows(project: Project) -> pl.DataFrame:
    """The variant as its CSVs have it."""
    return KiwiEditDataset(filepath=str(project.output("05_model_input", "kiwi_edit"))).load()


def remote(loopback: LoopbackHub) -> dict[str, bytes]:
    """What the repository holds now."""
    return loopback.repositories[NAME].commits[-1][1]


def load(loopback: LoopbackHub, code: str, folder: Path) -> Any:
    """What a program in a process of its own prints as JSON, which knows of the hub what anybody does."""
    environment = os.environ | {
        "HF_ENDPOINT": loopback.endpoint,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(folder),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


# ------------------------------------------------------------------ both ways
LOADING = """
import io, json
from datasets import Video, get_dataset_config_names, load_dataset
name = "me/variant"
found = {"configs": get_dataset_config_names(name)}
for config in ("samples", "references"):
    found[config] = {split: list(rows) for split, rows in load_dataset(name, config).items()}
shards = f"hf://datasets/{name}/webdataset/*.tar"
rows = load_dataset("webdataset", data_files=shards, split="train", streaming=True)
for column in ("source.mp4", "edited.mp4"):
    rows = rows.cast_column(column, Video(decode=False))
found["webdataset"] = [[r["__key__"], len(r["source.mp4"]["bytes"]), r["json"]["prompt"]] for r in rows]
preview = load_dataset(name, "preview")
found["is_video"] = [type(rows.features["edited_video"]).__name__ for rows in preview.values()]
import av
found["frames"] = []
for rows in preview.values():
    undecoded = rows.cast_column("source_video", Video(decode=False))
    for row in undecoded.cast_column("edited_video", Video(decode=False)):
        with av.open(io.BytesIO(row["edited_video"]["bytes"])) as clip:
            found["frames"].append(sum(1 for _ in clip.decode(video=0)))
print(json.dumps(found))
"""


def test_what_is_published_is_the_variant(
    variant: Project, loopback: LoopbackHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All configurations load by `datasets`, row for row; the card's own lines read a video back by its range.

    A second publication uploads nothing, and a changed one replaces it by one commit.
    """
    with caplog.at_level("DEBUG", logger="sparkle_curation"):
        record = publish(variant, **MEDIA)
    assert TOKEN not in caplog.text
    assert (record["is_uploaded"], record["is_private"]) == (True, True)
    assert loopback.repositories[NAME].is_private
    loopback.repositories[NAME].is_private = False  # so that who has no token may look
    rows = variant_rows(variant)
    found = load(loopback, LOADING, tmp_path / "home")
    assert found["configs"] == ["samples", "references", "preview"]
    _check_tables(found, rows, variant)
    pairs = found["webdataset"]
    of_licence = rows.filter(pl.col("theme") != "openve3m")
    assert {key: prompt for key, _, prompt in pairs} == dict(of_licence.select("id", "prompt").iter_rows())
    assert set(found["is_video"]) == {"Video"}
    assert found["frames"]
    assert min(found["frames"]) > 1
    _check_snippet(loopback, variant, tmp_path)
    _check_again(variant, loopback)


def _check_tables(found: dict[str, Any], rows: pl.DataFrame, variant: Project) -> None:
    samples = {row["id"]: (split, row) for split, each in found["samples"].items() for row in each}
    assert set(samples) == set(rows["id"])
    verdicts = pl.read_parquet(variant.output("03_primary", "verdicts.parquet"))
    scores = dict(verdicts.select("id", "edited_video_score").iter_rows())
    for row in rows.iter_rows(named=True):
        split, sample = samples[row["id"]]
        assert split == (row["theme"] if row["split"] == "train" else f"{row['theme']}_val")
        assert {name: sample[name] for name in ("prompt", "src_video", "chosen_keyword", "split")} == {
            name: row[name] for name in ("prompt", "src_video", "chosen_keyword", "split")
        }
        assert sample["edited_video_score"] == scores[row["id"]]
        assert (
            sample["subtheme"] == (row["chosen_keyword"] or "").partition(": ")[0]
            or sample["subtheme"] is None
        )
    store = AssetStore(str(variant.release_root), variant.table("assets"))
    references = [row for each in found["references"].values() for row in each]
    assert len(references) == 2 * rows.height
    for row in references:
        asset = store.find(row["id"], row["kind"])
        assert (row["file"], row["offset"], row["size"]) == (
            asset.container or asset.path,
            asset.offset,
            asset.size,
        )


def _check_snippet(loopback: LoopbackHub, variant: Project, tmp_path: Path) -> None:
    card = remote(loopback)["README.md"].decode()
    code = next(block for block in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if "Range" in block)
    code = code.replace("https://huggingface.co", loopback.endpoint)
    code += (
        "\nimport hashlib, json; print(json.dumps([row['id'], row['kind'], hashlib.md5(video).hexdigest()]))"
    )
    loopback.asked.clear()
    sample_id, kind, digest = load(loopback, code, tmp_path / "home")
    store = AssetStore(str(variant.release_root), variant.table("assets"))
    content = store.read(store.find(sample_id, kind))
    import hashlib  # noqa: PLC0415

    assert digest == hashlib.md5(content).hexdigest()  # noqa: S324 -- compares two contents
    assert sum(each.sent for each in loopback.asked if "Range" in each.headers) == len(content)


def _check_again(variant: Project, loopback: LoopbackHub) -> None:
    loopback.repositories[NAME].is_private = True
    first = dict(remote(loopback))
    commits = len(loopback.repositories[NAME].commits)
    loopback.asked.clear()
    assert publish(variant, **MEDIA)["is_uploaded"] is False
    assert loopback.writes() == []
    # Another variant: fewer files, and others.
    shards = {"publish.shard_bytes": 1, "publish.webdataset": True, "publish.media_licences": "cc-by-4.0"}
    shards |= {"publish.webdataset_kinds": "source_video_mask edited_video"}  # the second stands there anyway
    record = publish(variant, **shards)
    assert len(loopback.repositories[NAME].commits) == commits + 1
    assert record["removed_file_count"] == sum(path.startswith("preview/") for path in first)
    assert not any(path.startswith("preview/") for path in remote(loopback))
    assert remote(loopback)[".gitattributes"] == first[".gitattributes"]
    tars = [data for path, data in remote(loopback).items() if path.endswith(".tar")]
    assert len(tars) > sum(path.endswith(".tar") for path in first)
    with tarfile.open(fileobj=io.BytesIO(tars[0])) as tar:
        names = tar.getnames()
        assert {member.mtime for member in tar} == {0}
    masked = [
        name.removesuffix(".source_video_mask.npz")
        for name in names
        if name.endswith(".source_video_mask.npz")
    ]
    assert masked == [name.removesuffix(".json") for name in names if name.endswith(".json")]
    assert [name.partition(".")[2] for name in names] == [
        "source.mp4",
        "edited.mp4",
        "source_video_mask.npz",
        "json",
    ]
    assert "pairs in the shards" in remote(loopback)["README.md"].decode()


def test_croissant_is_valid_and_its_records_are_the_tables(variant: Project, loopback: LoopbackHub) -> None:
    """By `mlcroissant`; what nobody has said of responsible AI is named in card and log, and can be said."""
    said = {"publish.responsible_ai.personalSensitiveInformation": "People are seen in the videos."}
    publish(variant, confirm=False, **said)
    folder = variant.output("05_model_input", "publication")
    found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert found.metadata.ctx.issues.errors == set()
    rows = variant_rows(variant)
    theme = rows["theme"][0]
    records = [*found.records(f"samples_{theme}")]
    of_theme = rows.filter(pl.col("theme") == theme, pl.col("split") == "train")
    assert [record[f"samples_{theme}/id"].decode() for record in records] == of_theme["id"].to_list()
    members = json.loads((folder / "croissant.json").read_text())
    assert members["rai:personalSensitiveInformation"] == "People are seen in the videos."
    assert found.metadata.data_imputation_protocol
    unfilled = {name for name in MEMBERS if f"rai:{name}" not in members}
    card = (folder / "README.md").read_text()
    assert "dataBiases" in unfilled
    assert all(f"`{name}`" in card for name in unfilled)
    assert loopback.writes() == []


# ------------------------------------------------------------------ consent
def test_nothing_is_uploaded_without_confirmation(
    variant: Project, loopback: LoopbackHub, caplog: pytest.LogCaptureFixture
) -> None:
    """The files are made, the plan says what is new, and the command that uploads is told; no media are among them."""
    with caplog.at_level("INFO"):
        record = publish(variant, confirm=False)
    assert record["is_uploaded"] is False
    assert "publish.confirm=true" in caplog.text
    assert loopback.writes() == []
    plan = pl.read_csv(variant.output("08_reporting", "publish_plan.csv"))
    assert set(plan["action"]) == {"new"}
    assert not [path for path in plan["path"] if path.endswith((".mp4", ".tar", ".png"))]


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"publish.webdataset": True}, ParameterError, "publish.media_licences=cc-by-4.0"),
        (
            {"publish.preview_pairs": 1, "publish.media_licences": "mit"},
            EmptyOutputError,
            "cc-by-4.0, unknown",
        ),
        ({"publish.repository": "null"}, ParameterError, "publish.repository=OWNER/NAME"),
        ({"publish.repository": RELEASE}, ParameterError, "release that it is made of"),
    ],
)
def test_who_has_not_consented_is_asked(
    params: dict[str, object], error: type[SparkleError], words: str, variant: Project, loopback: LoopbackHub
) -> None:
    """Media without a licence, licences that nothing has, no repository, and the release itself."""
    with pytest.raises(error, match=words):
        publish(variant, **params)
    assert loopback.writes() == []


def test_a_public_repository_and_one_of_something_else_stay_as_they_are(
    variant: Project, loopback: LoopbackHub
) -> None:
    """Unless it is said that the variant may be public; what is no variant is never replaced."""
    loopback.add(NAME, {".gitattributes": b""})
    with pytest.raises(ParameterError, match=r"publish\.public=true"):
        publish(variant)
    assert publish(variant, publish__public=True)["is_private"] is False
    loopback.add("me/other", {"weights.bin": b"x"}, is_private=True)
    with pytest.raises(ParameterError, match=r"weights\.bin"):
        publish(variant, publish__repository="me/other")
    publish(variant, publish__repository="me/new", publish__public=True)
    assert loopback.repositories["me/new"].is_private is False


# ------------------------------------------------------------------ references and faults
def test_references_are_to_the_release_that_was_ingested(variant: Project, loopback: LoopbackHub) -> None:
    """A commit whose shards have other lengths is refused; without a commit it is asked for; one can be given."""
    commit, files = loopback.repositories[RELEASE].commits[-1]
    shard = next(path for path in files if path.endswith("source_video_part00.tar"))
    other = loopback.add(RELEASE, files | {shard: files[shard] + b"x" * 512})
    with pytest.raises(StaleTableError, match=shard):
        publish(variant, confirm=False, publish__release_commit=other)
    (variant.release_root / WORK / ORIGIN).unlink()
    with pytest.raises(ParameterError, match=r"publish\.release_commit="):
        publish(variant, confirm=False)
    publish(variant, confirm=False, publish__release_commit=commit, publish__release_repository=RELEASE)
    references = pl.read_parquet(variant.output("05_model_input", "publication", "references", "*.parquet"))
    assert references["commit"].unique().to_list() == [commit]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("/commit/", 412), "changed while this run"),
        (Fault("/commit/", 403), "set HF_TOKEN.* write there"),
        (Fault("/api/repos/create", 401), "set HF_TOKEN"),
    ],
)
def test_an_upload_that_fails_leaves_the_repository_as_it_was(
    fault: Fault, words: str, variant: Project, loopback: LoopbackHub
) -> None:
    """In words; the next run uploads what lacks."""
    loopback.faults.append(replace(fault, times=9, method="POST"))
    with pytest.raises(ServerError, match=words) as told:
        publish(variant)
    assert TOKEN not in str(told.value)
    assert NAME not in loopback.repositories or set(remote(loopback)) == {".gitattributes"}
    loopback.faults.clear()
    assert publish(variant)["is_uploaded"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("publish.repository=variant", "OWNER/NAME"),
        ("publish.release_commit=main", "40 hexadecimal digits"),
        ("publish.kinds=video", "at least one of source_video"),
        ("publish.shard_bytes=0", "an integer of 1"),
        ("publish.responsible_ai.biases=none", "dataBiases"),
        ("publish.confrm=true", "did you mean 'publish.confirm'"),
        ("download.kinds=movies", "at least one of annotations"),
        ("download.themes=spring", "themes of the dataset"),
        ("download.folder=s3://bucket/x", "a folder of this machine"),
        (f"download.folder={__file__}/x", "and is no file"),
        ("download.files_at_once=0", "an integer of 1 to 64"),
        ("download.repository=https://host/a/b", "OWNER/NAME"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_is_allowed(item: str, words: str) -> None:
    """Before anything runs."""
    with pytest.raises(ParameterError, match=words):
        check_parameters(changed(item))
