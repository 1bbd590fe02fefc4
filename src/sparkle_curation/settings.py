"""Kedro's settings for this project."""

from __future__ import annotations

from sparkle_curation.config_loader import ConfigLoader
from sparkle_curation.hooks import (
    DescriptionLoader,
    ErrorTeller,
    OldFilesTeller,
    ParameterGuard,
)
from sparkle_curation.masking import mask_log_records
from sparkle_curation.partial_runs import PartialRunGuard
from sparkle_curation.run_guard import RunGuard
from sparkle_curation.run_summary import BenchSummary, DiffSummary, EndTeller, RunSummary
from sparkle_curation.version_guard import VersionGuard
from sparkle_curation.viz_run_status import VizRunStatus
from sparkle_curation.viz_stats import VizStats

mask_log_records()

# The last is called first: the description is there before all else; ErrorTeller raises, and nothing is called after it.
HOOKS = (
    ParameterGuard(),
    VersionGuard(),
    ErrorTeller(),
    OldFilesTeller(),
    RunGuard(),
    PartialRunGuard(),
    RunSummary(),
    EndTeller(),
    DiffSummary(),
    BenchSummary(),
    VizStats(),
    VizRunStatus(),
    DescriptionLoader(),
)
# Kedro-Viz would count no table of ours, and time each node without the saving; VizStats and VizRunStatus do.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro-viz")

CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without it one key in conf/local drops the siblings of a nested --params.
    "merge_strategy": {"parameters": "soft"},
}
