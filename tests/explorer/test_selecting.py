"""What a choice comes to in the end, by the steps of the pipeline."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from tests.explorer.serving import ALONE, SCORES, WHOLE, made_tables
from tests.made.tables import THRESHOLDS, annotations, csv_row, known, scores, table

from sparkle_curation.errors import MissingTableError, ParameterError, SelectionError
from sparkle_curation.explorer.data import ExplorerTables, read_samples
from sparkle_curation.explorer.exporting import Lookout, look_beyond_kept, mark
from sparkle_curation.explorer.selecting import read_choice, select_by
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.variant.curation.params import FilterParams

LOOSE = {"edited_frame0": 7.0, "foreground_removed": 7.0, "edited_video": 7.0}
BY_NOBODY: dict[str, list[int]] = {"kept": [], "dropped": []}


def declared() -> FilterParams:
    """The parameters as the project declares them."""
    return FilterParams.model_validate(
        yaml.safe_load(Path("conf/base/curate/parameters.yml").read_text("utf-8"))
    )


def complete_tables() -> ExplorerTables:
    """The made tables, with the videos of each sample and a signal."""
    assets = pl.DataFrame({"id": [*SCORES] * 2, "kind": ["source_video"] * 4 + ["edited_video"] * 4})
    signals = pl.DataFrame({"id": [*SCORES], "error": None, "prompt_chars": [80, 26, 6, 14]})
    return replace(made_tables(), assets=assets, signals=signals)


def selected(
    tables: ExplorerTables, by_hand: dict[str, list[int]] = BY_NOBODY, **given: Any
) -> dict[str, Any]:
    """What a choice comes to, with the ids of the selected samples."""
    samples = read_samples(tables)
    answer = select_by(Lookout(tables, declared()).found(), samples, read_choice(declared(), given), by_hand)
    bits = np.unpackbits(np.frombuffer(base64.b64decode(answer["bits"]), np.uint8), bitorder="little")
    return answer | {"ids": [name for name, place in samples.place.items() if bits[place]]}


def test_thresholds_preflight_and_budget_follow_each_other() -> None:
    """Kept, of these what could be exported, of these the best."""
    found = selected(complete_tables(), thresholds=LOOSE, selection={"budget": 1, "balance": ["theme"]})
    assert found["ids"] == [WHOLE]  # 8.83 on average, BROKEN 8.8
    assert (found["kept"], found["candidates"], found["selected"]) == (3, 2, 1)
    assert found["unseen"] == 0
    everything = selected(complete_tables(), thresholds=LOOSE, selection={"budget": 2})
    assert (everything["selected"], everything["unseen"]) == (2, 1)  # no preflight has looked at BROKEN
    assert found["lacking"] == {"unloadable": 1}
    assert found["limits"] == {"budget": 1}
    assert found["groups"] == [("time", 2, 1)]


def test_parts_of_the_samples_come_to_the_same_as_all_of_them() -> None:
    """Whatever is worked out across rows: here two pairs are the same clips with the same prompt."""
    twins = [f"Sparkle_time_{number:06d}" for number in range(12)]
    prompts = ["Twice", "Twice", *(f"Prompt {number}" for number in range(10))]
    files = [
        {
            "id": name,
            "theme": "time",
            "kind": kind,
            "path": asset_path("time", kind, name),
            "index_hash": f"{kind} 1",
        }
        for name in twins
        for kind in ("source_video", "edited_video")
    ]
    given = replace(
        ExplorerTables(apply_thresholds(known(*twins), scores(), THRESHOLDS, "keep"), pl.DataFrame()),
        annotations=annotations(
            *(
                csv_row(name, line + 2, prompt=prompt)
                for line, (name, prompt) in enumerate(zip(twins, prompts, strict=True))
            )
        ),
        assets=table("assets", files),
        media=pl.DataFrame(
            files, schema=pl.DataFrame(pl.from_arrow(arrow_schema(MEDIA_COLUMNS).empty_table())).schema
        ),
    )
    whole, parted = (look_beyond_kept(given, declared(), rows_at_once) for rows_at_once in (100, 1))
    told = whole.pairs_checked.lazy().sort("id").collect()
    assert told["reasons"].to_list()[0] != told["reasons"].to_list()[2]  # the first two are told of
    assert parted.pairs_checked.lazy().sort("id").collect().equals(told)
    assert mark(parted).blob == mark(whole).blob


def test_what_was_decided_by_hand_goes_first() -> None:
    """Kept whatever the scores, before all others; dropped is out."""
    place = read_samples(complete_tables()).place
    by_hand = {"kept": [place[ALONE]], "dropped": [place[WHOLE]]}
    found = selected(
        complete_tables(), by_hand, thresholds=LOOSE, selection={"budget": 1, "balance": ["theme"]}
    )
    assert (found["ids"], found["kept"]) == ([ALONE], 3)
    with pytest.raises(SelectionError, match="More samples are kept by hand"):
        selected(complete_tables(), {"kept": [0, 3], "dropped": []}, selection={"budget": 1})


def test_what_is_kept_by_hand_alone_goes_first_too() -> None:
    """Where nothing was dropped and the first sample has no decision."""
    place = read_samples(complete_tables()).place
    assert place[ALONE] > 0
    found = selected(complete_tables(), {"kept": [place[ALONE]], "dropped": []}, selection={"budget": 1})
    assert found["ids"] == [ALONE]


def test_bounds_on_signals_lack_before_the_budget() -> None:
    """As the pipeline leaves them out; nothing bounds what nobody measured."""
    bounds = {"prompt_chars": {"at_least": 10}}
    found = selected(complete_tables(), thresholds=LOOSE, signal_bounds=bounds)
    assert (found["ids"], found["lacking"]) == ([WHOLE], {"signal": 1, "unloadable": 1})
    with pytest.raises(MissingTableError, match="no signals were measured"):
        selected(replace(complete_tables(), signals=pl.DataFrame()), signal_bounds=bounds)


@pytest.mark.parametrize(
    "wrong", [{"selection": {"budget": "x"}}, {"thresholds": {"edited_video": 99}}, {"none": 1}]
)
def test_a_choice_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    """With the name of the parameter."""
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        read_choice(declared(), wrong)
