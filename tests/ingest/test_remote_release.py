"""A release behind a server gives the tables of a local one, with few requests an asset, whatever the server does."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from kedro.io import DatasetError
from polars.testing import assert_frame_equal
from tests.conftest import CHECKOUT, Project
from tests.made.assets import SHARD, VIDEO, tar_bytes, write_files
from tests.made.gcs import BUCKET, OTHERS_TOKEN, TOKEN, GcsServer, serving_gcs
from tests.made.range_server import CUT, HALTED, SHORT, Asked, RangeServer, serving_ranges
from tests.made.s3 import KEY, SECRET, S3Server, serving_s3

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ReleaseError, ServerError
from sparkle_curation.extraction.extracting import extract
from sparkle_curation.extraction.settings import ExtractSettings
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import RemoteAccess
from sparkle_curation.media.hashing.batch_hash import BatchHash, HashJob
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA
from sparkle_curation.media.probe.inspection import ProbeConfig, inspect_assets
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.media.probe.wanted_parts import WantedParts

CLIPS_A_SHARD, SHARDS, LOOSE = 20, 4, 20


# ------------------------------------------------------------------ requests, counted
@pytest.fixture(scope="module")
def clip() -> bytes:
    """A clip of noise, too long for its ends to be read as one; its index at its end."""
    noise, file = np.random.default_rng(0), io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16, options={"qp": "30"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"  # type: ignore[attr-defined]
        for _ in range(16):
            picture = noise.integers(0, 256, (96, 160, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))  # type: ignore[attr-defined]
        container.mux(stream.encode())  # type: ignore[attr-defined]
    assert len(file.getvalue()) > 90_000
    return file.getvalue()


@pytest.fixture(scope="module")
def root(clip: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of such clips: four shards of twenty, and twenty loose ones."""
    root = tmp_path_factory.mktemp("remote")
    names = [VIDEO(number) for number in range(SHARDS * CLIPS_A_SHARD + LOOSE)]
    for part in range(SHARDS):
        own = names[part * CLIPS_A_SHARD : (part + 1) * CLIPS_A_SHARD]
        write_files(root / "shards", {SHARD(part): tar_bytes((name, clip) for name in own)})
    write_files(root / "loose", dict.fromkeys(names[-LOOSE:], clip))
    return root


@pytest.fixture
def server(root: Path) -> Iterator[RangeServer]:
    """It behind a server."""
    with serving_ranges(root) as served:
        yield served


def opened(url: str, **settings: int) -> ReleaseFiles:
    """A release that gives up soon."""
    given = {"retries": 1, **settings}
    return ReleaseFiles(url, access=RemoteAccess(RemoteSettings.model_validate(given)))


def tabled(files: ReleaseFiles, path: Path) -> pl.DataFrame:
    """The table of its assets, written to a file, as a run does."""
    dataset = TableDataset(filepath=str(path))
    dataset.save(ingest_assets(files).rows)
    return dataset.load().collect()


def inspected(
    files: ReleaseFiles, assets: pl.DataFrame, journal: Path, depth: Depth = Depth.INDEX
) -> pl.DataFrame:
    """The table of its media."""
    probing = ProbeConfig(depth, LocalExecutor(1), 16)
    found = inspect_assets(assets, ["source_video"], files, probing, Journal(journal, JOURNAL_SCHEMA))
    return pl.DataFrame(pl.from_arrow(pa.concat_tables(found.pieces())))


