"""What was found of parts of a frame, as what is found of the whole frame.

Results are those of Great Expectations, values as they are: of rules that no row breaks for the sake of another one, or of
parts that hold all the rows that one may break for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sparkle_curation.expectations.pages.reports import MAX_SHOWN

PLACES = "partial_unexpected_index_list"
"""In a result: the places of the first rows that break the rule."""

_VALUES = "partial_unexpected_list"
_COUNTS = "partial_unexpected_counts"
_MISSING = "missing_count"


def merge_parts(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The result of one rule in all rows, from its results in some rows each.

    Args:
        parts: each row is in one of them; places of rows are those in the whole frame. Every value must be as expected
            for the rule to be met (``mostly`` is 1).
    """
    results = [part["result"] for part in parts]
    row_count, unexpected_count = (
        sum(each[name] for each in results) for name in ("element_count", "unexpected_count")
    )
    missing_count = sum(each[_MISSING] for each in results) if _MISSING in results[0] else None
    shown = sorted(
        (row for each in results for row in zip(each.get(PLACES, []), each[_VALUES], strict=True)),
        key=lambda row: row[0],
    )[:MAX_SHOWN]
    merged = {
        **results[0],
        "element_count": row_count,
        "unexpected_count": unexpected_count,
        "unexpected_percent": _percent(unexpected_count, row_count - (missing_count or 0)),
        _VALUES: [value for _, value in shown],
        PLACES: [place for place, _ in shown],
    }
    if missing_count is not None:
        merged[_MISSING] = missing_count
        merged["missing_percent"] = _percent(missing_count, row_count)
        merged["unexpected_percent_total"] = _percent(unexpected_count, row_count)
        merged["unexpected_percent_nonmissing"] = merged["unexpected_percent"]
    merged.pop(_COUNTS, None)
    with suppress(TypeError):  # values that cannot be put in order: Great Expectations leaves the counts out
        merged[_COUNTS] = _counted(merged[_VALUES])
    return {**parts[0], "success": all(part["success"] for part in parts), "result": merged}


def met_by_all(row_count: int, missing_count: int) -> dict[str, Any]:
    """The result in rows of which it is known that they break no rule, to be merged with those of others.

    Args:
        row_count: how many they are.
        missing_count: how many of them have no value.
    """
    counts = {"element_count": row_count, "unexpected_count": 0, _MISSING: missing_count}
    return {"success": True, "result": {**counts, _VALUES: [], PLACES: []}}


def _percent(count: int, of_count: int) -> float | None:
    return count / of_count * 100 if of_count else None


def _counted(values: Sequence[Any]) -> list[dict[str, Any]]:
    """How often each of the shown values is among them: the most frequent first, of equally frequent ones the least."""
    ordered = sorted(Counter(values).items(), key=lambda found: (-found[1], found[0]))
    return [{"value": value, "count": count} for value, count in ordered]


def joined_runs(suite_name: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Runs of some rules of one suite each, as the run of all of them.

    Args:
        suite_name: of the suite.
        runs: what Great Expectations tells of each.
    """
    results = [result for run in runs for result in run["results"]]
    met = sum(result["success"] for result in results)
    statistics = {
        "evaluated_expectations": len(results),
        "successful_expectations": met,
        "unsuccessful_expectations": len(results) - met,
        "success_percent": met / len(results) * 100 if results else None,
    }
    whole = {
        "suite_name": suite_name,
        "success": met == len(results),
        "statistics": statistics,
        "results": results,
    }
    return {**runs[0], **whole}
