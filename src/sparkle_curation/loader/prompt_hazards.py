"""Prompts that Kiwi-Edit will not read as they were written, because of how pandas reads a CSV.

Kiwi-Edit reads the training CSV with ``pandas.read_csv(path)``. Its defaults turn some words into missing
values whatever their quotes, and a column of nothing but numbers or booleans into those; before pandas 3 it ends a
cell at a NUL. No way of writing the CSV avoids it, so these prompts are listed; all others survive.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import polars as pl

PANDAS_MISSING: frozenset[str] = frozenset(
    {
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    }
)
"""The cells that pandas reads as missing: ``STR_NA_VALUES`` of pandas 2.0 to 3.1."""

# What the C parser of pandas takes for a number: blanks around it are skipped, `1.` and `.5` count, and so
# do the infinities (without blanks).
_NUMBER = (
    r"^(?:[ \t\n\x0b\x0c\r]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t\n\x0b\x0c\r]*"
    r"|[+-]?(?i:inf|infinity))$"
)
_BOOLEAN = r"^(?i:true|false)$"


class Hazard(StrEnum):
    """How pandas changes a prompt."""

    READ_AS_MISSING = "read_as_missing"
    READ_AS_NUMBER = "read_as_number"
    READ_AS_BOOLEAN = "read_as_boolean"
    CUT_AT_NUL = "cut_at_nul"


_DETAILS = {
    Hazard.READ_AS_MISSING: "pandas.read_csv reads this word as missing, whatever its quotes",
    Hazard.READ_AS_NUMBER: "every prompt of the CSV looks like a number, so pandas.read_csv reads numbers",
    Hazard.READ_AS_BOOLEAN: "every prompt of the CSV is true or false, so pandas.read_csv reads booleans",
    Hazard.CUT_AT_NUL: "the prompt holds a NUL character, at which pandas.read_csv of pandas 2 ends it",
}


def find_prompt_hazards(samples: pl.DataFrame) -> pl.DataFrame:
    """One row per sample whose prompt pandas changes: ``id``, ``theme``, ``prompt``, ``hazard``, ``detail``.

    A theme (and of it each ``split``, where there is that column) is one CSV, and so one column of prompts:
    numbers among other text stay text.

    >>> find_prompt_hazards(
    ...     pl.DataFrame({"id": ["a", "b"], "theme": ["time", "time"], "prompt": ["NA", "1e5 stars"]})
    ... ).select("id", "hazard").rows()
    [('a', 'read_as_missing')]
    """
    prompt = pl.col("prompt")
    is_cut = prompt.str.contains("\0", literal=True)
    # What pandas reads is looked for only where a NUL is: the pattern costs more than all the rest.
    read = prompt.str.extract(r"^([^\x00]*)") if samples.select(is_cut.any()).item() else prompt
    csv = [name for name in ("theme", "split") if name in samples.columns]
    is_missing = read.is_in(list(PANDAS_MISSING))
    # Whether a whole CSV looks so is asked where one of its prompts does: nearly always of none.
    one_each = samples.group_by(csv).agg(read.filter(~is_missing).first().alias("prompt"))
    may_be_whole = one_each.select(prompt.str.contains(f"{_NUMBER}|{_BOOLEAN}").any()).item()
    is_number, is_boolean = (
        _is_whole_column(read.str.contains(pattern), is_missing, csv) if may_be_whole else pl.lit(value=False)
        for pattern in (_NUMBER, _BOOLEAN)
    )
    hazard = (
        pl.when(is_cut)
        .then(pl.lit(Hazard.CUT_AT_NUL.value))
        .when(is_missing)
        .then(pl.lit(Hazard.READ_AS_MISSING.value))
        .when(is_number)
        .then(pl.lit(Hazard.READ_AS_NUMBER.value))
        .when(is_boolean)
        .then(pl.lit(Hazard.READ_AS_BOOLEAN.value))
        .alias("hazard")
    )
    return (
        samples.lazy()
        .select("id", "theme", prompt, hazard)
        .filter(pl.col("hazard").is_not_null())
        .with_columns(
            pl.col("hazard")
            .replace_strict({key.value: text for key, text in _DETAILS.items()}, return_dtype=pl.String)
            .alias("detail")
        )
        .collect()
    )


def _is_whole_column(is_match: pl.Expr, is_missing: pl.Expr, csv: Sequence[str]) -> pl.Expr:
    """Whether all prompts of the CSV match, those that are missing left aside."""
    return (is_match | is_missing).all().over(csv)
