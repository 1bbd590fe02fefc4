"""`kedro` in a process of its own that need not import the project first: it is forked from one that did only that.

Importing takes 3 to 5 s of a core, most of what a short run takes. What a process imports, and a command that begins with
other code or with a program that takes rights from it, is for ``subprocess``. What another program starts, as DVC does its
stages, finds such a `kedro` in the folder of ``program``.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
_IMPORTED_BY_RUNS = (
    "kedro_viz.integrations.kedro.hooks",
    "sparkle_curation.parameters",
    "sparkle_curation.expectations.custom",
)
"""What a run imports when it comes to it; Great Expectations takes 3 s of a core."""
_PREFIX = [sys.executable, "-m", "kedro"]


class Forked:
    """A command that runs, with what ``subprocess.Popen`` has for it.

    Attributes:
        pid: of its process.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._status: int | None = None
        self.pid = self._told()

    def poll(self) -> int | None:
        """The exit status, that of a signal negative; None while it runs."""
        try:
            return self.wait(0)
        except BlockingIOError:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status once it has ended.

        Raises:
            TimeoutError: it has not ended in so many seconds; BlockingIOError where those are none.
        """
        if self._status is None:
            self._connection.settimeout(timeout)
            self._status = self._told()
            self._connection.close()
        return self._status

    def _told(self) -> int:
        """The next number, and no more of what has come: a short command may have ended already."""
        text = b""
        while not text.endswith(b"\n"):
            part = self._connection.recv(1)
            if not part:
                raise RuntimeError("what waits for the forked command is gone")
            text += part
        return int(text)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def start(command: Sequence[str], env: Mapping[str, str], output: IO[str], errors: IO[str]) -> Forked:
    """A started command.

    Args:
        command: as ``Project.command`` gives it.
        env: all of its environment.
        output: an open file that takes what it prints.
        errors: one for what it prints as errors.
    """
    if [*command[:3]] != _PREFIX:
        raise ValueError(f"no kedro command: {command}")
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(_server(CHECKOUT)))
    socket.send_fds(connection, [b"r"], [output.fileno(), errors.fileno()])
    connection.sendall(json.dumps([[*command[3:]], dict(env)]).encode() + b"\n")
    return Forked(connection)


def run(command: Sequence[str], env: Mapping[str, str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """A finished command, which may have failed.

    Raises:
        TimeoutError: it took longer, and was killed.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        process = start(command, env, output, errors)
        try:
            status = process.wait(timeout_s)
        finally:
            process.kill()
        texts = [file.seek(0) or file.read() for file in (output, errors)]
    return subprocess.CompletedProcess([*command], status, *texts)


_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
if os.getcwd() != {root!r}:
    os.execv({kedro!r}, [{kedro!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({path!r})
    socket.send_fds(connection, [b"r"], [1, 2])
    connection.sendall(json.dumps([sys.argv[1:], dict(os.environ)]).encode() + b"\\n")
    _, status = connection.makefile().read().split()
sys.exit(int(status) % 256)
"""


def program(root: Path, folder: Path) -> Path:
    """The folder, with a program `kedro` that forks where it is called in the project; elsewhere it is Kedro's own.

    Args:
        root: of the project, whose code is imported now, and is no more looked at when it changes.
        folder: for the program alone; made.
    """
    folder.mkdir()
    kedro = Path(sys.executable).parent / "kedro"
    text = _PROGRAM.format(
        python=sys.executable, root=str(root.resolve()), kedro=str(kedro), path=str(_server(root))
    )
    (folder / "kedro").write_text(text, encoding="utf-8")
    (folder / "kedro").chmod(0o755)
    return folder


# ------------------------------------------------------------------ the process that others are forked from
@functools.cache
def _server(root: Path) -> Path:
    """The socket where it is asked; it ends with the process of the tests at the latest, whose end of a pipe it holds."""
    path = Path(tempfile.mkdtemp(prefix="forked_kedro_")) / "socket"
    end, _open_while_tests_run = os.pipe()
    code = f"from tests.made.forked_kedro import _serve; _serve({str(root)!r}, {{}}, {end})"
    imported = os.pathsep.join([str(root / "src"), str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(16)
        subprocess.Popen(
            [sys.executable, "-c", code.format(listening.fileno())],
            cwd=root,
            env=os.environ | {"PYTHONPATH": imported.rstrip(os.pathsep)},
            stdin=subprocess.DEVNULL,
            pass_fds=[listening.fileno(), end],
        )
    os.close(end)
    return path


def _serve(root: str, listening: int, end: int) -> None:
    """Fork a process for each request; in that one, and only there, return with its command done."""
    import rich  # noqa: PLC0415
    from kedro.framework.cli.cli import KedroCLI, main  # noqa: PLC0415
    from kedro.framework.project import LOGGING, pipelines, settings  # noqa: PLC0415
    from tests.made.kept_configuration import kept_configuration  # noqa: PLC0415

    KedroCLI(project_path=Path(root))
    pipelines.items()
    kept = kept_configuration()  # by a name: one that nothing holds is closed at once
    kept.__enter__()
    loader = settings.CONFIG_LOADER_CLASS(str(Path(root, "conf")), **settings.CONFIG_LOADER_ARGS)
    for kind in ("parameters", "catalog"):
        loader[kind]
    for module in _IMPORTED_BY_RUNS:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    asked = socket.socket(fileno=listening)
    while True:
        if end in select.select([asked, end], [], [])[0]:
            shutil.rmtree(Path(asked.getsockname()).parent)
            return
        connection, _ = asked.accept()
        with connection:
            _, files, _, _ = socket.recv_fds(connection, 1, 2)
            if not os.fork():
                connection = connection.dup()
                break
        for file in files:
            os.close(file)
        _reap()
    asked.close()
    os.close(end)
    arguments, env = _forked_again(*files, connection)
    os.environ.clear()
    os.environ.update(env)
    # A console as wide as this environment says; Kedro's way to show an error is put in with it, in place of ours.
    told = sys.excepthook
    rich.reconfigure()
    LOGGING.configure(LOGGING.data)
    sys.excepthook = told
    sys.argv = ["kedro", *arguments]
    main()


def _reap() -> None:
    """Wait for those that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _forked_again(output: int, errors: int, replies: socket.socket) -> tuple[list[str], dict[str, str]]:
    """Returns in the process of the command; this one stays, to say that one's number and how it ended."""
    with replies:
        request: tuple[list[str], dict[str, str]] = json.loads(replies.makefile("r").readline())
        child = os.fork()
        if child:
            os.close(output)
            os.close(errors)
            replies.sendall(f"{child}\n".encode())
            _, status = os.waitpid(child, 0)
            replies.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.close(output)
    os.close(errors)
    return request
