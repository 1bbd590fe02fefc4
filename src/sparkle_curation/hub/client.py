"""Dataset repositories of the model hub, as far as this project asks for them: what is there, bytes, one commit.

A token comes with the client and from nowhere else, nothing of this machine is told (no telemetry), and what goes wrong is
told in the words of ``engine.io.server_faults``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sparkle_curation.engine.io.patience import ask_patiently
from sparkle_curation.engine.io.server_faults import find_server_fault
from sparkle_curation.errors import ParameterError, ReleaseError, ServerError, SparkleError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

COMMIT = re.compile(r"[0-9a-f]{40}")
"""The name of a commit, which never moves."""
_DATASET = "dataset"
_TOKEN_TODO = (
    "set HF_TOKEN, or api_key of hub in conf/local/credentials.yml, to a token that may {what}; "  # noqa: S105
    "see that the repository is written as on its page (OWNER/NAME), and accept its terms there where it has some"
)
_CONFLICTS = frozenset({409, 412})


@dataclass(frozen=True)
class HubFile:
    """A file of a repository at a commit.

    Attributes:
        path: in the repository.
        size: in bytes.
        sha256: of its bytes, where it lies in the store of large files; None for others.
        blob_id: git's name of its bytes; of a large file of the pointer to it.
    """

    path: str
    size: int
    sha256: str | None
    blob_id: str

    @property
    def content_hash(self) -> str:
        """What tells its bytes from others: ``sha256:...`` or ``git:...``."""
        return f"sha256:{self.sha256}" if self.sha256 else f"git:{self.blob_id}"


@dataclass(frozen=True)
class HubRepository:
    """A repository as it is now: its newest commit, and whether others may see it."""

    name: str
    commit: str
    is_private: bool


class Hub:
    """The hub of this process: the one of ``HF_ENDPOINT``, else the public one.

    Args:
        token: who asks; empty for nobody, whoever else is logged in on this machine.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token

    @property
    def endpoint(self) -> str:
        """Its address."""
        return str(self._api.endpoint)

    # ------------------------------------------------------------------ what is there
    def find(self, name: str, revision: str | None = None) -> HubRepository | None:
        """The repository at the newest commit of a revision (None: its main branch); None where there is no repository.

        Raises:
            ReleaseError: the repository has no such revision.
            ServerError: the hub does not say.
        """
        from huggingface_hub.errors import (  # noqa: PLC0415 -- 0.3 s, for who asks the hub
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        with _telling(name, "read it"):
            try:
                found = self._api.dataset_info(name, revision=revision, timeout=30)
            except RepositoryNotFoundError as error:
                # A private repository looks like none to who may not see it.
                if self._token or error.response.status_code == 404:
                    return None
                raise
            except RevisionNotFoundError as error:
                raise ReleaseError(
                    "The repository has no such revision",
                    where=f"{self.endpoint}/datasets/{name}",
                    got=revision,
                    allowed="a branch, a tag or a commit of it",
                    todo="see its page for those that it has, or take the newest commit: --params download.revision=null",
                ) from error
        return HubRepository(name, str(found.sha), bool(found.private))

    def files(self, name: str, commit: str) -> list[HubFile]:
        """The files of a repository at a commit, by path.

        Raises:
            ServerError: the hub does not say.
        """
        from huggingface_hub.hf_api import RepoFile  # noqa: PLC0415

        with _telling(f"{name} at {commit}", "read it"):
            tree = self._api.list_repo_tree(name, repo_type=_DATASET, revision=commit, recursive=True)
            found = [
                HubFile(each.path, each.size, each.lfs.sha256 if each.lfs else None, each.blob_id)
                for each in tree
                if isinstance(each, RepoFile)
            ]
        return sorted(found, key=lambda file: file.path)

    # ------------------------------------------------------------------ bytes
    def fetch(self, name: str, commit: str, file: HubFile, target: BinaryIO) -> None:
        """The rest of a file, written behind what ``target`` has of it; a connection that is cut is opened again.

        Args:
            name: of the repository.
            commit: of the file.
            file: as the hub lists it there.
            target: open at its end.

        Raises:
            ServerError: the hub does not give them.
        """
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415
        from huggingface_hub.file_download import hf_hub_url, http_get  # noqa: PLC0415

        # Each part is asked for at the hub's own address: what it redirects to is signed for a while only.
        url = hf_hub_url(name, file.path, repo_type=_DATASET, revision=commit, endpoint=self.endpoint)
        headers = {**self._headers, "Accept-Encoding": "identity"}

        def get() -> None:
            try:
                http_get(url, target, resume_size=target.tell(), headers=headers, expected_size=file.size)
            except HfHubHTTPError as error:  # http_get itself goes on after a cut connection, and after 429
                raise _RefusedError(error.response.status_code) from error

        with _telling(f"{name}/{file.path} at {commit}", "read it"):
            ask_patiently(get)

    # ------------------------------------------------------------------ changing what is there
    def create(self, name: str, *, is_private: bool) -> None:
        """Make an empty repository.

        Raises:
            ServerError: the hub does not.
        """
        with _telling(name, "write there"):
            self._api.create_repo(name, repo_type=_DATASET, private=is_private)

    def commit(
        self, name: str, parent: str, added: Mapping[str, Path], deleted: Iterable[str], message: str
    ) -> str:
        """Put files there and take others away as one commit; its name.

        Args:
            name: of the repository.
            parent: the newest commit, which the change is made to.
            added: files of this machine by their paths there.
            deleted: paths there.
            message: of the commit.

        Raises:
            ServerError: the hub does not, or has another newest commit by now.
        """
        from huggingface_hub import (  # noqa: PLC0415
            CommitOperationAdd,
            CommitOperationCopy,
            CommitOperationDelete,
        )

        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(path, file) for path, file in added.items()),
            *(CommitOperationDelete(path) for path in deleted),
        ]
        with _telling(name, "write there"):
            made = self._api.create_commit(
                name, operations, repo_type=_DATASET, commit_message=message, parent_commit=parent
            )
        return str(made.oid)

    # ------------------------------------------------------------------ opened on first use
    @cached_property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi, constants  # noqa: PLC0415
        from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415

        constants.HF_HUB_DISABLE_TELEMETRY = True
        if not constants.HF_HUB_DISABLE_PROGRESS_BARS:
            disable_progress_bars()  # ours is drawn
        return HfApi(token=self._token or False, library_name="sparkle-curation")

    @property
    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils._headers import build_hf_headers  # noqa: PLC0415

        return dict(build_hf_headers(token=self._token or False, library_name="sparkle-curation"))