@pytest.mark.parametrize(
    ("layout", "headers", "ends", "frames"), [("shards", 1.2, 1.2, 1.2), ("loose", 0, 2.1, 2.1)]
)
def test_an_asset_costs_few_requests(
    server: RangeServer, root: Path, tmp_path: Path, layout: str, headers: float, ends: float, frames: float
) -> None:
    """For each pipeline that reads the media, with the tables of a local release; whole clips with one request too."""
    files, local = opened(f"{server.url}/{layout}/"), ReleaseFiles(str(root / layout))
    assets = tabled(files, tmp_path / "assets.parquet")
    assert_frame_equal(assets, tabled(local, tmp_path / "local.parquet"))
    assert len(server.ranges) <= headers * assets.height
    server.asked.clear()

    media = inspected(files, assets, tmp_path / "remote.journal")
    assert_frame_equal(media, inspected(local, assets, tmp_path / "local.journal"))
    assert media["error"].null_count() == assets.height
    assert 0 < len(server.ranges) <= ends * assets.height
    server.asked.clear()

    hashed = inspected(files, assets, tmp_path / "remote.journal", Depth.HASH)
    assert hashed["content_hash"].n_unique() == 1
    assert 0 < len(server.ranges) <= assets.height
    server.asked.clear()

    jobs = [HashJob(name, name, ["source_video"]) for name in assets["id"]]
    found = BatchHash(AssetStore(files.root, tmp_path / "assets.parquet"))(jobs)
    assert found.equals(BatchHash(AssetStore(local.root, tmp_path / "assets.parquet"))(jobs))
    assert 0 < len(server.ranges) <= frames * assets.height


def test_what_was_missed_of_a_clip_is_fetched_of_the_next() -> None:
    """An index that is longer than most; not what lies in the middle of one."""
    learned = WantedParts()
    before = learned.of("a.tar", "source_video", 512, 900_000, Depth.INDEX)
    learned.learn("source_video", 512, 900_000, [before[1]._replace(start=512 + 900_000 - 30_100)])
    head, tail = learned.of("a.tar", "source_video", 512, 900_000, Depth.INDEX)
    assert (head, tail.end - tail.start) == (before[0], 30 << 10)
    learned.learn("source_video", 512, 900_000, [head._replace(start=400_000, end=400_016)])
    assert learned.of("a.tar", "source_video", 512, 900_000, Depth.INDEX) == [head, tail]


def test_shards_are_walked_side_by_side(root: Path, tmp_path: Path) -> None:
    """As many as requests may be under way."""
    with serving_ranges(root / "shards", delay_s=0.01) as server:
        assert tabled(opened(f"{server.url}/", requests=3), tmp_path / "assets.parquet").height == 80
    assert server.most_at_once == 3


# ------------------------------------------------------------------ faults
def test_a_shard_that_is_gone_is_told(root: Path, tmp_path: Path) -> None:
    """Its assets, once they were ingested, are missing in the table of the media, and the others are there."""
    gone: set[str] = set()

    def fault(asked: Asked, _number: int) -> int | None:
        return 404 if asked.path in gone and asked.range else None

    with serving_ranges(root / "shards", fault=fault) as server:
        files = opened(f"{server.url}/")
        assets = tabled(files, tmp_path / "assets.parquet")
        gone.add(SHARD(2))
        media = inspected(files, assets, tmp_path / "inspect.journal")
        with pytest.raises(FileNotFoundError, match="part02"):
            tabled(opened(f"{server.url}/"), tmp_path / "again.parquet")
    missing = media.filter(error="missing")
    assert missing["container"].unique().to_list() == [SHARD(2)]
    assert missing["error_detail"].unique().to_list() == [f"{SHARD(2)} is not there"]
    assert media["error"].null_count() == 60


@pytest.mark.parametrize("retries", [0, 2])
def test_listings_are_asked_for_as_often_as_the_settings_say(root: Path, retries: int) -> None:
    """As parts of files are: once, and then as often again."""
    with (
        serving_ranges(root / "shards", fault=lambda _asked, _number: 500) as served,
        pytest.raises(ServerError),
    ):
        opened(f"{served.url}/", retries=retries)
    assert len(served.asked) == retries + 1


def test_a_server_that_goes_down_ends_the_run_and_the_next_goes_on(root: Path, tmp_path: Path) -> None:
    """What was probed is in the journal, and is not asked for again."""
    last = [10**6]
    with serving_ranges(
        root / "shards", fault=lambda _asked, number: 503 if number > last[0] else None
    ) as server:
        assets = tabled(opened(f"{server.url}/"), tmp_path / "assets.parquet")
        last[0] = len(server.asked) + 50
        with pytest.raises(ServerError, match="has a fault of its own"):
            inspected(opened(f"{server.url}/", retries=0), assets, tmp_path / "inspect.journal")
        last[0] = 10**6
        server.asked.clear()
        media = inspected(opened(f"{server.url}/"), assets, tmp_path / "inspect.journal")
    assert media["error"].null_count() == 80
    assert len(server.ranges) < 60


