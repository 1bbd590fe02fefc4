"""What the page is given: the numbers of each sample, in the order of the verdicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.explorer.serving import ALONE, BROKEN, IN_TAR, SCORES, WHOLE, made_tables

from sparkle_curation.errors import MissingTableError
from sparkle_curation.explorer.data import (
    DROPPED,
    GENERATED,
    LACKS,
    PRESENT,
    RELEASED,
    UNSEEN,
    find_reasons,
    find_text,
    read_samples,
)
from sparkle_curation.explorer.exporting import Lookout
from sparkle_curation.spec.stages import CRITERIA


def test_the_blob_holds_scores_then_flags_subthemes_and_themes() -> None:
    """A sample without a score has NaN there."""
    samples = read_samples(made_tables())
    count = len(SCORES)
    scores = np.frombuffer(samples.blob, "<f8", len(CRITERIA) * count).reshape(len(CRITERIA), count)
    expected = [[values.get(each.stage, np.nan) for values in SCORES.values()] for each in CRITERIA]
    np.testing.assert_array_equal(scores, expected)
    flags = np.frombuffer(samples.blob, "<u4", count, scores.nbytes)
    assert flags.tolist() == [
        RELEASED | PRESENT,
        RELEASED | GENERATED,
        RELEASED,
        RELEASED,
    ]  # the loader refuses the second
    subthemes = np.frombuffer(samples.blob, "<u2", count, scores.nbytes + flags.nbytes)
    names = ["", *(each["name"] for each in samples.description["subthemes"])]
    assert [names[number] for number in subthemes] == ["night", "dawn", "dawn", ""]
    assert len(samples.blob) == scores.nbytes + flags.nbytes + subthemes.nbytes + count


def test_what_could_be_exported_comes_behind() -> None:
    """The loader refuses the second; no preflight has looked at the last two."""
    found = Lookout(made_tables(), None).found()
    assert found.flags.tolist() == [0, DROPPED, UNSEEN, UNSEEN]
    assert [[None, *LACKS][code] for code in found.lacks] == [None, "unloadable", None, None]
    assert found.blob == found.flags.tobytes() + found.lacks.tobytes()


def test_auto_stays_auto_where_it_came_to_the_same() -> None:
    """So that a threshold that is moved takes the policy along, as a run would."""
    tables = made_tables()
    used = {"missing_scores": "keep", "imputed_scores": "reject"}
    assert read_samples(tables).description["policies"]["imputed_scores"] == "auto"
    assert read_samples(replace(tables, policies=used)).description["policies"] == {
        **used,
        "missing_signals": "keep",
    }


def test_texts_are_those_of_the_sample_although_one_is_told_twice() -> None:
    """The first one holds, and the samples behind it keep their own."""
    tables = made_tables()
    twice = pl.concat([tables.annotations.lazy().collect(), tables.annotations.lazy().head(1).collect()])
    texts = read_samples(replace(tables, annotations=twice)).texts
    assert texts["id"].to_list() == list(SCORES)
    assert texts["prompt"].to_list()[-1] == "Nothing to see"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("LIGHTHOUSE", [IN_TAR]),
        ("dawn bay", [BROKEN]),
        ("sparkle_time", list(SCORES)),
        (".*", []),
        ("<b>", [WHOLE]),
    ],
)
def test_a_search_finds_all_words_as_they_stand(query: str, found: list[str]) -> None:
    """In id, prompt or keyword, whatever their case; no pattern."""
    samples = read_samples(made_tables())
    assert [samples.texts["id"][int(number)] for number in find_text(samples, query)] == found


def test_reasons_are_found_in_one_reason_alone() -> None:
    """All words must be in the same one."""
    tables = made_tables()
    samples = read_samples(tables)
    assert find_reasons(tables, samples, "halo FINE").tolist() == [samples.place[IN_TAR]]
    assert find_reasons(tables, samples, "halo sharp").tolist() == []


def test_verdicts_of_another_description_are_told() -> None:
    """With what to run."""
    tables = made_tables()
    old = tables.verdicts.lazy().drop(f"{CRITERIA[0].name}_score")
    with pytest.raises(MissingTableError, match=f"no column {CRITERIA[0].name}_score"):
        read_samples(replace(tables, verdicts=old))
    assert read_samples(tables).place[ALONE] == len(SCORES) - 1
