"""Looking ids up in a table by row numbers: a join on text costs some times as much, and holds the texts."""

from __future__ import annotations

import polars as pl

_MOST_RUNS = 16
_SHORTEST_RUN = 64
_TEXTS_AT_ONCE = 1 << 18


def join_by_id(samples: pl.DataFrame, table: pl.DataFrame, on: str = "id") -> pl.DataFrame:
    """``samples`` in their order with the columns of ``table``, null where it lacks the id: a left join.

    >>> samples = pl.DataFrame({"id": ["b", "a", "x"]})
    >>> join_by_id(samples, pl.DataFrame({"id": ["a", "b"], "score": [1.0, 2.0]}))["score"].to_list()
    [2.0, 1.0, None]

    Args:
        samples: with ids, each once.
        table: with ids and other columns, of names that ``samples`` has not. Where it has an id twice, so has the result.
        on: the column of the ids, of text.
    """
    rows = find_rows(samples[on], table[on])
    if rows is None:
        return samples.join(table, on=on, how="left", maintain_order="left")
    return samples.hstack(table.select(pl.exclude(on).gather(rows)))


def find_rows(ids: pl.Series, known: pl.Series) -> pl.Series | None:
    """The row of each id in ``known``, null where it is not there; None where ``known`` has one twice, or may have.

    Tables of one release mostly have one order, but for that of their themes: then runs of rows are compared. Else hashes
    are looked up: equal ids have equal ones, so an id whose hash is not there is not there; one that is found is compared.

    Args:
        ids: each once, but for null, which is not found.
        known: those of the table, none of them null.
    """
    if known.is_empty():
        return pl.repeat(None, len(ids), dtype=pl.UInt32, eager=True)
    rows = _find_runs(ids, known)
    if rows is not None:
        # As many rows as ids, each of them found: then none stands there twice.
        return rows if len(known) == len(ids) or are_unique(known) else None
    numbered = pl.DataFrame({"hash": known.hash()}).with_row_index("row")
    wanted = pl.DataFrame({"hash": ids.hash()})
    rows = wanted.join(numbered, on="hash", how="left", maintain_order="left")["row"]
    if len(rows) != len(ids):
        return None
    is_right = ((known.gather(rows) == ids) | rows.is_null()).fill_null(value=False)
    return rows if is_right.all() else None


def are_unique(ids: pl.Series) -> bool:
    """Whether no id stands there twice; as many hashes as ids say so."""
    return ids.hash().n_unique() == len(ids) or ids.n_unique() == len(ids)


def number_texts(texts: pl.Series) -> pl.Series:
    """A number for each text, the same for equal ones alone; null for null. Which number it is means nothing.

    >>> numbers = number_texts(pl.Series(["a", None, "b", "a"]))
    >>> numbers[0] == numbers[3] != numbers[2], numbers[1]
    (True, None)
    """
    hashed = pl.select(pl.when(texts.is_not_null()).then(texts.hash())).to_series()
    in_order = hashed.arg_sort()
    ordered = hashed.gather(in_order)
    pairs = pl.DataFrame([in_order.head(-1).alias("one"), in_order.slice(1).alias("other")])
    for part in pairs.filter(ordered.head(-1) == ordered.slice(1)).iter_slices(_TEXTS_AT_ONCE):
        if not (texts.gather(part["one"]) == texts.gather(part["other"])).all():  # two texts share a hash
            return texts.rank("dense")
    return hashed


def _find_runs(ids: pl.Series, known: pl.Series) -> pl.Series | None:
    """The row of each id, where a few runs of ``known`` make up ``ids``; None where they do not."""
    runs: list[pl.Series] = []
    done = 0
    while done < len(ids):
        start = known.index_of(ids[done])
        if start is None or len(runs) == _MOST_RUNS:
            return None
        most = min(len(ids) - done, len(known) - start)
        for length in (min(most, _SHORTEST_RUN), most):  # a few first: they tell a table of another order
            is_other = ids.slice(done, length).ne_missing(known.slice(start, length))
            end = is_other.index_of(True)
            if end is not None:
                break
        if end is not None and end < _SHORTEST_RUN:
            return None
        run = length if end is None else end
        runs.append(pl.int_range(start, start + run, dtype=pl.UInt32, eager=True))
        done += run
    return pl.concat(runs) if runs else pl.Series([], dtype=pl.UInt32)
