"""Suites checked by Great Expectations. It is imported inside, since that takes seconds."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from sparkle_curation.expectations.pages.reports import FOUND, MAX_SHOWN, Report, Validation
from sparkle_curation.expectations.rules.rule import Suite

RUN_NAME = "latest"
"""What a run of a suite is called in its report and page; there is never more than one."""

_RESULT_FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": MAX_SHOWN}
"""Without ``unexpected_index_column_names``: at 140K failing rows that takes 20 s, and we know the rows' names."""

MOST_ROWS = 1 << 18
"""Of a frame of more rows, memory counts for more than time."""

_RULES_AT_ONCE = 2
"""Rules of such a frame whose measures Great Expectations holds together."""


def check_all(validations: Sequence[Validation], *, most_rows: int = MOST_ROWS) -> Iterator[Report]:
    """The reports of validations, in their order: of each rule its result, with the names of up to ten rows that break it.

    While one suite is checked, which is Python's work, the frame of the next is worked out beside it, which is not:
    two frames are in memory at most, and of large ones one, of whose rules some are checked at a time.

    Args:
        validations: what is to be checked.
        most_rows: a frame of more is large; what is found does not depend on it.
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
            report = _check(validation, frame, _RULES_AT_ONCE if is_large else len(validation.suite.rules))
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


def _check(validation: Validation, frame: pl.DataFrame, rules_at_once: int) -> Report:
    result = _run(validation.suite, frame, rules_at_once)
    if errors := [text for found in result["results"] if (text := _exception(found))]:
        raise RuntimeError(f"{validation.suite.name}: a rule could not be checked: {errors[0]}")
    order = {rule.name: place for place, rule in enumerate(validation.suite.rules)}
    result["results"].sort(key=lambda found: order[found["expectation_config"]["meta"]["rule"]])
    for found in result["results"]:
        _name_rows(found["result"], frame, validation.suite.key)
    return {"suite": validation.suite.name, "fingerprint": validation.fingerprint, "result": result}


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


def _run(suite: Suite, frame: pl.DataFrame, rules_at_once: int) -> dict[str, Any]:
    """What Great Expectations finds of all rules of a suite, as one result."""
    found = []
    for start in range(0, max(len(suite.rules), 1), max(rules_at_once, 1)):
        found.append(_run_some(replace(suite, rules=suite.rules[start : start + rules_at_once]), frame))
        _let_go()
    return _joined(found)


def _joined(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The results of some rules of one suite each as the result of all."""
    results = [result for each in found for result in each["results"]]
    met = sum(result["success"] for result in results)
    statistics = {
        "evaluated_expectations": len(results),
        "successful_expectations": met,
        "unsuccessful_expectations": len(results) - met,
        "success_percent": 100.0 * met / len(results) if results else None,
    }
    return found[0] | {"success": met == len(results), "results": results, "statistics": statistics}


def _run_some(suite: Suite, frame: pl.DataFrame) -> dict[str, Any]:
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
    found = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": rows},
        result_format=_RESULT_FORMAT,
        run_id=RunIdentifier(run_name=RUN_NAME, run_time=datetime.now(tz=UTC)),
    )
    # Once through text, which leaves plain values only.
    plain: dict[str, Any] = json.loads(json.dumps(found.to_json_dict()))
    return plain


def _exception(found: dict[str, Any]) -> str | None:
    """What went wrong while a rule was checked; None where nothing did."""
    infos = found["exception_info"]
    for info in [infos] if "raised_exception" in infos else infos.values():
        if info["raised_exception"]:
            return str(info["exception_message"])
    return None


def _name_rows(result: dict[str, Any], frame: pl.DataFrame, key: str) -> None:
    """Put names in the place of row numbers, each with the values that Great Expectations shows for it."""
    places = result.pop("partial_unexpected_index_list", None)
    if not places:
        return
    values = result["partial_unexpected_list"]
    names = frame[key].gather(places).to_list()
    result["partial_unexpected_index_list"] = [
        {key: name, FOUND: value} for name, value in zip(names, values, strict=False)
    ]
