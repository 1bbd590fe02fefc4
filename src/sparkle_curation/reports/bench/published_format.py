"""The table as the published evaluator prints it, over the judged samples alone: to be held beside a paper's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sparkle_curation.reports.bench.numbers import judges_of, of_judge
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL, THEME_LEVEL
from sparkle_curation.spec.themes import in_order


def write_published_format(results: pl.DataFrame, short_names: Sequence[str] | None = None) -> str:
    """The lines of each model, by rubric and judge.

    On complete data they are the published evaluator's, byte by byte. Of incomplete data its own are over fewer themes,
    where ours have no macro.

    Args:
        results: ``BENCH_RESULT_COLUMNS``.
        short_names: of the dimensions, as heads of their columns; None for ``short_name`` of each key.
    """
    parts = []
    for rubric, judge in judges_of(results):
        part = of_judge(results, rubric, judge)
        for model in part["model"].unique(maintain_order=True):
            lines = _lines(part.filter(pl.col("model") == model), short_names)
            parts.append("\n".join([f"=== {model} ({rubric}, {judge}) ===", *lines]))
    return "\n\n".join(parts) + "\n"


def _lines(results: pl.DataFrame, short_names: Sequence[str] | None) -> Iterator[str]:
    for theme in in_order(results.filter(pl.col("level") == THEME_LEVEL)["theme"]):
        yield _line(
            theme, results.filter((pl.col("level") == THEME_LEVEL) & (pl.col("theme") == theme)), short_names
        )
    yield _line(MACRO.upper(), results.filter(pl.col("level") == MACRO), short_names)


def _line(name: str, rows: pl.DataFrame, short_names: Sequence[str] | None) -> str:
    means = dict(rows.select("dimension", "mean_judged").iter_rows())
    count = rows["n_judged"][0]
    overall = means.pop(OVERALL)
    if overall is None:
        return f"  {name}: no valid records"
    heads = short_names or list(map(short_name, means))
    told = " | ".join(f"{head} {mean:.2f}" for head, mean in zip(heads, means.values(), strict=True))
    return f"  {name:<10s} (n={count:4d}) Overall {overall:.2f} | {told}"


def short_name(key: str) -> str:
    """The head of a dimension's column, as the published evaluator shortens it.

    >>> short_name("instruction"), short_name("fg_integrity")
    ('Ins', 'FgIn')
    """
    parts = key.split("_")
    return "".join(part[:2].capitalize() for part in parts) if len(parts) > 1 else key[:3].capitalize()
