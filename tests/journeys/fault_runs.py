"""What a fault is: files that are made, a command, and what is to be seen of it; and the run that shows it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tests.conftest import CHECKOUT, Project
from tests.made import forked_kedro

WIDTH = "2000"
"""Of the terminal: no line of the log is broken."""
_SHOWN_CHARS = 330


@dataclass
class Scene:
    """The files of one run, its own: a copy of the sample release, and the outputs of a good run where there was one.

    Attributes:
        folder: everything of the run lies below it.
        release: the copy.
        root: what is given as `release_root`.
        data: the data root.
        params: further parameters.
        arguments: further options of the command.
        limits: a program and its arguments that end with the command, such as one that takes rights away from it.
        stack: what ends with the run, such as servers.
        hidden: texts that must not be printed.
        values: what a check compares with, kept from before the run.
        has_data_root: whether the command says where the outputs go.
        more_params: what follows the parameters on the command line, as it stands.
    """

    folder: Path
    release: Path
    root: str
    data: Path
    params: dict[str, object] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)
    hidden: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    has_data_root: bool = True
    more_params: str = ""

    @property
    def project(self) -> Project:
        """Runs on these files."""
        return Project(self.root, self.data, self.params)  # type: ignore[arg-type]  # a root may be a URL

    def file(self, path: str) -> Path:
        """A file of the release by its path in it."""
        return self.release / path

    def table(self, name: str) -> pl.DataFrame:
        """A table that the run made."""
        return pl.read_parquet(self.project.table(name))

    def contents(self) -> dict[str, bytes]:
        """The bytes of all files of the data root, by their path in it."""
        return {
            str(path.relative_to(self.data)): path.read_bytes()
            for path in sorted(self.data.rglob("*"))
            if path.is_file()
        }


@dataclass(frozen=True)
class Seen:
    """A run that has ended.

    Attributes:
        exit_code: of its process.
        text: what it printed, its paths and all that differs from run to run as words.
        scene: its files as they are now.
        before: the files of its data root as they were.
    """

    exit_code: int
    text: str
    scene: Scene
    before: Mapping[str, bytes] = field(repr=False)

    @property
    def error(self) -> dict[str, str]:
        """The error that it ended with: `what`, and what else it says by its label."""
        start = [found.start() for found in re.finditer("^Error: ", self.text, re.MULTILINE)][-1]
        what, *lines = self.text[start:].strip().splitlines()
        told = {"what": what.removeprefix("Error: ")}
        for line in lines:
            label = re.match(r"  (where|got|allowed|do): +", line)
            if label:
                told[label[1]] = line[label.end() :]
            else:
                told[list(told)[-1]] += f" {line.strip()}"
        return told


Reading = Callable[[Seen], str]
"""What a run says of a fault."""


def the_error(seen: Seen) -> str:
    """What the error says that ended the run: what, where, got, and what to do; what is allowed is left out."""
    told = dict(seen.error)
    told.pop("allowed", None)
    what = told.pop("what")
    return " ".join([what, *(f"*{label}:* {text}" for label, text in told.items())])


def logged(start: str, level: str = "WARNING", times: int = 1) -> Reading:
    """The line of the log that begins so, which is there so many times."""

    def read(seen: Seen) -> str:
        lines = [line.strip() for line in seen.text.splitlines() if level in line]
        found = [line[line.index(start) :] for line in lines if start in line]
        assert len(found) == times, f"{len(found)} lines of {level} with {start!r} in\n{seen.text}"
        return found[0]

    return read


def printed(start: str) -> Reading:
    """The one line of what is printed that begins so."""

    def read(seen: Seen) -> str:
        (found,) = [line for line in seen.text.splitlines() if line.strip().startswith(start)]
        return " ".join(found.split())

    return read


def quarantined(path: str, line: int | None = None, sample: str | None = None) -> Reading:
    """Why the quarantine has a file of the release, or a line or a sample of it."""

    def read(seen: Seen) -> str:
        wanted = {"path": path, "line": line, "id": sample}
        rows = seen.scene.table("quarantine").filter(
            **{name: value for name, value in wanted.items() if value is not None}
        )
        told = rows.select("reason", "detail").rows()
        assert len(told) == 1, f"{wanted}: {told}"
        return "`{}`: {}".format(*told[0])

    return read


@dataclass(frozen=True)
class Left:
    """What is on the disk after a run.

    Attributes:
        text: in words.
        check: raises where it is not so.
    """

    text: str
    check: Callable[[Seen], None]


@dataclass(frozen=True)
class Fault:
    """One row of the page.

    Attributes:
        what: what somebody has or did.
        phrase: must be in what is said.
        by: the file of `src/sparkle_curation` that says it.
        read: finds what is said.
    """

    what: str
    phrase: str
    by: str
    read: Reading = the_error


@dataclass(frozen=True)
class Journey:
    """A run that shows one fault, or several where none of them ends it.

    Attributes:
        what: the fault, as of ``Fault``; or faults with all that follows.
        make: makes the files so, in a scene.
        phrase, by, read: as of ``Fault``.
        left: what the run leaves.
        pipelines: of the command.
        exit_code: of the process.
        is_later: whether the data root holds the outputs of a good run on the same release.
        shown_params: of the command, as the page shows them; paths and addresses are no part of it.
        lacks: a package that the run shall not find; it is installed beside the tests.
    """

    what: str | Sequence[Fault]
    make: Callable[[Scene], None]
    phrase: str = ""
    by: str = ""
    left: Left = field(default_factory=lambda: Left("", lambda _: None))
    pipelines: str = "curate"
    exit_code: int = 1
    is_later: bool = True
    shown_params: str = ""
    read: Reading = the_error
    lacks: str = ""

    @property
    def faults(self) -> Sequence[Fault]:
        """The rows of the page that come of this run."""
        return (
            [Fault(self.what, self.phrase, self.by, self.read)] if isinstance(self.what, str) else self.what
        )

    @property
    def name(self) -> str:
        """Of a test."""
        return self.faults[0].what

    @property
    def command(self) -> str:
        """As the page shows it, after `kedro run`."""
        params = f" --params {self.shown_params}" if self.shown_params else ""
        return f"--pipelines {self.pipelines}{params}"


def run(journey: Journey, scene: Scene) -> Seen:
    """Make the files, start the run in a process of its own, and see what it says and leaves."""
    with scene.stack:
        journey.make(scene)
        before = scene.contents()
        command = scene.project.command("--pipelines", journey.pipelines, *scene.arguments)
        if not scene.has_data_root:
            command = [part.replace(f",data_root={scene.data}", "") for part in command]
        if scene.more_params:
            command[-1] += f",{scene.more_params}"
        env = os.environ | {"DO_NOT_TRACK": "1", "COLUMNS": WIDTH}
        if journey.lacks:
            env["PYTHONPATH"] = (
                f"{_without(journey.lacks, scene.folder)}{os.pathsep}{env.get('PYTHONPATH', '')}"
            )
        is_apart = scene.limits or journey.lacks
        done = _limited([*scene.limits, *command], env) if is_apart else forked_kedro.run(command, env, 300)
    text = done.stdout + done.stderr
    assert "Traceback" not in text, text
    assert [secret for secret in scene.hidden if secret in text] == []
    return Seen(done.returncode, in_words(text, scene), scene, before)


def _without(package: str, folder: Path) -> Path:
    """A folder that is looked into first, and in which the package cannot be imported."""
    place = folder / "without"
    place.mkdir()
    (place / f"{package}.py").write_text(f'raise ModuleNotFoundError("No module named {package!r}")\n')
    return place


def _limited(command: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A finished command that begins with another program."""
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        # Kedro asks git for the status; what may write no more than 6 KB would leave half an index, and its lock.
        env={**env, "GIT_OPTIONAL_LOCKS": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def in_words(text: str, scene: Scene) -> str:
    """A text with words for paths and all else that is another in each run."""
    names = {
        str(scene.release): "RELEASE",
        str(scene.data): "DATA",
        str(scene.folder): "FOLDER",
        str(CHECKOUT): "PROJECT",
        socket.gethostname(): "MACHINE",
        str(Path(sys.prefix)): "PYTHON",
    }
    for name, word in names.items():
        text = text.replace(name, word)
    text = re.sub(r"127\.0\.0\.1:[0-9]+", "HOST", text)
    return re.sub(r"process [0-9]+, since [0-9:TZ +-]+[0-9Z]", "process NUMBER, since TIME", text)


def shown(text: str) -> str:
    """A text for a cell of the page: one line, not too long, nothing of it taken for markup."""
    text = " ".join(text.split())
    if len(text) > _SHOWN_CHARS:
        text = text[:_SHOWN_CHARS].rsplit(" ", 1)[0] + " …"
    return text.replace("|", "\\|").replace("<", "&lt;")
