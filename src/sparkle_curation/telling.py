"""Every expected failure in words: what a file system, a package, a parameter or a server says, as an error of ours.

One place for all of them: whatever raises it and wherever, the person sees a sentence and no traceback. What is not
expected is a defect, and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from traceback import walk_tb
from types import TracebackType

from sparkle_curation.engine.io.disk import is_full
from sparkle_curation.engine.io.server_faults import find_server_fault
from sparkle_curation.errors import (
    DiskError,
    FileError,
    ParameterError,
    ReleaseError,
    ServerError,
    SparkleError,
)

_OS_ERROR = re.compile(r"(?:os error |\[?[Ee]rrno )(\d+)")
"""How polars and Arrow tell the system's error, which they do not keep as a number."""
_PACKAGE = re.compile(r"(?i)\binstall ([a-z][\w-]*)")
_NEEDED = re.compile(r"(?i)\b(?:install|requires?)\b.*")
_TODOS = {
    errno.ELOOP: "links lead in a circle there: mend or remove them",
    errno.EACCES: "let this user read it, and write it where it is an output (chmod, chown); or give another folder",
    errno.EPERM: "let this user read it, and write it where it is an output (chmod, chown); or give another folder",
    errno.EROFS: "the disk can only be read: give a data_root on another one",
    errno.ENOTDIR: "a file stands where a folder should be: move it away, or give another path",
    errno.EISDIR: "a folder stands where a file should be: move it away, or give another path",
    errno.EEXIST: "a file, or a broken link, stands where a folder should be: move it away, or give another path",
    errno.ENOENT: "see whether the path is right, and whether something else moves files there",
    errno.ENAMETOOLONG: "give a shorter path",
    errno.EIO: "the disk, or what it is connected by, has a fault: look at the system's log",
    errno.ESTALE: "the shared folder was mounted anew: run again",
    errno.EMFILE: "let a process open more files: ulimit -n 4096",
}

_CODES: dict[type[BaseException], int] = {
    FileNotFoundError: errno.ENOENT,
    PermissionError: errno.EACCES,
    NotADirectoryError: errno.ENOTDIR,
    IsADirectoryError: errno.EISDIR,
    FileExistsError: errno.EEXIST,
}
"""Of errors that were raised with a text alone, as fsspec and Arrow do."""


def in_words(error: BaseException) -> SparkleError | None:
    """The error of ours that an error is, or comes from, or says the same as; None for one that nobody expects."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, SparkleError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return cause
    told: SparkleError | None = None
    each: BaseException | None = error
    # Not what was being handled meanwhile: a defect in the handling of a file that is not there is none of that file.
    while each is not None and told is None:
        told, each = _told(each), each.__cause__
    return told


def tell_uncaught() -> None:
    """From now on this process ends with a sentence where an expected error ends it, with exit code 1."""
    show = sys.excepthook
    if getattr(show, "is_telling", False):
        return

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        told = in_words(error)
        if told is None:
            show(kind, error, trace)
        else:
            told.show()

    tell.is_telling = True  # type: ignore[attr-defined]
    sys.excepthook = tell


def _told(error: BaseException) -> SparkleError | None:
    package = type(error).__module__.partition(".")[0]
    if isinstance(error, Exception) and is_full(error):
        return DiskError(
            "The disk is full",
            where=getattr(error, "filename", None),
            got=getattr(error, "strerror", None) or error,
            todo="free some space and run again: what was there before is untouched, what was done until here stays done",
        )
    if package in {"yaml", "omegaconf"}:
        return _told_parameters(error)
    fault = find_server_fault(error)
    if fault:
        return ServerError(
            fault.what,
            where=getattr(getattr(error, "request_info", None), "real_url", None)
            or getattr(error, "url", None),
            got=fault.got,
            todo=fault.todo,
        )
    if isinstance(error, ImportError) and not isinstance(error, ModuleNotFoundError):
        needed = _NEEDED.search(str(error))
        return needed and ReleaseError(
            "A URL needs a package that is not installed",
            got=str(error).partition("\n")[0],
            allowed="a local folder, or a URL whose package is installed",
            todo=f"{_install(str(error))}, in the environment of this project; or give a local folder",
        )
    if isinstance(error, ValueError) and str(error).startswith("Protocol not known"):
        return ReleaseError(
            "A URL is of a kind that is not known",
            got=str(error),
            allowed="a local folder, or a URL that fsspec knows, such as s3:// or https://",
            todo="see how it is written: --params release_root=...",
        )
    return _told_nesting(error) if isinstance(error, RecursionError) else _told_file(error, package)


def _install(said: str) -> str:
    named = _PACKAGE.search(said)
    return f"pip install {named[1]}" if named else "install it"


def _told_parameters(error: BaseException) -> ParameterError:
    first, *_ = str(error).splitlines() or [type(error).__name__]
    return ParameterError(
        "A parameter cannot be read",
        where=getattr(error, "full_key", None) or "--params, or a file of conf/",
        got=first,
        allowed="plain YAML: texts, numbers, true, false, null, lists; no tags (!!...); ${name} of a name that is set",
        todo="put what shall be taken as it stands into quotes within the value: --params 'name=\"...\"'",
    )


def _told_nesting(error: RecursionError) -> SparkleError | None:
    """What is nested too deeply; None where no reader of texts but a defect goes on and on."""
    modules = {
        frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)
    }
    if modules & {"yaml", "omegaconf"}:
        return ParameterError(
            "A parameter is nested too deeply",
            where="--params, or a file of conf/",
            allowed="lists and groups of parameters within a few others",
            todo="look for a run of opening brackets, and take them off",
        )
    if "json" in modules:
        return FileError(
            "A JSON file is nested too deeply to be read",
            allowed="files as this project writes them",
            todo="remove the file that was read last, see the log, and run again: it is made anew",
        )
    return None


def _told_file(error: BaseException, package: str) -> FileError | None:
    code = getattr(error, "errno", None) if isinstance(error, OSError) else None
    if code is None and (isinstance(error, OSError) or package in {"polars", "pyarrow"}):
        found = _OS_ERROR.search(str(error))
        code = int(found[1]) if found else _CODES.get(type(error))
    if code not in _TODOS:
        return None
    return FileError(
        "A file or folder cannot be read or written",
        where=getattr(error, "filename", None) or str(error).partition("\n")[0],
        got=os.strerror(code),
        todo=_TODOS[code],
    )
