"""The nodes of ``download``: a plan, then the files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.dry_run import end_well
from sparkle_curation.hub.client import Hub
from sparkle_curation.hub.download_folder import DownloadFolder
from sparkle_curation.hub.download_plan import DownloadPlan, check_room, make_plan
from sparkle_curation.hub.downloading import download
from sparkle_curation.hub.release_at_hub import choose_files, find_release
from sparkle_curation.hub.settings import DownloadSettings

logger = logging.getLogger(__name__)


def plan_download(
    hub: Hub,
    download_folder: Path,
    variant_ids: pl.DataFrame,
    assets_at_hand: AnyFrame,
    params: DownloadSettings,
) -> tuple[DownloadPlan, pl.DataFrame]:
    """What is to be brought from which commit, and the same as a report, one row per file; logged, too.

    Args:
        hub: where the release is.
        download_folder: where it goes, unless the parameters say another.
        variant_ids: ids of the variant's samples; without columns where there is none.
        assets_at_hand: as ingested; without columns where nothing was.
        params: which part.
    """
    repository = find_release(hub, params.repository_name, params.revision)
    files = choose_files(hub.files(repository.name, repository.commit), params, variant_ids, assets_at_hand)
    folder = download_folder if params.folder is None else Path(params.folder).expanduser()
    plan = make_plan(repository, files, DownloadFolder(folder.absolute()))
    return plan, plan.table()


def download_files(
    download_plan: DownloadPlan, hub: Hub, params: DownloadSettings, dry_run: bool
) -> dict[str, Any]:
    """Repository, commit, files and bytes of what was brought; a dry run prints the plan and ends.

    Raises:
        DiskError: there is no room for it.
    """
    if dry_run:
        end_well(download_plan.describe())
    logger.info("%s", download_plan.describe())
    check_room(download_plan)
    record = download(download_plan, hub, files_at_once=params.files_at_once, verify=params.verify)
    logger.info(
        "download: curate it: kedro run --pipelines curate --params release_root=%s", record["folder"]
    )
    return record
