"""Where on the hub a release is from: a repository at a commit, as its address or the folder of a download says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sparkle_curation.engine.io.json_text import read_json

WORK, ORIGIN = ".download", "origin.json"
"""Folder of what is being brought, in the folder of a download, and the file in it that says where from."""

_URL = re.compile(r"hf://datasets/(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.%-]+))?/?")


class Origin(NamedTuple):
    """A repository at a commit, or at another revision where none is known; None for its newest."""

    repository: str
    commit: str | None


def read_origin(release_root: str) -> Origin | None:
    """What an address, or a folder that was downloaded to, says; None where it says nothing.

    >>> read_origin("hf://datasets/me/x@0f"), read_origin("s3://bucket/x")
    (Origin(repository='me/x', commit='0f'), None)
    """
    if found := _URL.fullmatch(release_root):
        return Origin(found["repository"], found["revision"])
    path = Path(release_root) / WORK / ORIGIN
    if "://" in release_root or not path.is_file():
        return None
    try:
        members = read_json(path.read_bytes())
        return Origin(str(members["repository"]), str(members["commit"]))
    except (ValueError, LookupError, TypeError):  # no file of ours
        return None