def test_answers_that_are_cut_or_longer_than_told(root: Path, tmp_path: Path) -> None:
    """Cut ones and faults now and then are asked for again; what is behind the length that was told is told in words."""
    kinds: list[str | int] = [CUT, 503, CUT]
    with serving_ranges(
        root / "shards", fault=lambda asked, _number: kinds.pop() if asked.range and kinds else None
    ) as server:
        assert tabled(opened(f"{server.url}/", retries=4), tmp_path / "assets.parquet").height == 80
    with (
        serving_ranges(
            root / "shards", fault=lambda asked, _number: SHORT if asked.range else None
        ) as server,
        pytest.raises(DatasetError, match="is longer than the server said"),
    ):
        tabled(opened(f"{server.url}/"), tmp_path / "again.parquet")


RUN = """
import sys
from pathlib import Path
import polars as pl
from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.release_files import ReleaseFiles, RemoteAccess
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA
from sparkle_curation.media.probe.inspection import ProbeConfig, inspect_assets
from sparkle_curation.media.probe.probes import Depth
files = ReleaseFiles(sys.argv[1], access=RemoteAccess(RemoteSettings(requests=1)))
probing = ProbeConfig(Depth.INDEX, LocalExecutor(1), 16)
inspect_assets(
    pl.read_parquet(sys.argv[2]), ["source_video"], files, probing, Journal(Path(sys.argv[3]), JOURNAL_SCHEMA)
)
"""


def test_a_killed_run_is_taken_up(root: Path, tmp_path: Path) -> None:
    """Killed while it probes: the next run asks for what the journal lacks."""
    journal = tmp_path / "inspect.journal"
    with serving_ranges(root / "shards", delay_s=0.03) as server:
        assets = tabled(opened(f"{server.url}/"), tmp_path / "assets.parquet")
        assets.write_parquet(tmp_path / "assets.copy")
        command = [sys.executable, "-c", RUN, f"{server.url}/", tmp_path / "assets.copy", journal]
        server.asked.clear()
        with subprocess.Popen(command, cwd=CHECKOUT) as process:
            while len(server.ranges) < 40 and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        server.delay_s = 0
        server.asked.clear()
        media = inspected(opened(f"{server.url}/"), assets, journal)
    assert media["error"].null_count() == 80
    assert 0 < len(server.ranges) < 75


WALK = """
import sys
from pathlib import Path
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.ingest.release_files import ReleaseFiles, RemoteAccess
from tests.ingest.test_remote_release import tabled
tabled(ReleaseFiles(sys.argv[1], access=RemoteAccess(RemoteSettings(requests=3), walks=sys.argv[2])), Path(sys.argv[3]))
"""


def walked(url: str, folder: Path, path: Path, **settings: int) -> pl.DataFrame:
    """The table of the assets, walked with notes in a folder."""
    access = RemoteAccess(RemoteSettings.model_validate({"retries": 0, **settings}), walks=str(folder))
    return tabled(ReleaseFiles(url, access=access), path)


def test_a_killed_walk_is_taken_up(root: Path, tmp_path: Path) -> None:
    """Killed in the midst of shards: both runs together ask for what one does, and for what was in hand of each."""
    with serving_ranges(root / "shards") as server:
        expected = tabled(opened(f"{server.url}/"), tmp_path / "expected.parquet")
        whole = len(server.ranges)
        server.asked.clear()
        server.delay_s = 0.03
        command = [
            sys.executable,
            "-c",
            WALK,
            f"{server.url}/",
            tmp_path / "walks",
            tmp_path / "killed.parquet",
        ]
        with subprocess.Popen(command, cwd=CHECKOUT) as process:
            while len(server.ranges) < 40 and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        server.delay_s = 0
        found = walked(f"{server.url}/", tmp_path / "walks", tmp_path / "assets.parquet")
        assert whole <= len(server.ranges) <= whole + SHARDS
    assert_frame_equal(found, expected)


