"""A dataset repository on the hub without its history: ``python -m sparkle_curation.hub.history OWNER/NAME``.

After a variant was published again without a removed clip, the hub still has the versions of before, and their large files
even where no version names them any more. No run does this; the token is the one of ``hf auth login``, or HF_TOKEN.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sparkle_curation.engine.io.server_faults import server_error

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_DATASET = "dataset"


def forget_history(api: HfApi, name: str) -> int:
    """Make each branch one commit, and delete the large files that none of them has; gives how many.

    Raises:
        ValueError: tags or pull requests hold older versions, which stay as long as they are there.
    """
    refs = api.list_repo_refs(name, repo_type=_DATASET, include_pull_requests=True)
    holding = [*refs.tags, *(refs.pull_requests or []), *refs.converts]
    if holding:
        raise ValueError(f"{name}: {', '.join(each.ref for each in holding)}")
    kept: set[str] = set()
    for branch in refs.branches:
        api.super_squash_history(name, branch=branch.name, repo_type=_DATASET)
        tree = api.list_repo_tree(name, repo_type=_DATASET, revision=branch.name, recursive=True)
        kept |= {lfs.sha256 for each in tree if (lfs := getattr(each, "lfs", None))}
    gone = [each for each in api.list_lfs_files(name, repo_type=_DATASET) if each.file_oid not in kept]
    if gone:
        api.permanently_delete_lfs_files(name, gone, rewrite_history=False, repo_type=_DATASET)
    return len(gone)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m sparkle_curation.hub.history", description=__doc__)
    parser.add_argument("name", help="OWNER/NAME of the dataset")
    told = parser.parse_args()
    from huggingface_hub import HfApi  # noqa: PLC0415 -- 0.3 s, for who asks the hub

    try:
        count = forget_history(HfApi(), told.name)
    except ValueError as error:
        parser.error(
            f"older versions are held by {error}; delete these on the repository's page, and run again"
        )
    except Exception as error:
        if fault := server_error(told.name, error):
            fault.show()
            raise SystemExit(1) from None
        raise
    print(f"{told.name}: one commit a branch, {count:,} large files of before deleted")  # noqa: T201


if __name__ == "__main__":
    main()
