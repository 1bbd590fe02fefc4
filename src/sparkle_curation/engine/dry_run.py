"""The end of a run that only tells what the real one would take."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NoReturn

SECONDS_PER_HOUR = 3600
_LEAST_GPU_HOURS = 0.1


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        done: items that the journal has.
        to_do: those that it lacks, after the one batch that was measured.
        broken: those that cannot be done, whatever is tried.
        seconds: that those to do take in this process, by that batch, a model loaded; None where nothing was to do.
        needs_gpu: whether it is a model's work.
        is_remote: whether a server does the work.
        refused: questions that the model's server did not take, the batch that was measured among them.
        last_refusal: what it said of the last one; None for none.
    """

    done: int
    to_do: int
    broken: int
    seconds: float | None
    needs_gpu: bool = True
    is_remote: bool = False
    refused: int = 0
    last_refusal: str | None = None


def describe(plan: Plan, items: str) -> str:
    """The plan in a few lines, with time as this process takes it: with one GPU if any, or with all those of a server.

    >>> plan = Plan(done=8, to_do=7200, broken=1, seconds=3600.0, refused=2, last_refusal="400: no")
    >>> print(describe(plan, "samples"))
    Dry run
      to do            7,200 samples
      already done     8
      cannot be done   1
      refused          2 questions by the model's server; the last reason: 400: no
      time             about 1 h 0 min at 0.50 s a sample, as measured on one batch
      GPU hours        about 1.0
    """
    lines = [
        "Dry run",
        f"  to do            {plan.to_do:,} {items}",
        f"  already done     {plan.done:,}",
        f"  cannot be done   {plan.broken:,}",
    ]
    if plan.refused:
        said = " ".join((plan.last_refusal or "").split())
        lines.append(
            f"  refused          {plan.refused:,} questions by the model's server; the last reason: {said}"
        )
    if plan.seconds is None or not plan.to_do:
        return "\n".join([*lines, "  time             none: nothing is to do"])
    rate = f"{plan.seconds / plan.to_do:.2f} s a {items.removesuffix('s')}, as measured on one batch"
    hours, minutes = divmod(max(1, round(plan.seconds / 60)), 60)
    clock = f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
    lines.append(f"  time             about {clock} at {rate}")
    if not plan.needs_gpu:
        return "\n".join(lines)
    gpu_hours = plan.seconds / SECONDS_PER_HOUR
    told = f"about {gpu_hours:,.1f}" if gpu_hours >= _LEAST_GPU_HOURS else f"less than {_LEAST_GPU_HOURS}"
    lines.append(f"  GPU hours        {told}{' for each GPU of the server' if plan.is_remote else ''}")
    return "\n".join(lines)


def end_dry_run(plan: Plan, items: str) -> NoReturn:
    """Print the plan and end the process well: no output of the run is touched."""
    end_well(describe(plan, items))


def end_well(text: str) -> NoReturn:
    """Print a text and end the process well."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    sys.exit(0)
