"""Kedro's settings for this project."""

from __future__ import annotations

from sparkle_curation.hooks import DiffSummary, ErrorTeller, ParameterGuard, RunSummary
from sparkle_curation.version_guard import VersionGuard

HOOKS = (ParameterGuard(), VersionGuard(), ErrorTeller(), RunSummary(), DiffSummary())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # Without it one key in conf/local drops the siblings of a nested --params.
    "merge_strategy": {"parameters": "soft"},
}
