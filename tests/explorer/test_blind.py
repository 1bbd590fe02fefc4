"""What a blind audit is sent tells nothing of verdicts, scores and the published CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.explorer.serving import ALONE, IN_TAR, WHOLE, asked, made_store, made_tables, served
from tests.made.tables import THRESHOLDS, annotations, csv_row, known, scores

from sparkle_curation.explorer.data import ExplorerTables
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.spec.stages import STAGES

PROMPT = "Put a lighthouse behind her"


@pytest.fixture(scope="module")
def store(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> AssetStore:
    """A release in which both samples have the same two clips, and one of them a mask too."""
    return made_store(sample_release, tmp_path_factory.mktemp("blind"))


def two_alike(prompt_of_other: str | None = PROMPT) -> ExplorerTables:
    """A published sample that has passed all stages, with boxes; and one of low scores, alike but for that, in no CSV."""
    by_stage = {each.name: {WHOLE: 9.5, IN_TAR: 2.0} for each in STAGES}
    tables = {
        name: table.with_columns(
            prompt=pl.when(pl.col("id") == WHOLE).then(pl.lit(PROMPT)).otherwise(pl.lit(prompt_of_other))
        )
        for name, table in scores(**by_stage).items()
    }
    samples = pl.concat([known(WHOLE), known(IN_TAR, ALONE, released=False)])
    return replace(
        made_tables(),
        verdicts=apply_thresholds(samples, tables, THRESHOLDS, "reject"),
        annotations=annotations(
            csv_row(WHOLE, 2, prompt=PROMPT, subtheme="night", chosen_keyword="night: sea")
        ),
        scores=tables,
        audit_sample=pl.DataFrame({"id": [WHOLE, IN_TAR], "stratum": ["1k", "1r"]}),
    )


def as_sent(tables: ExplorerTables, store: AssetStore) -> Iterator[str]:
    """All that the page is told of each sample of the audit, without its id and its number."""
    with served(tables, store) as (address, _):
        audit = json.loads(asked(f"{address}/api/audit")[2])
        for number, name, prompt in audit["rows"]:
            details = asked(f"{address}/api/sample/{name}?blind=yes")[2].decode()
            yield f"{prompt} {details}".replace(name, "ID")
            assert isinstance(number, int)


def test_two_that_are_alike_look_alike(store: AssetStore) -> None:
    """Though one is published, with scores, boxes, a mask and a keyword, and the other is in no CSV."""
    published, rejected = as_sent(two_alike(), store)
    assert PROMPT in published
    assert '"edited_video"' in published
    assert published == rejected


def test_where_one_has_no_prompt_no_prompt_is_shown(store: AssetStore) -> None:
    """Only the CSV knows that of the other one."""
    published, rejected = as_sent(two_alike(prompt_of_other=None), store)
    assert PROMPT not in published
    assert published == rejected
