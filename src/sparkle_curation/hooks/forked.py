"""Imported by the server that the processes of a ``ParallelRunner`` are forked from: they know the project then.

Not by ``configure_project``: Kedro calls that again with each step in a process where it knows the package's name, with the
settings of logging as they are, and the second time they hold themselves (a RecursionError, Kedro 1.7).
"""

from __future__ import annotations

from kedro.framework.project import LOGGING, pipelines, settings

_PACKAGE = "sparkle_curation"

settings.configure(f"{_PACKAGE}.settings")
pipelines.configure(f"{_PACKAGE}.pipeline_registry")
LOGGING.set_project_logging(_PACKAGE)
