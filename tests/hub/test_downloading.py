"""A release from a hub on loopback: what is asked for comes, resumed and verified, and each fault has its words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import CHECKOUT, Project
from tests.hub.conftest import RELEASE
from tests.made.hub import TOKEN, Fault, LoopbackHub, sha256

from sparkle_curation.errors import (
    AssetError,
    DiskError,
    EmptyOutputError,
    FileError,
    LockedError,
    MissingTableError,
    ReleaseError,
    ServerError,
    SparkleError,
    StaleTableError,
)
from sparkle_curation.hub.client import Hub, HubFile, HubRepository
from sparkle_curation.hub.download_folder import DownloadFolder
from sparkle_curation.hub.download_plan import DownloadPlan, State, check_room, make_plan
from sparkle_curation.hub.downloading import download
from sparkle_curation.hub.release_at_hub import choose_files, find_release
from sparkle_curation.hub.settings import DownloadSettings
from sparkle_curation.hub.wanted_files import expand_kinds, find_needed, sort_files

CSV, SCORES = "prompts/time_train.csv", "intermediate_data/time/edited_video_score.jsonl"
SHARD, MASKS = "time_source_video_part00.tar", "intermediate_data/time_source_video_mask_part00.tar"
OTHER = "season_edited_video_part00.tar"
FILES = {
    CSV: b"prompt,src_video,tgt_video,task\n",
    SCORES: b"{}\n",
    SHARD: os.urandom(300_000),
    MASKS: os.urandom(9_000),
    OTHER: os.urandom(20_000),
    "README.md": b"# A release\n",
    "time/../../evil.tar": b"x",
}
NOTHING = pl.DataFrame()


def planned(client: Hub, folder: Path, **settings: object) -> DownloadPlan:
    """The plan of a download."""
    repository = find_release(client, RELEASE, settings.get("revision"))  # type: ignore[arg-type]
    files = client.files(RELEASE, repository.commit)
    chosen = choose_files(files, DownloadSettings.model_validate(settings), NOTHING, NOTHING)
    return make_plan(repository, chosen, DownloadFolder(folder))


def run(client: Hub, folder: Path, **settings: object) -> dict[str, object]:
    """A whole download."""
    verify = bool(settings.pop("verify", False))
    return download(planned(client, folder, **settings), client, files_at_once=2, verify=verify)


def names(folder: Path) -> set[str]:
    """What was brought, by path."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if path.parts[0] != ".download"}


# ------------------------------------------------------------------ what comes
def test_texts_come_first_and_nothing_that_the_layout_does_not_know(
    loopback: LoopbackHub, client: Hub, tmp_path: Path
) -> None:
    """By default the texts alone; a second run asks for no file; the commit is noted for those who refer to it."""
    commit = loopback.add(RELEASE, FILES)
    record = run(client, tmp_path / "d")
    assert names(tmp_path / "d") == {CSV, SCORES}
    assert (record["commit"], record["repository"]) == (commit, RELEASE)
    record = run(client, tmp_path / "d", kinds="all", themes="time")
    assert names(tmp_path / "d") == {CSV, SCORES, SHARD, MASKS}
    assert record["received_bytes"] == 309_000
    loopback.asked.clear()
    assert run(client, tmp_path / "d", kinds="all", themes="time")["brought_file_count"] == 0
    assert loopback.sent_bytes() == 0
    assert not any("/resolve/" in each.path for each in loopback.asked)
    texts = [each for each in planned(client, tmp_path / "e", kinds="all").files if each.is_text]
    assert planned(client, tmp_path / "e", kinds="all").files[: len(texts)] == texts


