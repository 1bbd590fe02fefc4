"""The project as a program: ``python -m sparkle_curation`` or ``sparkle-curation``, with the options of ``kedro run``."""

from __future__ import annotations

import sys
from typing import Any

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project

from sparkle_curation.commands import note_start


def main(*args: Any, **options: Any) -> Any:
    """Run pipelines, without a checkout: ``sparkle-curation --conf-source conf.tar.gz --pipelines curate``."""
    package = str(__package__)
    note_start(sys.argv)
    configure_project(package)
    # In a notebook the outputs are wanted, and no exit.
    options["standalone_mode"] = not hasattr(sys, "ps1")
    return find_run_command(package)(*args, **options)


if __name__ == "__main__":
    main()
