"""The node of ``join``: the two releases, once it is known that they can be one."""

from __future__ import annotations

import logging
from dataclasses import replace

from sparkle_curation.new_samples.release.joining import JoinedRelease, plan_join
from sparkle_curation.pipelines.join.params import JoinGroup

logger = logging.getLogger(__name__)


def plan_joined_release(release_root: str, params: JoinGroup) -> JoinedRelease:
    """The release and the one that is added; written when it is saved.

    Raises:
        ReleaseError: one of them is not there, is behind a URL, or holds nothing.
        FileError: something stands in both.
    """
    joined = plan_join(release_root, params.added)
    logger.info("join: %s beside %s; curate takes it as its release_root", joined.added, joined.root)
    return replace(joined, copies=params.links == "copy")