def test_a_file_that_was_changed_here_is_brought_again(
    loopback: LoopbackHub, client: Hub, tmp_path: Path
) -> None:
    """One of another length or time is looked at; one that keeps both is found by `verify`; a new commit brings the rest."""
    loopback.add(RELEASE, FILES)
    run(client, tmp_path, kinds="masks")
    target = tmp_path / MASKS
    facts = target.stat()
    target.write_bytes(b"x" * 9_000)
    os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert run(client, tmp_path, kinds="masks")["brought_file_count"] == 0
    assert run(client, tmp_path, kinds="masks", verify=True)["brought_file_count"] == 1
    assert target.read_bytes() == FILES[MASKS]
    target.write_bytes(b"y" * 9_000)
    assert planned(client, tmp_path, kinds="masks").states == [(State.UNCHECKED, 9_000)]
    assert run(client, tmp_path, kinds="masks")["brought_file_count"] == 1
    loopback.add(RELEASE, FILES | {MASKS: os.urandom(9_001)})
    assert planned(client, tmp_path, kinds="masks").states == [(State.CHANGED, 0)]
    assert run(client, tmp_path, kinds="masks")["brought_file_count"] == 1


def test_an_earlier_commit_can_be_named(loopback: LoopbackHub, client: Hub, tmp_path: Path) -> None:
    """The files of that commit come, whatever the newest one is; one that the hub does not have is told."""
    first = loopback.add(RELEASE, FILES)
    loopback.add(RELEASE, FILES | {CSV: b"other\n"})
    run(client, tmp_path, kinds="annotations", revision=first)
    assert (tmp_path / CSV).read_bytes() == FILES[CSV]
    with pytest.raises(ReleaseError, match="no such revision") as caught:
        find_release(client, RELEASE, "f" * 40)
    assert "download.revision=null" in str(caught.value)  # and nothing of tokens
    assert "HF_TOKEN" not in str(caught.value)


def test_only_shards_that_hold_what_the_variant_needs(variant: Project, loopback: LoopbackHub) -> None:
    """By the table of assets: of the videos of its pairs, the loose file where there is one; the plan adds up."""
    params = {"download.needed_by_variant": True, "download.kinds": "videos", "download.themes": "location"}
    variant.run_here("download", params=params)
    ids = set(pl.read_csv(variant.output("05_model_input/kiwi_edit/prompts/location_train.csv"))["task"])
    val = variant.output("05_model_input/kiwi_edit/prompts/location_val.csv")
    ids |= set(pl.read_csv(val)["task"]) if val.exists() else set()
    assets = pl.read_parquet(variant.table("assets")).filter(
        pl.col("id").is_in(list(ids)), pl.col("kind").is_in(["source_video", "edited_video"])
    )
    loose = assets.filter(pl.col("container").is_null())
    in_tars = assets.join(loose, on=["id", "kind"], how="anti")
    expected = {*loose["path"], *in_tars["container"]}
    assert names(variant.output("01_raw", "download")) == expected
    plan = pl.read_csv(variant.output("08_reporting", "download_plan.csv"))
    assert set(plan["path"]) == expected
    assert loopback.sent_bytes() == plan["size_bytes"].sum()


def test_without_a_variant_what_it_needs_is_not_known(
    loopback: LoopbackHub, client: Hub, tmp_path: Path
) -> None:
    """The command that makes one is told; tables of another release are, too."""
    loopback.add(RELEASE, FILES)
    with pytest.raises(MissingTableError, match=f"release_root=hf://datasets/{RELEASE}$"):
        planned(client, tmp_path, needed_by_variant=True)
    with pytest.raises(MissingTableError, match=f"release_root=hf://datasets/{RELEASE}@main$"):
        planned(client, tmp_path, needed_by_variant=True, revision="main")
    files = client.files(RELEASE, "main")
    ids = pl.DataFrame({"id": ["Sparkle_time_000001"]})
    row = {
        "id": ids["id"],
        "theme": ["time"],
        "kind": ["source_video"],
        "container": ["time_x.tar"],
        "path": ["p"],
    }
    with pytest.raises(StaleTableError, match=r"time_x\.tar"):
        choose_files(files, DownloadSettings(needed_by_variant=True), ids, pl.DataFrame(row))
    assert find_needed(ids["id"], pl.DataFrame(row), ["edited_video"]) == frozenset()


