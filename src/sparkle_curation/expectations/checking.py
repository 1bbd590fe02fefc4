"""Suites checked by Great Expectations. It is imported inside, since that takes seconds."""

from __future__ import annotations

import gc
import json
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from sparkle_curation.expectations.merging import PLACES, joined_runs, merge_parts, met_by_all
from sparkle_curation.expectations.pages.reports import FOUND, MAX_SHOWN, Report, Validation
from sparkle_curation.expectations.rules.rule import Rule, Suite

RUN_NAME = "latest"
"""What a run of a suite is called in its report and page; there is never more than one."""

_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": MAX_SHOWN}
"""Without ``unexpected_index_column_names``: at 140K failing rows that takes 20 s, and we know the rows' names."""

MOST_ROWS = 1 << 18
"""A frame of more rows is checked in slices of so many: Great Expectations holds several times what it is given."""

_UNIQUE = "ExpectColumnValuesToBeUnique"
_OF_ROWS = ("ExpectColumnPairValuesToBeEqual", "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToNotBeNull")
"""Expectations of Great Expectations that look at one row at a time, as all of ours do."""


def check_all(validations: Sequence[Validation], *, most_rows: int = MOST_ROWS) -> Iterator[Report]:
    """The reports of validations, in their order: of each rule its result, with the names of up to ten rows that break it.

    While one suite is checked, which is Python's work, the frame of the next is worked out beside it, which is not:
    two frames are in memory at most, and of large ones one, which is checked a slice at a time.

    Args:
        validations: what is to be checked.
        most_rows: a frame of more is large, and its slices have so many; what is found does not depend on it.
    """
    if not validations:
        return
    with _collecting_only_what_comes(), ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(validations[0].frame)
        for validation, following in zip_longest(validations, validations[1:]):
            frame = ahead.result()
            is_large = frame.height > most_rows
            if following and not is_large:
                ahead = pool.submit(following.frame)
            report = _check(validation, frame, most_rows)
            del frame
            if following and is_large:
                ahead = pool.submit(following.frame)
            yield report


@contextmanager
def _collecting_only_what_comes() -> Iterator[None]:
    """A block in which a collection looks at what came since it began: not, ten times, at a million objects of modules."""
    import great_expectations  # noqa: F401, PLC0415

    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _let_go() -> None:
    """Give back to the system what Great Expectations, whose objects hold one another, and Arrow no longer need."""
    gc.collect()
    pa.default_memory_pool().release_unused()


def _check(validation: Validation, frame: pl.DataFrame, most_rows: int) -> Report:
    suite = validation.suite
    result = _run(suite, frame) if frame.height <= most_rows else _run_sliced(suite, frame, most_rows)
    _let_go()
    order = {rule.name: place for place, rule in enumerate(suite.rules)}
    result["results"].sort(key=lambda found: order[_rule_of(found)])
    for found in result["results"]:
        _name_rows(found["result"], frame, suite.key)
    return {"suite": suite.name, "fingerprint": validation.fingerprint, "result": result}


def _rule_of(found: Mapping[str, Any]) -> str:
    name: str = found["expectation_config"]["meta"]["rule"]
    return name


def quiet_context() -> Any:
    """A context of Great Expectations that lives in memory, tells nobody anything and draws no progress bars."""
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import (  # noqa: PLC0415
        DataContextConfig,
        InMemoryStoreBackendDefaults,
    )

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    # Its default makes a folder for a site in the system's temporary one, and leaves it there.
    in_memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=in_memory, analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _run_sliced(suite: Suite, frame: pl.DataFrame, most_rows: int) -> dict[str, Any]:
    """What Great Expectations would find of all rules of a suite in a large frame, as one run.

    A rule that looks at one row at a time is checked in slices. Whether values are unique is asked of those that may not be.
    Any other rule is of the frame as a whole, and is checked so.
    """
    runs = []
    if of_rows := tuple(rule for rule in suite.rules if _is_of_rows(rule)):
        starts = range(0, frame.height, most_rows)
        slices = ((frame.slice(start, most_rows), range(start, frame.height)) for start in starts)
        runs.append(_run_parts(replace(suite, rules=of_rows), slices))
    for rule in suite.rules:
        if rule not in of_rows:
            alone = replace(suite, rules=(rule,))
            is_unique = rule.expectation == _UNIQUE
            runs.append(_run_unique(alone, frame, most_rows) if is_unique else _run(alone, frame))
            _let_go()
    return joined_runs(suite.name, runs) if runs else _run(suite, frame)


def _is_of_rows(rule: Rule) -> bool:
    from sparkle_curation.expectations import custom  # noqa: PLC0415

    return rule.expectation in _OF_ROWS or hasattr(custom, rule.expectation)


