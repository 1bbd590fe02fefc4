"""A git repository without what tells of some samples, in all commits: ``python -m sparkle_curation.removal.git_history``.

No run does this: history is rewritten by whoever asks for it, with this command, while the release still has the samples,
since their prompts and hashes are known from there. Lines lose what tells of them; files that are packed, or are theirs, go
whole. The list of excluded clips keeps its hashes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import xxhash

from sparkle_curation.errors import SparkleError, VersionError
from sparkle_curation.ingest.exclusions.resolving import sha256_of
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.removal.clip_facts import gather_facts
from sparkle_curation.removal.contents import UnreadableError, pieces
from sparkle_curation.removal.needles import Needles
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.sample_ids import ID_FORM, parse_sample_id

_REMOVED = b"removed"
_TEXT_START = 8192
"""Bytes by which git filter-repo tells texts, which have no 0 among them."""


class Blobs(NamedTuple):
    """Contents of a repository that tell of the samples.

    Attributes:
        texts: that lose what tells of them, by git's names.
        whole: that go.
    """

    texts: list[str]
    whole: list[str]


def needles_of(release: ReleaseFiles, ids: frozenset[str]) -> Needles:
    """What tells of the samples, without what the list of excluded clips calls them by, which stays."""
    facts = gather_facts(release, ids)
    clips = {sha256_of(release, asset) for asset in facts.assets if asset.kind == KIND.source_video}
    return replace(facts.needles, hashes=facts.needles.hashes - clips)


def find_blobs(repository: Path, needles: Needles) -> Blobs:
    """The contents, of whatever commit, branch or stash, that tell of the samples."""
    found = Blobs([], [])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blob"
        for name, content in _contents(repository):
            file.write_bytes(content)
            if _tells(file, content, needles):
                is_text = b"\0" not in content[:_TEXT_START]
                file.write_bytes(_replaced(content, needles))
                is_mended = is_text and not _tells(file, file.read_bytes(), needles)
                (found.texts if is_mended else found.whole).append(name)
    return found


def rewrite(repository: Path, needles: Needles, blobs: Blobs) -> None:
    """Rewrite all commits with ``git filter-repo``, which forgets the old ones; remotes stay, and nothing is pushed.

    Raises:
        VersionError: it is not installed, or the work tree has changes, which would be lost.
    """
    if shutil.which("git-filter-repo") is None:
        raise VersionError(
            "git filter-repo is not installed",
            where=repository,
            todo="pip install git-filter-repo, in the environment of this project",
        )
    if changed := _git(repository, "status", "--porcelain", "--untracked-files=no").decode():
        raise VersionError(
            "The work tree has changes that are not committed, and would be lost",
            where=repository,
            got=f"{len(changed.splitlines())} files",
            todo="commit them: git commit --all --message 'A clip was excluded on request'",
        )
    remotes = _remotes(repository)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [b"literal:%s==>%s\n" % (form, _REMOVED) for form in _forms(needles) if b"\n" not in form]
        (folder / "texts").write_bytes(b"".join(lines))
        (folder / "blobs").write_text("".join(f"{each}\n" for each in blobs.whole))
        _git(
            repository,
            *(
                "filter-repo",
                "--force",
                "--replace-text",
                folder / "texts",
                "--replace-message",
                folder / "texts",
            ),
            *("--strip-blobs-with-ids", folder / "blobs"),
            *("--invert-paths", "--path-regex", "|".join(sorted(needles.ids))),
        )
    for name, address in remotes.items() - _remotes(repository).items():
        _git(repository, "remote", "add", name, address)


def _contents(repository: Path) -> Iterator[tuple[str, bytes]]:
    """All blobs of a repository by their names."""
    listed = _git(repository, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)")
    names = [line.split()[0] for line in listed.splitlines() if line.endswith(b" blob")]
    with tempfile.TemporaryFile() as wanted:
        wanted.write(b"\n".join(names) + b"\n" if names else b"")
        wanted.seek(0)
        command = ["git", "-C", str(repository), "cat-file", "--batch"]
        with subprocess.Popen(command, stdin=wanted, stdout=subprocess.PIPE) as process:  # noqa: S603 -- git
            answers = cast(BinaryIO, process.stdout)
            for name in names:
                size = int(answers.readline().split()[2])
                yield name.decode(), answers.read(size)
                answers.read(1)


def _tells(file: Path, content: bytes, needles: Needles) -> bool:
    if len(content) in needles.sizes and xxhash.xxh3_128_hexdigest(content) in needles.file_hashes:
        return True
    try:
        return bool(content) and any(map(needles.are_in, pieces(file)))
    except UnreadableError:
        return needles.are_in(content)


def _forms(needles: Needles) -> list[bytes]:
    """What is replaced, the longest first, so that no part of another one is left."""
    return sorted(
        {*needles.forms, *(each.encode() for each in needles.hashes)}, key=lambda form: (-len(form), form)
    )


def _replaced(content: bytes, needles: Needles) -> bytes:
    for form in _forms(needles):
        content = content.replace(form, _REMOVED)
    return content


def _remotes(repository: Path) -> dict[str, str]:
    names = _git(repository, "remote").decode().split()
    return {name: _git(repository, "remote", "get-url", name).decode().strip() for name in names}


def _git(repository: Path, *arguments: object) -> bytes:
    command = ["git", "-C", str(repository), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- git
    if done.returncode:
        raise VersionError(
            "git does not do what it is asked for",
            where=f"{repository}: git {arguments[0]}",
            got=done.stderr.decode("utf-8", "replace").strip()
            or done.stdout.decode("utf-8", "replace").strip(),
            todo="see that it is a repository of git, and what git says",
        )
    return done.stdout


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m sparkle_curation.removal.git_history", description=__doc__
    )
    parser.add_argument("release", help="folder or URL of the release, which still has the samples")
    parser.add_argument("ids", nargs="+", help="the samples")
    parser.add_argument("--repository", type=Path, default=Path(), help="that of git; the folder of here")
    parser.add_argument("--rewrite", action="store_true", help="do it; else it is only said what would go")
    told = parser.parse_args()
    if bad := [each for each in told.ids if parse_sample_id(each) is None]:
        parser.error(f"no sample: {', '.join(bad)}; allowed {ID_FORM}")
    try:
        needles = needles_of(ReleaseFiles(told.release), frozenset(told.ids))
        blobs = find_blobs(told.repository, needles)
        if told.rewrite:
            rewrite(told.repository, needles, blobs)
    except SparkleError as error:
        error.show()
        raise SystemExit(1) from None
    print(  # noqa: T201
        f"{told.repository.absolute()}: {len(blobs.texts):,} texts lose what tells of them, {len(blobs.whole):,} files go"
        + ("; done" if told.rewrite else "; --rewrite does it")
    )


if __name__ == "__main__":
    main()
