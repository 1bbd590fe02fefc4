"""Where the videos of a benchmark and of models lie: what a run was told, else what the tables have noted."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sparkle_curation.masking import without_secrets

BENCH_ROOT, MODEL_ROOT = "bench_root", "model_root"
"""Columns of ``bench_samples`` and ``bench_outputs``."""


def noted_root(root: str | None) -> str | None:
    """A root as a table has it: as it was given; None for one with a password in it, which no table keeps.

    >>> noted_root("data/bench"), noted_root("https://me:secret@host/bench")
    ('data/bench', None)
    """
    return root if root and without_secrets(root) == root else None


def bench_root_of(samples: pl.DataFrame, given: str | None) -> str | None:
    """The root of the benchmark that the samples are of; None where nothing tells.

    Args:
        samples: ``bench_samples``; those that an earlier version has written have no root.
        given: for this run; stands over what was noted.
    """
    noted = samples[BENCH_ROOT].drop_nulls().to_list() if BENCH_ROOT in samples.columns else []
    return given or next(iter(noted), None)


def model_roots_of(outputs: pl.DataFrame, given: Mapping[str, str]) -> dict[str, str]:
    """The folder of each model's outputs, as far as it is known.

    Args:
        outputs: ``bench_outputs``, or jobs that are made of it; like ``samples`` above.
        given: for this run, by the name of the model.
    """
    if MODEL_ROOT not in outputs.columns:
        return dict(given)
    noted = outputs.select("model", MODEL_ROOT).drop_nulls().unique("model", keep="first").rows()
    return {**dict(noted), **given}