class Breaking:
    """A server that gives so many parts of files, and then has a fault of its own; None for no end."""

    def __init__(self) -> None:
        self.left: int | None = None

    def __call__(self, asked: Asked, _number: int) -> int | None:
        """The fault of a request."""
        if asked.range is None or self.left is None:
            return None
        self.left -= 1
        return 503 if self.left < 0 else None


def break_off(breaking: Breaking, after: int, url: str, folder: Path) -> None:
    """Walk with notes until the server has a fault, which it has no more then."""
    breaking.left = after
    with pytest.raises(DatasetError, match="has a fault of its own"):
        walked(url, folder, folder.with_name("broken.parquet"))
    breaking.left = None


@pytest.mark.parametrize("what", ["the same", "changed", "no version"])
def test_a_shard_that_may_be_another_is_walked_anew(what: str, clip: bytes, tmp_path: Path) -> None:
    """One that has changed since it was walked in part, and any where a server tells no versions apart."""
    shard = tmp_path / "release" / SHARD(0)
    write_files(tmp_path / "release", {SHARD(0): tar_bytes((VIDEO(number), clip) for number in range(9))})
    breaking = Breaking()
    with serving_ranges(tmp_path / "release", fault=breaking) as server:
        server.has_versions = what != "no version"
        walked(f"{server.url}/", tmp_path / "none", tmp_path / "before.parquet")
        whole = len(server.ranges)
        break_off(breaking, 5, f"{server.url}/", tmp_path / "walks")
        if what == "changed":
            shard.write_bytes(tar_bytes((VIDEO(number + 50), clip) for number in range(9)))
            server.close()
        server.asked.clear()
        found = walked(f"{server.url}/", tmp_path / "walks", tmp_path / "assets.parquet")
        assert len(server.ranges) == (whole - 5 if what == "the same" else whole)
    expected = tabled(ReleaseFiles(str(tmp_path / "release")), tmp_path / "expected.parquet")
    assert_frame_equal(found, expected)


def test_a_walk_of_small_members_goes_on_as_it_would_have(tmp_path: Path) -> None:
    """With as large a part as the run before had come to; what a torn note lacks is asked for."""
    small = tar_bytes((VIDEO(number), b"a clip of little " * 500) for number in range(400))
    write_files(tmp_path / "release", {SHARD(0): small})
    breaking = Breaking()
    with serving_ranges(tmp_path / "release", fault=breaking) as server:
        expected = walked(f"{server.url}/", tmp_path / "none", tmp_path / "before.parquet")
        whole = len(server.ranges)
        break_off(breaking, whole - 2, f"{server.url}/", tmp_path / "walks")
        (note,) = (tmp_path / "walks").iterdir()
        kept = note.read_bytes()
        for cut_bytes, most in ((0, 2), (5, 3)):
            note.write_bytes(kept[: len(kept) - cut_bytes])
            server.asked.clear()
            found = walked(f"{server.url}/", tmp_path / "walks", tmp_path / f"assets{cut_bytes}.parquet")
            assert len(server.ranges) == most
            assert_frame_equal(found, expected)


# ------------------------------------------------------------------ S3
def test_a_listing_that_falls_silent_is_asked_for_again(root: Path) -> None:
    """After the time that a request may take, as a part of a file is; the file system's own patience is five minutes."""
    with serving_ranges(root, fault=lambda _asked, number: HALTED if number == 0 else None) as halting:
        access = RemoteAccess(RemoteSettings(timeout_s=0.2))
        files = ReleaseFiles(halting.url, access=access)
        assert [file.path for file in files.files_in()] == [
            file.path for file in ReleaseFiles(str(root)).files_in()
        ]
    assert [asked.path for asked in halting.asked[:2]] == ["", ""]


@pytest.fixture(scope="module")
def store(sample_release: Path) -> Iterator[S3Server]:
    """The sample in a store of S3."""
    with serving_s3() as served:
        served.upload(sample_release, "Sparkle")
        yield served


