"""What making new samples will take, on paper: how many reach each stage, GPU hours, disk, and pools of GPUs.

How many reach a stage follows from the release's own scores: the share of its samples that score at least the threshold.
What a stage takes for a sample is what runs of it noted (``engine.pace``), else a parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.engine.pace import Pace
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.stages.gates import SCORED

SHARED = "shared"
"""The pool of stages that would not fill one GPU: one after the other."""
_SECONDS_PER_HOUR = 3600
_SCORE = "score_{stage}"

MEASURED, ASSUMED, RELEASED = "measured", "assumed", "released"

_BEFORE: Mapping[str, str] = {"edit_frame0": "ingest,inspect,", "synthesize": "edges,"}
"""Pipelines that a step needs first, and that take no GPU."""

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


_SCHEMA = {
    "step": pl.String,
    "entering": pl.Int64,
    "gpu_s": pl.Float64,
    "basis": pl.String,
    "device": pl.String,
    "samples": pl.Int64,
    "gpu_hours": pl.Float64,
    "pass_rate": pl.Float64,
    "rate_basis": pl.String,
    "disk_gb": pl.Float64,
}


@dataclass(frozen=True)
class Cost:
    """What a step takes.

    Attributes:
        gpu_s: seconds of a GPU a sample; 0 for one that takes none.
        basis: ``measured`` or ``assumed``.
        device: that runs measured it on; empty for a number of the parameters.
        samples: that were measured; 0 likewise.
    """

    gpu_s: float
    basis: str
    device: str = ""
    samples: int = 0

    @property
    def told(self) -> str:
        """Where the number is from, in words."""
        if not self.device:
            return self.basis
        return f"{self.basis} on {self.device}, {self.samples:,} sample{'' if self.samples == 1 else 's'}"


_PARTS: Mapping[str, tuple[str, ...]] = {"ground": ("ground_round1", "ground_round2")}
"""Steps whose runs note parts; one of which not all parts were measured was not."""


def with_paces(costs: Mapping[str, Cost], paces: Mapping[str, Pace]) -> dict[str, Cost]:
    """The costs, with what runs noted in the place of what was assumed.

    Args:
        costs: step -> what it takes, by the parameters.
        paces: step, or part of one, -> what was noted.
    """
    found = dict(costs)
    for step in costs:
        parts = [paces.get(name) for name in _PARTS.get(step, (step,))]
        noted = [part for part in parts if part is not None]
        if len(noted) == len(parts):
            devices = ", ".join(dict.fromkeys(part.device for part in noted))
            seconds, samples = sum(part.seconds for part in noted), min(part.samples for part in noted)
            found[step] = Cost(seconds, MEASURED, devices, samples)
    return found


def ways_to_measure(costs: Mapping[str, Cost], samples: int) -> list[str]:
    """The commands that measure the steps that are assumed, in their order, on a few samples that are then done.

    Args:
        costs: step -> what it takes.
        samples: of the batch.
    """
    commands = []
    for step, _ in steps():
        if costs[step].basis == MEASURED:
            continue
        if step.startswith("score_"):
            params = f"score.stages={step.removeprefix('score_')},score.limit={samples}"
            commands.append(f"kedro run --pipelines score --params {params}")
            continue
        pipelines = _BEFORE.get(step, "") + step
        commands.append(f"kedro run --pipelines {pipelines} --params {step}.limit={samples}")
    return commands


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
    samples: int,
    costs: Mapping[str, Cost],
    rates: Mapping[str, float],
    sizes: Mapping[str, float],
    released: Collection[str] = (),
) -> pl.DataFrame:
    """What each step takes, in their order: one row per step.

    Columns: ``step``, ``entering`` (samples, in expectation), ``gpu_s``, ``basis``, ``device`` and ``samples`` of
    what was measured here, ``gpu_hours``, ``pass_rate`` of a scoring and its ``rate_basis``,
    ``disk_gb`` of what it makes.

    Args:
        samples: that begin.
        costs: step -> what it takes.
        rates: stage -> share that passes.
        sizes: asset kind -> bytes.
        released: stages whose share is that of the release's scores.
    """
    entering, rows = float(samples), []
    for name, kind in steps():
        cost = costs[name]
        stage = name.removeprefix(_SCORE.format(stage="")) if name.startswith("score_") else ""
        rate = rates.get(stage)
        rows.append(
            {
                "step": name,
                "entering": round(entering),
                "gpu_s": cost.gpu_s,
                "basis": cost.basis,
                "device": cost.device,
                "samples": cost.samples,
                "gpu_hours": entering * cost.gpu_s / _SECONDS_PER_HOUR,
                "pass_rate": rate,
                "rate_basis": "" if rate is None else RELEASED if stage in released else ASSUMED,
                "disk_gb": entering * sizes.get(kind, 0.0) / 1e9 if kind else 0.0,
            }
        )
        entering *= 1.0 if rate is None else rate
    rows.append(
        {"step": "passed", "entering": round(entering), "gpu_s": 0.0, "gpu_hours": 0.0, "disk_gb": 0.0}
    )
    return pl.DataFrame(rows, schema=_SCHEMA).with_columns(
        pl.col("basis", "device", "rate_basis").fill_null(""), pl.col("samples").fill_null(0)
    )


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
        rate = "" if row["pass_rate"] is None else f"{row['pass_rate']:.0%}, {row['rate_basis']}"
        told = Cost(row["gpu_s"], row["basis"], row["device"], row["samples"]).told
        cells = [row["step"], f"{row['entering']:,}", f"{row['gpu_s']:.4g}", told, f"{row['gpu_hours']:,.1f}", rate,
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