def test_words_for_kinds() -> None:
    """A group is its kinds, each once and texts first."""
    assert expand_kinds(["masks", "scores", "source_video_mask"]) == ["scores", "source_video_mask"]
    assert expand_kinds(["stills"]) == ["source_frame0", "edited_frame0", "edited_frame0_foreground_removed"]
    hostile = HubFile("intermediate_data/../../time_source_video_part00.tar", 1, None, "0")
    assert sort_files([hostile]) == []


# ------------------------------------------------------------------ resumed
def test_a_killed_download_goes_on_where_it_was(loopback: LoopbackHub, tmp_path: Path) -> None:
    """Killed by SIGKILL with a part of a file here: no file has its name, and the next run asks for the rest alone."""
    size, halt = 34_000_000, 25_000_000
    loopback.add(RELEASE, {SHARD: bytes(size)})
    loopback.faults.append(Fault("/store/", after_bytes=halt, halts=True))
    code = (
        "import sys; from tests.hub.test_downloading import run; from sparkle_curation.hub.client import Hub; "
        "from pathlib import Path; run(Hub(sys.argv[1]), Path(sys.argv[2]), kinds='videos')"
    )
    environment = os.environ | {"HF_ENDPOINT": loopback.endpoint, "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-c", code, TOKEN, str(tmp_path)]
    child = subprocess.Popen(command, cwd=CHECKOUT, env=environment)
    parts = tmp_path / ".download"
    while child.poll() is None and sum(p.stat().st_size for p in parts.glob("*.part")) < 20_000_000:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert names(tmp_path) == set()
    there = next(parts.glob("*.part")).stat().st_size
    assert there >= 20_000_000
    loopback.asked.clear()
    record = run(Hub(TOKEN), tmp_path, kinds="videos")
    assert loopback.sent_bytes() == size - there == record["received_bytes"]
    assert [each.first_byte for each in loopback.asked if "/store/" in each.path] == [there]
    assert (tmp_path / SHARD).read_bytes() == bytes(size)
    assert list(parts.glob("*.part")) == []


def test_a_cut_connection_is_opened_again(
    loopback: LoopbackHub, client: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one run: the bytes that came are not asked for again."""
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _s: None)
    loopback.add(RELEASE, FILES)
    loopback.faults.append(Fault("/store/", after_bytes=200_000))
    run(client, tmp_path, kinds="source_video")
    assert (tmp_path / SHARD).read_bytes() == FILES[SHARD]
    firsts = [each.first_byte for each in loopback.asked if "/store/" in each.path]
    assert firsts[0] == 0
    assert firsts[1] >= 100_000


# ------------------------------------------------------------------ faults
@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults that stay are told at once."""
    for place in ("huggingface_hub.utils._http.time.sleep", "huggingface_hub.file_download.time.sleep"):
        monkeypatch.setattr(place, lambda _seconds: None)
    monkeypatch.setattr("sparkle_curation.engine.io.patience.time.sleep", lambda _seconds: None)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("status", "words", "advice"),
    [
        (401, "wants to know who asks", "set HF_TOKEN"),
        (403, "does not allow", "set HF_TOKEN"),
        (404, "nothing at the address", "as on its page"),
        (429, "too many requests", "wait a minute"),
        (500, "a fault of its own", "run again later"),
    ],
)
def test_a_fault_in_the_middle_is_told(
    status: int, words: str, advice: str, loopback: LoopbackHub, client: Hub, tmp_path: Path
) -> None:
    """In words, with what to do, without the token; what came before stays, and the next run brings the rest."""
    loopback.add(RELEASE, FILES)
    loopback.faults.append(Fault(f"resolve/{loopback.repositories[RELEASE].head}/{SHARD}", status, times=50))
    with pytest.raises(ServerError, match=words) as told:
        run(client, tmp_path, kinds="all", themes="time")
    assert advice in str(told.value)
    assert TOKEN not in str(told.value)
    assert {CSV, SCORES} <= names(tmp_path)
    assert SHARD not in names(tmp_path)
    loopback.faults.clear()
    run(client, tmp_path, kinds="all", themes="time")
    assert SHARD in names(tmp_path)


