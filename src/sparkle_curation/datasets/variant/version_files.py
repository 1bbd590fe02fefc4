"""The files of one version, in a folder or at a git revision, read alike.

A revision is read through DVC's file system, which takes a file from git, from DVC's cache or from its remote,
wherever it is; nothing is checked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from sparkle_curation.engine.io.patience import ask_patiently
from sparkle_curation.engine.io.server_faults import find_server_fault
from sparkle_curation.errors import VersionError


class VersionFiles:
    """Reads the files of one version; tells a file that the version lacks from one that cannot be had.

    Args:
        title: how errors name the version.
        fs: the file system, fsspec's.
        root: the folder of the version in it.
        faults: what the file system raises when a file is known but cannot be read.
        todo: what helps then.
        is_remote: whether they lie behind a URL.
    """

    def __init__(
        self,
        title: str,
        fs: Any,
        root: str,
        *,
        faults: tuple[type[Exception], ...] = (),
        todo: str = "",
        is_remote: bool = False,
    ) -> None:
        self.title, self.is_remote = title, is_remote
        self._fs, self._root = fs, root.rstrip("/")
        self._faults: tuple[type[Exception], ...] = (OSError, *faults)
        self._todo = todo

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where the version has no such file.

        Raises:
            VersionError: the file belongs to the version, but cannot be read.
        """
        full = self._full(path)
        try:
            content: bytes = self._ask(full, self._fs.cat_file)
        except FileNotFoundError as error:
            if not self._is_listed(full):
                return None
            raise self._unreadable(full, error) from error
        return content

    def names_in(self, path: str) -> set[str]:
        """The names in a folder; none where the version has no such folder.

        Raises:
            VersionError: the folder belongs to the version, but cannot be listed.
        """
        full = self._full(path)
        try:
            listed = self._ask(full, partial(self._fs.ls, detail=False))
            return {PurePosixPath(name).name for name in listed}
        except (FileNotFoundError, NotADirectoryError):
            return set()

    def _full(self, path: str) -> str:
        return "/".join(part for part in (self._root, path) if part)

    def _is_listed(self, full: str) -> bool:
        """Whether the version has the file; `exists` of fsspec would also say no to a fault."""
        try:
            self._ask(full, self._fs.info)
        except FileNotFoundError:
            return False
        return True

    def _ask(self, full: str, ask: Callable[[str], Any]) -> Any:
        """What the file system says of a path, asked again where that may help."""
        try:
            return ask_patiently(partial(ask, full))
        except (FileNotFoundError, NotADirectoryError):
            raise
        except Exception as error:
            # Also of DVC's remote, which may be behind a server.
            if isinstance(error, self._faults) or find_server_fault(error):
                raise self._unreadable(full, error) from error
            raise

    def _unreadable(self, full: str, error: Exception) -> VersionError:
        fault = find_server_fault(error)
        if fault:
            return VersionError(
                f"A version cannot be read: {fault.what[0].lower()}{fault.what[1:]}",
                where=full if self.is_remote else f"{self.title}: {full}",
                got=fault.got,
                allowed="a file that is available",
                todo=fault.todo,
            )
        return VersionError(
            "A file of a version cannot be read",
            where=f"{self.title}: {full}",
            got=error,
            allowed="a file that is available",
            todo=self._todo or "look at the file and its permissions",
        )


def folder_files(title: str, root: str) -> VersionFiles:
    """The files under a local folder or fsspec URL."""
    fs, path = fsspec.core.url_to_fs(root)
    fs.invalidate_cache()  # fsspec keeps listings for the life of the process
    return VersionFiles(title, fs, path, is_remote="://" in root)


@contextmanager
def revision_files(repository: Path, revision: str, data_root: str) -> Iterator[tuple[VersionFiles, str]]:
    """The files under ``data_root`` at a revision of git, and the commit that it names.

    Args:
        repository: a folder in a git repository.
        revision: a branch, tag, commit, ``HEAD~1``, or a DVC experiment.
        data_root: a folder, from ``repository``.

    Raises:
        VersionError: git does not know the revision, or ``data_root`` lies outside of git.
    """
    from dvc.api import DVCFileSystem  # noqa: PLC0415 -- takes a second, and only revisions need it
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_data.index import DataIndexError  # noqa: PLC0415

    # The default remote of now: DVC takes the revision's own, which may be from before there was one.
    config = {"core": {"remote": _default_remote(repository)}}
    # Subrepos: the project may lie in a subfolder of the git repository, with a .dvc of its own.
    fs = DVCFileSystem(str(repository), rev=revision, subrepos=True, config=config)
    try:
        commit, git_root = _resolve(fs, repository, revision)
        root = _path_in(Path(git_root).resolve(), (repository / data_root).resolve())
        yield (
            VersionFiles(
                f"{revision} ({commit[:12]})",
                fs,
                root,
                faults=(DvcException, DataIndexError),
                todo="bring what DVC keeps of it: dvc fetch --all-commits, or git checkout that revision and dvc pull; "
                "where no remote has it, dvc repro there",
            ),
            commit,
        )
    finally:
        fs.close()


@contextmanager
def locked_files(root: Path) -> Iterator[VersionFiles]:
    """The files as the workspace's ``dvc.lock`` has them: those too that DVC has cleared away for the stage that runs.

    Args:
        root: the folder of DVC's repository.

    Raises:
        VersionError: it is none.
    """
    from dvc.api import DVCFileSystem  # noqa: PLC0415 -- see above
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc_data.index import DataIndexError  # noqa: PLC0415

    try:
        fs = DVCFileSystem(str(root))
    except DvcException as error:
        raise VersionError("There is no repository of DVC", where=root, got=error) from error
    try:
        yield VersionFiles("dvc.lock", fs, "", faults=(DvcException, DataIndexError))
    finally:
        fs.close()


def _default_remote(repository: Path) -> str:
    """The name of DVC's default remote; empty for none."""
    from dvc.repo import Repo  # noqa: PLC0415

    with Repo(str(repository), uninitialized=True) as repo:
        return str(repo.config["core"].get("remote", ""))


def _resolve(fs: Any, repository: Path, revision: str) -> tuple[str, str]:
    """The commit of the revision, and the root of its git repository."""
    from dvc.exceptions import DvcException  # noqa: PLC0415
    from dvc.scm import RevError  # noqa: PLC0415

    try:
        return fs.repo.get_rev(), fs.repo.scm.root_dir
    except RevError as error:
        raise VersionError(
            "There is neither a folder nor a git revision of that name",
            where=repository,
            got=revision,
            allowed="a folder, 'workspace', or a branch, tag, commit or DVC experiment",
            todo="look for its name in git log and dvc exp show; what another clone has, git fetch or dvc exp pull brings",
        ) from error
    except DvcException as error:
        raise VersionError(
            "A git revision cannot be read",
            where=repository,
            got=f"{revision}: {error}",
            allowed="a revision of the git repository that the project lies in",
            todo="run it in a git clone of the project, or compare folders: --params base=FOLDER,other=FOLDER",
        ) from error


def _path_in(git_root: Path, folder: Path) -> str:
    if not folder.is_relative_to(git_root):
        raise VersionError(
            "The data root is not in the git repository, so no revision has it",
            where=folder,
            allowed=f"a folder in {git_root}",
            todo="compare folders instead: --params base=FOLDER,other=FOLDER",
        )
    return folder.relative_to(git_root).as_posix()
