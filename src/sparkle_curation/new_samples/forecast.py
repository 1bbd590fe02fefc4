"""What making new samples will take, on paper: how many reach each stage, GPU hours, disk, and pools of GPUs.

How many reach a stage follows from the release's own scores: the share of its samples that score at least the threshold.
What a stage takes for a sample is a parameter, measured or assumed; a stage's own dry run measures it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.stages.gates import SCORED

SHARED = "shared"
"""The pool of stages that would not fill one GPU: one after the other."""
_SECONDS_PER_HOUR = 3600
_SCORE = "score_{stage}"

ORDER: tuple[tuple[str, str], ...] = (
    ("instruct", ""),
    ("edit_frame0", KIND.edited_frame0),
    ("remove_foreground", KIND.clean_frame0),
    ("background_video", KIND.background_video),
    ("ground", ""),
    ("track", KIND.mask),
    ("edges", KIND.edges_video),
    ("synthesize", KIND.edited_video),
)
"""The pipelines in the order in which samples pass them, and the asset kind that each makes."""


def steps() -> list[tuple[str, str]]:
    """The pipelines with the scoring that stands behind them, each with the asset kind that it makes; none of a scoring."""
    found: list[tuple[str, str]] = []
    for name, kind in ORDER:
        found.append((name, kind))
        if kind in SCORED:
            found.append((_SCORE.format(stage=SCORED[kind].name), ""))
    return found


@dataclass(frozen=True)
class Cost:
    """What a step takes.

    Attributes:
        gpu_s: seconds of a GPU a sample; 0 for one that takes none.
        basis: ``measured`` or ``assumed``.
    """

    gpu_s: float
    basis: str


def pass_rates(scores: Mapping[str, pl.DataFrame], thresholds: Mapping[str, float]) -> dict[str, float]:
    """Stage -> the share of the scored samples of a release that meet its criteria; none of a stage without scores.

    Args:
        scores: stage -> its released scores.
        thresholds: criterion -> its threshold.
    """
    rates = {}
    for stage in STAGES:
        table = scores.get(stage.name)
        if table is None or table.is_empty():
            continue
        met = pl.all_horizontal(
            each.is_met(pl.col(each.score_column), thresholds[each.name]) for each in stage.criteria
        )
        rates[stage.name] = float(table.select(met.fill_null(value=False).mean()).item())
    return rates


def forecast(
    samples: int, costs: Mapping[str, Cost], rates: Mapping[str, float], sizes: Mapping[str, float]
) -> pl.DataFrame:
    """What each step takes, in their order: one row per step.

    Columns: ``step``, ``entering`` (samples, in expectation), ``gpu_s``, ``basis``, ``gpu_hours``, ``pass_rate`` of a
    scoring, ``disk_gb`` of what it makes.

    Args:
        samples: that begin.
        costs: step -> what it takes.
        rates: stage -> share that passes.
        sizes: asset kind -> bytes.
    """
    entering, rows = float(samples), []
    for name, kind in steps():
        cost = costs[name]
        rate = rates.get(name.removeprefix(_SCORE.format(stage=""))) if name.startswith("score_") else None
        rows.append(
            {
                "step": name,
                "entering": round(entering),
                "gpu_s": cost.gpu_s,
                "basis": cost.basis,
                "gpu_hours": entering * cost.gpu_s / _SECONDS_PER_HOUR,
                "pass_rate": rate,
                "disk_gb": entering * sizes.get(kind, 0.0) / 1e9 if kind else 0.0,
            }
        )
        entering *= 1.0 if rate is None else rate
    rows.append({"step": "passed", "entering": round(entering), "gpu_s": 0.0, "basis": "", "gpu_hours": 0.0,
                 "pass_rate": None, "disk_gb": 0.0})  # fmt: skip
    schema = {"step": pl.String, "entering": pl.Int64, "gpu_s": pl.Float64, "basis": pl.String,
              "gpu_hours": pl.Float64, "pass_rate": pl.Float64, "disk_gb": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def pools(gpu_hours: Mapping[str, float], gpus: int) -> dict[str, tuple[int, float]]:
    """GPUs and hours of each step's pool, where all work at once; the slowest decides.

    A step that would not fill one GPU is in the pool ``shared``, whose steps come one after the other. GPUs are dealt so
    that the slowest pool is as fast as can be.

    Args:
        gpu_hours: step -> its work, above 0.
        gpus: how many there are.

    >>> pools({"a": 30.0, "b": 60.0, "c": 1.0}, 8)
    {'shared': (1, 1.0), 'a': (3, 10.0), 'b': (4, 15.0)}
    """
    total = sum(gpu_hours.values())
    own = {name: work for name, work in gpu_hours.items() if work * gpus >= total and gpus > 1}
    shared = total - sum(own.values())
    work = {**({SHARED: shared} if shared > 0 else {}), **own}
    if len(work) > gpus:
        return {SHARED: (gpus, total / gpus)}
    held = dict.fromkeys(work, 1)
    for _ in range(gpus - len(work)):
        slowest = max(work, key=lambda name: work[name] / held[name])
        held[slowest] += 1
    return {name: (held[name], work[name] / held[name]) for name in work}


def with_pools(table: pl.DataFrame, gpus: Sequence[int]) -> pl.DataFrame:
    """The forecast with ``pool_N`` and ``hours_N`` of each number of GPUs: those of a step's pool, and how long it works."""
    work = {name: hours for name, hours in table.select("step", "gpu_hours").rows() if hours > 0}
    for count in gpus:
        dealt = pools(work, count)
        told = [dealt.get(name, dealt.get(SHARED)) if name in work else None for name in table["step"]]
        table = table.with_columns(
            pl.Series(f"pool_{count}", [each[0] if each else None for each in told], pl.Int64),
            pl.Series(f"hours_{count}", [each[1] if each else None for each in told], pl.Float64),
        )
    return table


def describe(table: pl.DataFrame, gpus: Sequence[int]) -> str:
    """The forecast as a table in Markdown, with its sums and how long it takes with each number of GPUs."""
    head = ["step", "samples", "s of a GPU", "basis", "GPU hours", "passes", "disk, GB"]
    head += [f"pool of {count}" for count in gpus]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in table.iter_rows(named=True):
        rate = "" if row["pass_rate"] is None else f"{row['pass_rate']:.0%}"
        cells = [row["step"], f"{row['entering']:,}", f"{row['gpu_s']:g}", row["basis"], f"{row['gpu_hours']:,.1f}", rate,
                 f"{row['disk_gb']:,.1f}"]  # fmt: skip
        cells += [
            "" if row[f"pool_{count}"] is None else f"{row[f'pool_{count}']}: {row[f'hours_{count}']:,.0f} h"
            for count in gpus
        ]
        lines.append(f"| {' | '.join(cells)} |")
    total, disk = float(table["gpu_hours"].sum()), float(table["disk_gb"].sum())
    lines += ["", f"Together {total:,.0f} GPU hours and {disk:,.1f} GB."]
    for count in gpus:
        slowest = max((hours for hours in table[f"hours_{count}"] if hours is not None), default=0.0)
        lines.append(
            f"With {count} GPUs: {slowest:,.0f} h, the slowest pool's; {total / count:,.0f} h would be ideal."
        )
    return "\n".join(lines)