@pytest.mark.usefixtures("_impatient")
def test_a_fault_that_passes_is_waited_for(loopback: LoopbackHub, client: Hub, tmp_path: Path) -> None:
    """Once 500 and once 429: nobody notices."""
    loopback.add(RELEASE, FILES)
    loopback.faults += [Fault("/store/", 500), Fault("/store/", 429), Fault("/tree/", 500)]
    assert run(client, tmp_path, kinds="source_video")["brought_file_count"] == 1


def test_other_bytes_than_the_hub_lists_never_get_a_name(
    loopback: LoopbackHub, client: Hub, tmp_path: Path
) -> None:
    """A large file that was changed in the store is told; the others come, and nothing of it is left to go on from."""
    loopback.add(RELEASE, FILES)
    loopback.store[sha256(FILES[SHARD])] = os.urandom(300_000)
    with pytest.raises(AssetError, match=f"(?s)1 of 2 files .*{SHARD}") as told:
        run(client, tmp_path, kinds="source_video masks", themes="time")
    assert loopback.repositories[RELEASE].head in str(told.value)
    assert names(tmp_path) == {MASKS}
    assert list((tmp_path / ".download").glob("*.part")) == []


def test_who_may_not_see_it_is_told_how(loopback: LoopbackHub) -> None:
    """A private repository without a token, and one that is not there."""
    loopback.add(RELEASE, FILES, is_private=True)
    with pytest.raises(SparkleError, match="HF_TOKEN"):
        find_release(Hub(), RELEASE, None)
    with pytest.raises(ReleaseError, match="no such dataset"):
        find_release(Hub(TOKEN), "nobody/nothing", None)


def test_a_hub_that_is_not_there_is_told(loopback: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused connection."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ServerError, match=r"does not take the connection|cannot be reached"):
        Hub(TOKEN).find(RELEASE)


# ------------------------------------------------------------------ the folder
def test_a_disk_that_is_too_small_is_told_before(tmp_path: Path) -> None:
    """With bytes that lack, and ways to take less."""
    repository = HubRepository(RELEASE, "0" * 40, is_private=False)
    huge = sort_files([HubFile(SHARD, 1 << 60, "0" * 64, "0")])
    plan = make_plan(repository, huge, DownloadFolder(tmp_path / "not" / "there"))
    with pytest.raises(DiskError, match=r"needed_by_variant=true"):
        check_room(plan)
    assert not (tmp_path / "not").exists()


def test_what_lies_in_the_way_is_told(loopback: LoopbackHub, client: Hub, tmp_path: Path) -> None:
    """A folder in a file's place, and a folder that is a link to elsewhere; a second run at the same time."""
    loopback.add(RELEASE, FILES)
    (tmp_path / "a" / SHARD).mkdir(parents=True)
    with pytest.raises(FileError, match="no file"):
        run(client, tmp_path / "a", kinds="source_video")
    (tmp_path / "b").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "b" / "prompts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError, match="link to elsewhere"):
        run(client, tmp_path / "b")
    with DownloadFolder(tmp_path / "c").opened("another"), pytest.raises(LockedError, match="Another run"):
        run(client, tmp_path / "c")


def test_nothing_that_is_asked_for_is_there(loopback: LoopbackHub, client: Hub, tmp_path: Path) -> None:
    """What the repository has is told."""
    loopback.add(RELEASE, FILES)
    with pytest.raises(EmptyOutputError, match="themes time, season"):
        planned(client, tmp_path, themes="style")


def test_a_dry_run_shows_the_plan_and_brings_nothing(
    project: Project, loopback: LoopbackHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commit, files and bytes by kind, and room; the report is there."""
    commit = loopback.add(RELEASE, FILES)
    with pytest.raises(SystemExit) as ended:
        project.run_here("download", params={"dry_run": True, "download.kinds": "all"})
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert f"{RELEASE} at {commit}" in shown
    assert "source_video_mask" in shown
    assert loopback.sent_bytes() == 0
    assert not project.output("01_raw", "download").exists()
    assert pl.read_csv(project.output("08_reporting", "download_plan.csv"))["state"].unique().to_list() == [
        "absent"
    ]