class _RefusedError(OSError):
    """A status that is no success, where ``ask_patiently`` looks for it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@contextmanager
def _telling(where: str, what: str) -> Iterator[None]:
    """What goes wrong with the hub, as an error of ours.

    Args:
        where: what was asked for.
        what: what the token must allow.
    """
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled  # noqa: PLC0415

    try:
        yield
    except SparkleError:  # said already, and what it comes from says less
        raise
    except HFValidationError as error:
        raise ParameterError(
            "A repository of the hub is not called so",
            got=where,
            allowed="OWNER/NAME of letters, digits, - _ and .",
            todo="see how it is written on its page",
        ) from error
    except OfflineModeIsEnabled as error:
        raise ServerError(
            "The hub is not asked: this machine is told to be without a network",
            where=where,
            got="HF_HUB_OFFLINE",
            todo="take it out of the environment: unset HF_HUB_OFFLINE",
        ) from error
    except Exception as error:
        told = _in_words(error, where, what)
        if told is None:
            raise
        raise told from error


def _in_words(error: BaseException, where: str, what: str) -> ServerError | None:
    cause: BaseException | None = error
    while cause is not None and (fault := find_server_fault(cause)) is None:
        cause = cause.__cause__
    if cause is None or fault is None:
        return None
    if fault.status in _CONFLICTS:
        return ServerError(
            "The repository was changed while this run was at it",
            where=where,
            got=fault.got,
            todo="see on its page who else writes there, and run again: it compares anew",
        )
    is_refusal = fault.status in {401, 403, 404}
    return ServerError(
        fault.what,
        where=where,
        got=fault.got,
        todo=_TOKEN_TODO.format(what=what) if is_refusal else fault.todo,
    )
