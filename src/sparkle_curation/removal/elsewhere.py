"""What a removal does not reach, and the commands that do: the release itself, git, DVC, hubs, what runs at the moment."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from sparkle_curation.ingest.exclusions.resolving import ListedAsset
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.layout import ASSET_KINDS


def tell_release(release: ReleaseFiles, ids: frozenset[str], assets: Sequence[ListedAsset]) -> Iterator[str]:
    """Commands that take the files of the samples out of a local release; for one behind a URL, which files hold them."""
    loose = sorted({asset.path for asset in assets if asset.container is None})
    packed: dict[str, list[str]] = {}
    for asset in assets:
        if asset.container:
            folder = ASSET_KINDS[asset.kind].base_folder
            packed.setdefault(asset.container, []).append(
                asset.path.removeprefix(f"{folder}/") if folder else asset.path
            )
    if not release.is_local:
        where = ", ".join(sorted({*packed, *(path.rpartition("/")[0] for path in loose)}))
        yield f"the release behind {release.root} still has it, in {where}: ask whoever publishes it"
        return
    root = Path(release.root)
    if loose:
        yield f"rm -- {' '.join(shlex.quote(str(root / path)) for path in loose)}"
    for container, members in sorted(packed.items()):
        named = " ".join(map(shlex.quote, sorted(members)))
        yield f"tar --delete --file {shlex.quote(str(root / container))} {named}"
    yield (
        f"python -m sparkle_curation.removal.raw_texts {shlex.quote(str(root))} {' '.join(sorted(ids))}"
        "  # CSVs and JSON lines without their records, one that takes several lines too"
    )


def tell_versions(root: str, ids: frozenset[str]) -> Iterator[str]:
    """Commands for what git and DVC keep, and what hubs, machines and models have, in the order in which they are typed.

    Args:
        root: of the release, which must still have the samples: their prompts and hashes are known from there.
        ids: of the samples.
    """
    yield "dvc repro  # makes a version without it; in a repository with DVC"
    yield "git add --all && git commit --message 'A clip was excluded on request' && dvc push"
    yield (
        f"python -m sparkle_curation.removal.git_history --rewrite {shlex.quote(root)} {' '.join(sorted(ids))}  "
        "# with git-filter-repo installed; all commits get new names. Without --rewrite it says what would go"
    )
    yield "git push --force --all && git push --force --tags  # all others must clone again"
    yield "git gc --prune=now  # in the remote's own folder; a host such as GitHub must be asked to forget old commits"
    yield (
        "git fetch --prune && git reset --hard @{upstream} && git stash clear && "
        "git reflog expire --expire=now --all && git gc --prune=now  # in each other clone, instead of a new one"
    )
    yield "dvc exp remove --all-commits && dvc gc --workspace --force  # all versions but this one, on this machine"
    yield (
        r"dvc config --list | sed -n 's/^remote\.\(.*\)\.url=.*/\1/p' | sort -u | "
        "xargs --no-run-if-empty --max-args=1 dvc gc --workspace --cloud --force --remote  # the same for each remote"
    )
    yield (
        "python -m sparkle_curation.hub.history OWNER/NAME  "
        "# after a published variant was uploaded again: without it the hub keeps the old files in its history"
    )
    yield (
        "an explorer that runs holds its tables in memory: end it and start it again. Copies on other machines, backups, "
        "training that runs, and weights that were trained on it are reached by no command of this project"
    )
