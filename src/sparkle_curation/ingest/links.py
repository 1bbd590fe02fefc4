"""Where links of a local release may lead: inside of it, or to the files of the hub's cache that it is a part of.

A release from elsewhere may hold a link to any file of this machine, which would then be judged, drawn and handed on. A
hub's cache has every file of a snapshot as a link, ``{repository}/snapshots/{commit}/NAME`` to ``{repository}/blobs/HASH``
(huggingface_hub, "Understand caching").
"""

from __future__ import annotations

import errno
import os
from pathlib import PurePath

_SNAPSHOTS, _BLOBS = "snapshots", "blobs"


def allowed_folders(root: str) -> tuple[str, ...]:
    """The folders that links under a root may lead into, without links themselves: its own, and its cache's files.

    >>> allowed_folders("/hub/datasets--a--b/snapshots/abc")
    ('/hub/datasets--a--b/snapshots/abc', '/hub/datasets--a--b/blobs')
    """
    real = PurePath(os.path.realpath(root))
    commits = (path for path in (real, *real.parents) if path.parent.name == _SNAPSHOTS)
    return (str(real), *(str(path.parent.parent / _BLOBS) for path in commits))


def refusal(path: str, folders: tuple[str, ...]) -> str | None:
    """Why the file or folder at a path is not looked at, in words; None where it may be, or is not there."""
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "is a loop of links"
        return "is a link to what is not there" if os.path.islink(path) else None  # noqa: PTH114 -- a million paths
    if any(target == folder or target.startswith(folder.rstrip("/") + "/") for folder in folders):
        return None
    return f"leads out of the release, to {target}"
