"""The end of a run that only tells what the real one would take."""

from __future__ import annotations

import sys
from typing import NoReturn, Protocol

SECONDS_PER_HOUR = 3600


class Plan(Protocol):
    """What a run would do."""

    done: int
    to_do: int
    broken: int
    seconds_per_item: float | None
    is_remote: bool


def describe(plan: Plan, items: str) -> str:
    """The plan in a few lines, with time as this process takes it: with one GPU, or with all those of a server.

    >>> from types import SimpleNamespace
    >>> plan = SimpleNamespace(done=8, to_do=7200, broken=1, seconds_per_item=0.5, is_remote=False)
    >>> print(describe(plan, "samples"))
    Dry run
      to do            7,200 samples
      already done     8
      cannot be done   1
      time             about 1 h 0 min at 0.50 s a sample, as measured on one batch
      GPU hours        about 1.0
    """
    lines = [
        "Dry run",
        f"  to do            {plan.to_do:,} {items}",
        f"  already done     {plan.done:,}",
        f"  cannot be done   {plan.broken:,}",
    ]
    if plan.seconds_per_item is None:
        return "\n".join([*lines, "  time             none: nothing is to do"])
    seconds = plan.to_do * plan.seconds_per_item
    hours, minutes = divmod(round(seconds / 60), 60)
    rate = f"{plan.seconds_per_item:.2f} s a {items.removesuffix('s')}, as measured on one batch"
    time, gpu_hours = f"about {hours:,} h {minutes} min at {rate}", f"about {seconds / SECONDS_PER_HOUR:,.1f}"
    if plan.is_remote:
        gpu_hours += " for each GPU of the server"
    return "\n".join([*lines, f"  time             {time}", f"  GPU hours        {gpu_hours}"])


def end_dry_run(plan: Plan, items: str) -> NoReturn:
    """Print the plan and end the process well: no output of the run is touched."""
    sys.stdout.write(f"{describe(plan, items)}\n")
    sys.stdout.flush()
    sys.exit(0)