def _run_unique(suite: Suite, frame: pl.DataFrame, most_rows: int) -> dict[str, Any]:
    """The run of one rule of unique values: equal ones are of equal hash, so all of one hash are checked together."""
    (column,) = suite.columns
    values = frame[column]
    hashes = values.hash()
    is_asked = values.is_not_null() & hashes.is_duplicated()
    asked_count = int(is_asked.sum())
    part_count = math.ceil(asked_count / most_rows)
    rest = met_by_all(frame.height - asked_count, values.null_count())
    parts = [is_asked & (hashes % part_count == part) for part in range(part_count)]
    rows = [part.arg_true() for part in parts] or [pl.Series([], dtype=pl.UInt32)]
    return _run_parts(suite, ((frame.select(suite.columns)[each], each) for each in rows), rest)


def _run_parts(
    suite: Suite, parts: Iterable[tuple[pl.DataFrame, Sequence[int] | pl.Series]], *known: dict[str, Any]
) -> dict[str, Any]:
    """What is found of all rules of a suite in parts of a frame, as one run.

    Args:
        suite: its rules are found in the whole as in all parts together.
        parts: rows, and the places that they have in the frame.
        known: results of parts that need no checking, of each of the rules.
    """
    from great_expectations.util import convert_to_json_serializable  # noqa: PLC0415

    by_rule: dict[str, list[dict[str, Any]]] = {}
    runs = []
    for rows, places in parts:
        told = _ask(suite, rows)
        runs.append(_plain(told.to_json_dict()))
        for found, as_told in zip(runs[-1]["results"], told.results, strict=True):
            result = as_told.result  # with values as they are: numbers that are none are nulls in plain ones
            at = {PLACES: [int(places[place]) for place in result.get(PLACES, [])]}
            by_rule.setdefault(_rule_of(found), []).append({**found, "result": {**result, **at}})
        _let_go()
    merged = [merge_parts([*found, *known]) for found in by_rule.values()]
    return {**runs[0], "results": _plain(convert_to_json_serializable(merged))}


def _run(suite: Suite, frame: pl.DataFrame) -> dict[str, Any]:
    """What Great Expectations finds of all rules of a suite, as plain values."""
    plain: dict[str, Any] = _plain(_ask(suite, frame).to_json_dict())
    return plain


def _plain(values: Any) -> Any:
    """The same, once through text, which leaves plain values only."""
    return json.loads(json.dumps(values))


def _ask(suite: Suite, frame: pl.DataFrame) -> Any:
    """What Great Expectations finds of all rules of a suite, as it tells it.

    Raises:
        RuntimeError: a rule could not be checked.
    """
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415

    from sparkle_curation.expectations.custom import expectation_class  # noqa: PLC0415

    # One for each run: a context keeps the rows of all that was ever checked in it.
    context = quiet_context()
    source = context.data_sources.add_pandas(suite.name)
    batches = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all rows")
    # All at once: each expectation that is added to a stored suite writes the whole suite again.
    expectations = [
        expectation_class(rule.expectation)(
            **rule.options,
            severity=suite.severity(rule),
            meta={"rule": rule.name, "kind": rule.kind.value, "meaning": rule.meaning},
        )
        for rule in suite.rules
    ]
    expected = context.suites.add(gx.ExpectationSuite(suite.name, expectations=expectations))
    definition = gx.ValidationDefinition(name=suite.name, data=batches, suite=expected)
    # Backed by Arrow: texts are not copied into Python objects.
    texts = frame.select(suite.columns).with_columns(cs.categorical().cast(pl.String))
    rows = texts.to_pandas(use_pyarrow_extension_array=True)
    del texts
    told = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": rows},
        result_format=_RESULT_FORMAT,
        run_id=RunIdentifier(run_name=RUN_NAME, run_time=datetime.now(tz=UTC)),
    )
    if errors := [text for found in told.results if (text := _exception(found.exception_info))]:
        raise RuntimeError(f"{suite.name}: a rule could not be checked: {errors[0]}")
    return told


def _exception(infos: dict[str, Any]) -> str | None:
    """What went wrong while a rule was checked; None where nothing did."""
    for info in [infos] if "raised_exception" in infos else infos.values():
        if info["raised_exception"]:
            return str(info["exception_message"])
    return None


def _name_rows(result: dict[str, Any], frame: pl.DataFrame, key: str) -> None:
    """Put names in the place of row numbers, each with the values that Great Expectations shows for it."""
    places = result.pop(PLACES, None)
    if not places:
        return
    values = result["partial_unexpected_list"]
    names = frame[key].gather(places).to_list()
    result[PLACES] = [{key: name, FOUND: value} for name, value in zip(names, values, strict=False)]
