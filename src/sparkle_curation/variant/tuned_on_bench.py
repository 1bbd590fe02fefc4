"""Whether a variant may have been tuned on a benchmark: other settings were evaluated on it before its own were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

Entry = dict[str, Any]
"""A line of the ledger of benchmarks."""

_DECISIONS = ("thresholds", "missing_scores", "imputed_scores", "settings")


class TunedOnBench(StrEnum):
    """Whether a variant was made after other settings had been evaluated on the same benchmark."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def mark_tuned(entries: Iterable[Entry] | None, bench: str, variant: Entry | None) -> TunedOnBench:
    """Whether a variant may have been tuned on a benchmark.

    A variant by whose settings something was evaluated before keeps what was said then: nobody knows more of the time
    before the ledger now than then.

    Args:
        entries: of the ledger, in order; None where there was none.
        bench: name of the benchmark.
        variant: from ``describe_variant``; None where it is not known what a model was trained on.
    """
    if entries is None or variant is None or not variant.get("thresholds"):
        return TunedOnBench.UNKNOWN
    state = TunedOnBench.NO
    for entry in entries:
        of_entry = entry.get("variant")
        if entry["bench"]["name"] != bench or not of_entry or not of_entry.get("thresholds"):
            continue
        if _decisions(of_entry) == _decisions(variant):
            return TunedOnBench(entry["tuned_on_bench"])
        state = TunedOnBench.YES
    return state


def _decisions(variant: Mapping[str, Any]) -> str:
    return json.dumps({name: variant.get(name) for name in _DECISIONS}, sort_keys=True, default=str)


def mark_all(entries: Sequence[Entry] | None, variant: Entry) -> dict[str, str]:
    """The same for each benchmark of a ledger, by name; none where nothing was noted yet.

    Args:
        entries: of the ledger, in order; None where there is none.
        variant: its ``thresholds``, ``missing_scores``, ``imputed_scores`` and ``settings``.
    """
    told: dict[str, str] = {}
    for entry in entries or ():
        bench = str(entry["bench"]["name"])
        if (entry["variant"] or {}).get("thresholds"):
            told[bench] = mark_tuned(entries, bench, variant).value
        else:  # of what was evaluated the settings are not known
            told.setdefault(bench, TunedOnBench.UNKNOWN.value)
    return told
