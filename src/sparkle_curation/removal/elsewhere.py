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


def tell_versions(ids: frozenset[str]) -> Iterator[str]:
    """Commands for what git and DVC keep, and what hubs, machines and models have."""
    pattern = "|".join(sorted(ids))
    yield (
        f"git log --all --oneline --pickaxe-regex -S {shlex.quote(pattern)}  "
        "# commits that brought or removed a line with it; in a commit of packed files nobody finds it so"
    )
    yield (
        f"echo {shlex.quote(f'regex:({pattern})==>removed')} > ../replacements.txt && git filter-repo --force "
        "--replace-text ../replacements.txt --replace-message ../replacements.txt  "
        "# in a fresh clone, with git-filter-repo installed; prompts, hashes: further such lines; then "
        "each file of it by its path: git filter-repo --force --invert-paths --path PATH"
    )
    yield (
        "git remote add origin URL && git push --force --all && git push --force --tags  "
        "# a new history, which all must clone again: git filter-repo takes the remote away"
    )
    yield "git reflog expire --expire=now --all && git gc --prune=now  # in each other clone, after a reset to it"
    yield "dvc repro && git commit --all && dvc push  # a version without it; the old ones lie in the cache until:"
    yield "dvc gc --workspace --force  # the cache of this machine, without all versions but this one"
    yield "dvc gc --workspace --cloud --force --remote NAME  # the same for each remote that dvc remote list names"
    yield (
        "python -c \"from huggingface_hub import HfApi; HfApi().super_squash_history('OWNER/NAME', repo_type='dataset')\"  "
        "# after a published variant was uploaded again: without it the hub keeps the old files in its history"
    )
    yield (
        "an explorer that runs holds its tables in memory: end it and start it again. Copies on other machines, backups, "
        "training that runs, and weights that were trained on it are reached by no command of this project"
    )