@pytest.fixture
def reachable(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The store, as the credentials of a run name it."""
    for name, value in {"ENDPOINT_URL": store.url, "KEY": KEY, "SECRET": SECRET}.items():
        monkeypatch.setenv(f"RELEASE_{name}", value)
    return store


PIPELINES = "ingest,inspect,near_duplicates"
TABLES = ("assets", "quarantine", "media", "grounding_boxes", "frame_hashes")


def test_s3_gives_the_tables_of_a_local_release(
    reachable: S3Server, project: Project, tmp_path: Path
) -> None:
    """By endpoint and keys of the credentials, with one of twenty reads refused; and the media that are extracted."""
    reachable.busy_every = 20
    url = "s3://sparkle/Sparkle"
    remote = Project(Path(url), tmp_path / "remote")
    one_process = {"inspect.processes": 1, "near_duplicates.processes": 1}
    note = remote.output("journals", "walks", "of_before.walk")
    note.parent.mkdir(parents=True)
    note.touch()
    project.run_here(PIPELINES, params=one_process)
    project.run_here(PIPELINES, params={"data_root": remote.data_root, "release_root": url, **one_process})
    assert reachable.busy > 5
    assert not note.parent.exists(), "notes of walks go once the tables are there"
    for name in TABLES:
        found, expected = (
            pl.read_parquet(f"{each.table(name)}{'/**/*.parquet' if each.table(name).is_dir() else ''}")
            for each in (remote, project)
        )
        assert_frame_equal(found, expected)
    counts = [each.output("08_reporting", "ingest_counts.csv").read_bytes() for each in (remote, project)]
    assert counts[0] == counts[1]
    wanted = pl.read_parquet(remote.table("assets") / "**/*.parquet").head(20)
    access = RemoteAccess(storage={"endpoint_url": reachable.url, "key": KEY, "secret": SECRET})
    for folder, files in (
        ("s3", ReleaseFiles(url, access=access)),
        ("local", ReleaseFiles(str(project.release_root))),
    ):
        extract(wanted, lambda files=files: files, tmp_path / folder, ExtractSettings())
    extracted, copied = (
        {
            path.relative_to(tmp_path / folder): path.read_bytes()
            for path in (tmp_path / folder).rglob("*.mp4")
        }
        for folder in ("s3", "local")
    )
    assert extracted == copied != {}


@pytest.mark.parametrize(
    ("url", "storage", "what"),
    [
        (
            "s3://sparkle/Sparkle",
            {"key": "", "secret": ""},
            "do:      give key and secret of release_storage",
        ),
        ("s3://no-such-bucket/Sparkle", {}, "no-such-bucket"),
        ("s3://sparkle/Nothing", {}, "nothing there"),
    ],
    ids=["no key", "no bucket", "no folder"],
)
def test_what_s3_lacks_is_told(
    store: S3Server, monkeypatch: pytest.MonkeyPatch, url: str, storage: dict[str, str], what: str
) -> None:
    """A key, a bucket, a folder; and where it is to be given."""
    store.busy_every = 0
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    access = RemoteAccess(
        RemoteSettings(retries=0),
        {
            name: value
            for name, value in {"endpoint_url": store.url, "key": KEY, "secret": SECRET, **storage}.items()
            if value
        },
    )
    with pytest.raises(ReleaseError) as caught:
        ReleaseFiles(url, access=access)
    assert what in str(caught.value)


# ------------------------------------------------------------------ Google Cloud Storage
@pytest.fixture(scope="module")
def bucket(root: Path, sample_release: Path) -> Iterator[GcsServer]:
    """The sample, and the release of large clips, in a private bucket."""
    with serving_gcs() as served:
        served.upload(sample_release, "Sparkle")
        served.upload(root, "large")
        yield served


@pytest.fixture
def gcs(bucket: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsServer:
    """The bucket, as the credentials of a run name it; nothing was asked of it, and Google's own server is not."""
    for name, value in {"ENDPOINT_URL": bucket.url, "TOKEN": TOKEN}.items():
        monkeypatch.setenv(f"RELEASE_{name}", value)
    monkeypatch.setenv("FETCH_RAW_TOKEN_EXPIRY", "false")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    bucket.asked.clear()
    bucket.parts.clear()
    bucket.facts.clear()
    bucket.busy_every = 0
    return bucket


def in_bucket(server: GcsServer, url: str, **storage: str) -> ReleaseFiles:
    """A release in the bucket, which gives up soon."""
    given = {"endpoint_url": server.url, "token": TOKEN, **storage}
    access = RemoteAccess(RemoteSettings(retries=1), {name: value for name, value in given.items() if value})
    return ReleaseFiles(url, access=access)


def test_gcs_gives_the_tables_and_media_of_a_local_release(
    gcs: GcsServer, project: Project, tmp_path: Path
) -> None:
    """By endpoint and token of the credentials, with one of forty reads refused."""
    gcs.busy_every = 40
    url, remote = "gs://sparkle/Sparkle", Project(Path("gs"), tmp_path / "remote")
    project.run_here("ingest,inspect", params={"inspect.processes": 1})
    params = {"data_root": remote.data_root, "release_root": url, "inspect.processes": 1}
    project.run_here("ingest,inspect", params=params)
    assert gcs.busy > 2
    for name in ("assets", "annotations", "quarantine", "media"):
        found, expected = (
            pl.read_parquet(f"{each.table(name)}{'/**/*.parquet' if each.table(name).is_dir() else ''}")
            for each in (remote, project)
        )
        assert_frame_equal(found, expected)
    wanted = pl.read_parquet(remote.table("assets") / "**/*.parquet").head(20)
    local = ReleaseFiles(str(project.release_root))
    for folder, files in (("gs", in_bucket(gcs, url)), ("local", local)):
        extract(wanted, lambda files=files: files, tmp_path / folder, ExtractSettings())
    extracted, copied = (
        {
            path.relative_to(tmp_path / folder): path.read_bytes()
            for path in (tmp_path / folder).rglob("*.mp4")
        }
        for folder in ("gs", "local")
    )
    assert extracted == copied != {}


@pytest.mark.parametrize(("layout", "headers", "ends"), [("shards", 1.2, 1.2), ("loose", 0, 2.1)])
def test_an_asset_of_gcs_costs_few_requests(
    gcs: GcsServer, root: Path, tmp_path: Path, layout: str, headers: float, ends: float
) -> None:
    """Exact ranges, and not one for the facts of an asset: a list has the lengths."""
    files, local = in_bucket(gcs, f"gs://{BUCKET}/large/{layout}"), ReleaseFiles(str(root / layout))
    assets = tabled(files, tmp_path / "assets.parquet")
    assert_frame_equal(assets, tabled(local, tmp_path / "local.parquet"))
    assert gcs.asked["read"] <= headers * assets.height
    gcs.parts.clear()

    media = inspected(files, assets, tmp_path / "remote.journal")
    assert_frame_equal(media, inspected(local, assets, tmp_path / "local.journal"))
    assert 0 < len(gcs.parts) <= ends * assets.height
    assert all(part.startswith("bytes=") for _, part in gcs.parts)
    assert not any(name.endswith((".mp4", ".tar")) for name in gcs.facts)


@pytest.mark.parametrize(
    ("url", "storage", "what"),
    [
        ("gs://sparkle/Sparkle", {"token": ""}, "gcloud auth application-default login"),
        ("gs://sparkle/Sparkle", {"token": OTHERS_TOKEN}, "the right to read and list"),
        ("gs://no-such-bucket/Sparkle", {}, "no-such-bucket"),
        ("gs://NO_BUCKET/Sparkle", {}, "nothing at the address"),
        ("gs://sparkle/Nothing", {}, "nothing there"),
        ("gs://sparkle/large/shards/" + SHARD(0), {}, "a file"),
    ],
    ids=["no token", "no right", "no bucket", "no name of one", "no folder", "a file"],
)
def test_what_gcs_lacks_is_told(gcs: GcsServer, url: str, storage: dict[str, str], what: str) -> None:
    """A token, a right, a bucket, a folder; and where it is to be given."""
    with pytest.raises(ReleaseError) as caught:
        in_bucket(gcs, url, **storage)
    assert what in str(caught.value)
