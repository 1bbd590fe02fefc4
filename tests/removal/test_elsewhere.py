"""The commands for what git, DVC and the hub keep do what they say, typed as they are told, one after the other."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import CHECKOUT
from tests.made.byte_search import Clip, describe_clip, search
from tests.made.hub import TOKEN, LoopbackHub, serve

from sparkle_curation.removal.elsewhere import tell_versions

GONE, STAYS = "Sparkle_location_000000", "Sparkle_style_000000"
ROW = f"{GONE},drop\n{STAYS},drop\n"
STAGE = """stages:
  made:
    cmd: mkdir -p out && cp in.csv out/a.csv && gzip --keep --no-name --force out/a.csv
    deps: [in.csv]
    outs: [out]
"""


class Repository:
    """A repository of git and DVC with a remote of each, and a clone of it.

    Attributes:
        folder: where all of them lie.
    """

    def __init__(self, folder: Path, hub: str) -> None:
        self.folder, self.root, self.clone = folder, folder / "own", folder / "clone"
        programs = Path(sys.executable).parent
        self._env = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT / "src"),
            "DVC_SITE_CACHE_DIR": str(folder / "site"),
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "HF_ENDPOINT": hub,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(folder / "hf"),
        }
        identity = "[user]\nname = a\nemail = a@b.c\n[init]\ndefaultBranch = main\n"
        (folder / "gitconfig").write_text(identity)
        self.root.mkdir()

    def type(self, command: str, where: Path | None = None) -> str:
        """What a command of a shell prints, which ends well."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=where or self.root,
            env=self._env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def make(self, prompt: str, clip: Path) -> None:
        """A version that tells of the clip in each way, then one that was made without it, not committed yet."""
        self.type("git init --quiet && dvc init --quiet && git init --quiet --bare ../remote")
        self.type("dvc remote add --quiet --default store ../store && git remote add origin ../remote")
        (self.root / "dvc.yaml").write_text(STAGE)
        (self.root / "in.csv").write_text(ROW)
        (self.root / "notes.md").write_text(f"Seen: {prompt}\nand another\n")
        (self.root / "list.csv").write_text(self.type(f"sha256sum < {clip}"))
        (self.root / "packed.gz").write_bytes(gzip.compress(ROW.encode()))
        (self.root / f"{GONE}.txt").write_text("a note")
        (self.root / "clip").write_bytes(clip.read_bytes())
        self.type("dvc repro --quiet && git add --all && dvc push --quiet")
        self.type(f"git commit --quiet --message 'Looked at {GONE}' && git push --quiet -u origin main")
        self.type("git clone --quiet remote clone", self.folder)
        self.type("echo stashed >> in.csv && git stash --quiet", self.clone)
        (self.root / "in.csv").write_text(f"{STAYS},drop\n")

    def objects(self) -> Iterator[tuple[Path, bytes]]:
        """Each repository of git with all that its objects hold, and its notes."""
        for root in (self.root, self.clone, self.folder / "remote"):
            listed = "git cat-file --batch-all-objects --batch"
            told = subprocess.run(
                ["bash", "-c", listed], cwd=root, env=self._env, capture_output=True, check=True
            )
            yield root, told.stdout

    def found(self, clip: Clip) -> set[str]:
        """Where something tells of it."""
        git = {root.name for root, content in self.objects() if any(word in content for word in clip.words)}
        return git | {name.partition("/")[0] for name, _ in search(self.folder, clip) if "/" in name}


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """A hub that keeps a version with the clip, and its large file, behind one without it."""
    loopback = LoopbackHub()
    with serve(loopback):
        loopback.add("me/variant", {"a.parquet": ROW.encode(), "README.md": GONE.encode()})
        loopback.add("me/variant", {"a.parquet": STAYS.encode(), "README.md": b"a card"})
        yield loopback


@pytest.mark.slow
def test_commands_do_what_they_say(sample_release: Path, hub: LoopbackHub, tmp_path: Path) -> None:
    """Afterwards no object of git, no cache and no remote tells of the clip; others, and the list, are there."""
    repository = Repository(tmp_path, hub.endpoint)
    file = sample_release / f"location/source_video/{GONE}.mp4"
    described = describe_clip(sample_release, file)
    prompt = max((word for word, kind in described.words.items() if kind == "prompt"), key=len).decode()
    repository.make(prompt, file)
    listed = repository.type(f"sha256sum < {file}").split()[0]
    clip = Clip(
        {
            word: kind
            for word, kind in described.words.items()
            if listed not in word.decode("latin-1").lower()
        },
        [],
    )
    assert repository.found(clip) >= {"own", "clone", "remote", "store"}

    *commands, told = tell_versions(str(sample_release), frozenset({GONE}))
    assert "explorer" in told
    for command in commands:
        elsewhere = {"each other clone": repository.clone, "the remote's own folder": tmp_path / "remote"}
        where = next((place for words, place in elsewhere.items() if words in command), None)
        repository.type(command.replace("OWNER/NAME", "me/variant"), where)
    assert repository.found(clip) == set()
    for root in (repository.root, repository.clone):
        assert (root / "in.csv").read_text() == f"{STAYS},drop\n"
        assert (root / "notes.md").read_text() == "Seen: removed\nand another\n"
        assert listed in (root / "list.csv").read_text()
        assert not (root / "packed.gz").exists()
    assert repository.type("git log --format=%s --reverse").splitlines() == [
        "Looked at removed",
        "A clip was excluded on request",
    ]
    assert (repository.root / "out/a.csv").read_text() == f"{STAYS},drop\n"
    repository.type("dvc pull --quiet", repository.clone)
    (name,) = hub.repositories
    assert [files for _, files in hub.repositories[name].commits] == [
        {"a.parquet": STAYS.encode(), "README.md": b"a card"}
    ]
    assert list(hub.store.values()) == [STAYS.encode()]


def test_what_holds_older_versions_is_told(hub: LoopbackHub, tmp_path: Path) -> None:
    """A tag on the hub, and changes that are not committed; nothing is rewritten."""
    hub.repositories["me/variant"].tags.append("v1")
    env = os.environ | {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "PYTHONPATH": str(CHECKOUT / "src")}
    command = [sys.executable, "-m", "sparkle_curation.hub.history", "me/variant"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "refs/tags/v1" in done.stderr
    assert len(hub.repositories["me/variant"].commits) == 2
