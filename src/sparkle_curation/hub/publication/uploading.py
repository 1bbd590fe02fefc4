"""Uploading what a plan says, as one commit: the repository has the old variant or the new one, never a part of each."""

from __future__ import annotations

import logging
from typing import Any

from sparkle_curation.errors import ParameterError, ServerError
from sparkle_curation.hub.client import Hub
from sparkle_curation.hub.publication.comparing import Action, PublishPlan

logger = logging.getLogger(__name__)


def upload(plan: PublishPlan, hub: Hub, version: str, *, is_confirmed: bool) -> dict[str, Any]:
    """What was uploaded, for the record; nothing is without confirmation, and nothing where nothing has changed.

    Args:
        plan: from ``make_publish_plan``.
        hub: where to.
        version: of the variant, which the message of the commit names.
        is_confirmed: whether anything may be uploaded.

    Raises:
        ParameterError: it is confirmed, and nobody said where to.
        ServerError: the hub does not take it, or was changed since the plan was made.
    """
    changed = plan.paths(Action.NEW, Action.CHANGED)
    gone = plan.paths(Action.GONE)
    record: dict[str, Any] = {
        "repository": plan.name or None,
        "variant": version,
        "is_uploaded": False,
        "is_private": plan.is_private,
        "commit": plan.repository.commit if plan.repository else None,
        "uploaded_file_count": 0,
        "uploaded_bytes": 0,
        "removed_file_count": 0,
    }
    if not is_confirmed:
        logger.info(
            "publish: nothing was uploaded. Look at %s; then: kedro run --pipelines publish --params publish.confirm=true",
            plan.root,
        )
        return record
    if not plan.name:
        raise ParameterError(
            "It is not known where to publish",
            where="publish.repository",
            got="null",
            allowed="OWNER/NAME, of a repository that is there or is to be made",
            todo="say it: --params publish.repository=OWNER/NAME,publish.confirm=true",
        )
    if not changed and not gone:
        logger.info("publish: %s has all of it at %s; nothing was uploaded", plan.name, record["commit"])
        return record
    commit = hub.commit(
        plan.name,
        _parent(plan, hub),
        {path: plan.root / path for path in changed},
        gone,
        f"Variant {version}",
    )
    logger.info(
        "publish: %s files (%s bytes) uploaded and %s removed as commit %s of %s: %s/datasets/%s",
        f"{len(changed):,}",
        f"{plan.upload_bytes:,}",
        f"{len(gone):,}",
        commit,
        plan.name,
        hub.endpoint,
        plan.name,
    )
    return record | {
        "is_uploaded": True,
        "commit": commit,
        "uploaded_file_count": len(changed),
        "uploaded_bytes": plan.upload_bytes,
        "removed_file_count": len(gone),
    }


def _parent(plan: PublishPlan, hub: Hub) -> str:
    """The commit that the new one goes on; of a repository that is made its first one."""
    if plan.repository is not None:
        return plan.repository.commit
    hub.create(plan.name, is_private=plan.is_private)
    made = hub.find(plan.name)
    if made is None:
        raise ServerError(
            "The hub does not show the repository that was just made there",
            where=plan.name,
            got="nothing",
            todo="wait a minute and run again: what was made is found then",
        )
    return made.commit
