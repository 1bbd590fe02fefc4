"""`kedro` in a process of its own that need not import the project first: it is forked from one that did only that.

Importing takes 3 to 5 s of a core, most of what a short run takes. What a process imports, and a command that begins with
other code or with a program that takes rights from it, is for ``subprocess``.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
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
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(_server(), [b"r"], [output.fileno(), errors.fileno(), theirs.fileno()])
    ours.sendall(json.dumps([[*command[3:]], dict(env)]).encode() + b"\n")
    return Forked(ours)


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


# ------------------------------------------------------------------ the process that others are forked from
@functools.cache
def _server() -> socket.socket:
    """What asks it; it ends when that is closed, with the process of the tests at the latest."""
    ours, theirs = socket.socketpair()
    code = f"from tests.made.forked_kedro import _serve; _serve({theirs.fileno()})"
    path = os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])
    with theirs:
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return ours


def _serve(channel: int) -> None:
    """Fork a process for each request; in that one, and only there, return with its command done."""
    import rich  # noqa: PLC0415
    from kedro.framework.cli.cli import KedroCLI, main  # noqa: PLC0415
    from kedro.framework.project import LOGGING, pipelines  # noqa: PLC0415

    KedroCLI(project_path=CHECKOUT)
    pipelines.items()
    asked = socket.socket(fileno=channel)
    while True:
        request, files, _, _ = socket.recv_fds(asked, 1, 3)
        if not request:
            return
        if not os.fork():
            break
        for file in files:
            os.close(file)
        _reap()
    asked.close()
    arguments, env = _forked_again(*files)
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


def _forked_again(output: int, errors: int, connection: int) -> tuple[list[str], dict[str, str]]:
    """Returns in the process of the command; this one stays, to say that one's number and how it ended."""
    with socket.socket(fileno=connection) as replies:
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
