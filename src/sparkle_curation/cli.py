"""No command of ours, but the place that Kedro looks at before it reads a command line: its errors are told in words too."""

from __future__ import annotations

import click

from sparkle_curation.telling import tell_uncaught

tell_uncaught()


@click.group()
def cli() -> None:
    """Nothing is added to Kedro's commands."""
