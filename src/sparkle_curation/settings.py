"""Kedro's settings for this project."""

from __future__ import annotations

from sparkle_curation.catalog import Catalog
from sparkle_curation.config_loader import ConfigLoader
from sparkle_curation.hooks.before_run import AdviceCompleter, DescriptionLoader, ParameterGuard, StartEnder
from sparkle_curation.hooks.parallel_runs import ParallelRuns
from sparkle_curation.hooks.partial_runs import PartialRunGuard
from sparkle_curation.hooks.run_endings import EndTeller
from sparkle_curation.hooks.run_guard import RunGuard
from sparkle_curation.hooks.run_order import RunOrderGuard
from sparkle_curation.hooks.run_summary import BenchSummary, DiffSummary, RunSummary
from sparkle_curation.hooks.tellers import ErrorTeller, OldFilesTeller
from sparkle_curation.hooks.version_guard import VersionGuard
from sparkle_curation.hooks.viz_run_status import VizRunStatus
from sparkle_curation.hooks.viz_stats import VizStats
from sparkle_curation.hooks.walk_forgetter import WalkForgetter
from sparkle_curation.masking import mask_log_records

mask_log_records()

# The last is called first: the description is there before what asks it; ErrorTeller raises, and nothing is called after it.
HOOKS = (
    ParameterGuard(),
    VersionGuard(),
    ErrorTeller(),
    OldFilesTeller(),
    ParallelRuns(),
    RunGuard(),
    PartialRunGuard(),
    RunOrderGuard(),
    RunSummary(),
    EndTeller(),
    WalkForgetter(),
    DiffSummary(),
    BenchSummary(),
    VizStats(),
    VizRunStatus(),
    DescriptionLoader(),
    AdviceCompleter(),
    StartEnder(),
)
# Kedro-Viz would count no table of ours, and time each node without the saving; VizStats and VizRunStatus do.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro-viz")

DATA_CATALOG_CLASS = Catalog
CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without it one key in conf/local drops the siblings of a nested --params.
    "merge_strategy": {"parameters": "soft"},
}
