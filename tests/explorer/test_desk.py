"""Decisions by hand: what is told of them, what is written, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.explorer.serving import BROKEN, IN_TAR, WHOLE, asked, made_store, made_tables, served
from tests.made.overrides import decision, frame
from tests.made.tables import scores

from sparkle_curation.errors import LockedError, OverridesError
from sparkle_curation.explorer.data import ExplorerTables, read_samples
from sparkle_curation.explorer.desk import Desk, DeskSettings
from sparkle_curation.explorer.security import TOKEN_HEADER
from sparkle_curation.filtering.overrides.binding import bind
from sparkle_curation.filtering.overrides.decisions import read_overrides, write_overrides
from sparkle_curation.spec.stages import STAGES


def desk_of(tables: ExplorerTables, path: Path, annotator: str = "ann") -> Desk:
    """The desk of somebody."""
    return Desk(tables, read_samples(tables), DeskSettings(path, annotator))


def test_a_decision_is_bound_as_curate_binds_it(tmp_path: Path) -> None:
    """And is stale, and not applied, once the prompt is another one."""
    path = tmp_path / "overrides.csv"
    tables = replace(made_tables(), scores=scores(**{each.name: {WHOLE: 9.0} for each in STAGES}))
    desk = desk_of(tables, path)
    desk.decide([(WHOLE, "drop", " halo ")], desk.told()["state"])
    nothing = pl.DataFrame(
        schema={"id": pl.String, "kind": pl.String, "container": pl.String, "path": pl.String}
    )
    empty = nothing.with_columns(pl.lit(0).alias("size"), pl.lit("").alias("index_hash"))
    bound = bind([WHOLE], tables.annotations, tables.scores, empty, empty)["bound_to"].to_list()
    assert read_overrides(path)[0].select("reason", "bound_to").rows() == [("halo", *bound)]
    assert (desk.told()["dropped"], desk.told()["rows"][0][5]) == ([0], "applied")
    other = tables.annotations.lazy().with_columns(pl.lit("another").alias("prompt")).collect()
    told = desk_of(replace(tables, annotations=other), path).told()
    assert (told["dropped"], told["rows"][0][0], told["rows"][0][5]) == ([], 0, "stale")


def test_several_people_are_resolved_by_the_rule(tmp_path: Path) -> None:
    """With the state of each decision, and how far they agree."""
    path = tmp_path / "overrides.csv"
    rows = [decision(WHOLE, "ann", "keep"), decision(WHOLE, "bob", "drop"), decision(IN_TAR, "ann", "keep")]
    write_overrides(path, frame(*rows, decision(IN_TAR, "bob", "keep")), state=read_overrides(path)[1])
    told = desk_of(made_tables(), path).told()
    assert (told["dropped"], told["kept"], told["annotators"]) == ([0], [1], ["ann", "bob"])
    assert [row[5] for row in told["rows"]] == ["outvoted", "unbound", "unbound", "unbound"]
    assert told["alpha"] == pytest.approx(0.0)


def test_undo_brings_back_what_stood_there(tmp_path: Path) -> None:
    """Also of many at once, with what others wrote meanwhile; a second one has nothing to take back."""
    path = tmp_path / "overrides.csv"
    before = frame(decision(WHOLE, "ann", "keep", "fine", "0" * 32), decision(WHOLE, "bob", "keep"))
    state = write_overrides(path, before, state=read_overrides(path)[1])
    desk = desk_of(made_tables(), path)
    desk.decide([(WHOLE, "drop", ""), (BROKEN, "drop", "")], state)
    assert desk.told()["undo"] == 1
    assert desk.undo(desk.told()["state"]) == [WHOLE, BROKEN]
    assert read_overrides(path)[0].select(before.columns).equals(before)
    with pytest.raises(OverridesError, match="no decision of this explorer"):
        desk.undo(desk.told()["state"])


def test_what_is_refused_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    """A file that another has written, an unknown sample, a word that is none, nobody named."""
    path = tmp_path / "overrides.csv"
    desk = desk_of(made_tables(), path)
    seen = desk.told()["state"]
    write_overrides(path, frame(decision(WHOLE, "bob")), state=seen)
    content = path.read_bytes()
    now = desk.told()["state"]
    for error, decided, state in (
        (LockedError, [(WHOLE, "drop", "")], seen),
        (OverridesError, [("Sparkle_time_999999", "drop", "")], now),
        (OverridesError, [(WHOLE, "drop", ""), (WHOLE, "keep", "")], now),
        (OverridesError, [(WHOLE, "perhaps", "")], now),
    ):
        with pytest.raises(error):
            desk.decide(decided, state)
    with pytest.raises(OverridesError, match="Nobody is named"):
        desk_of(made_tables(), path, "").decide([(WHOLE, "drop", "")], now)
    assert path.read_bytes() == content


def test_a_faulty_file_is_told_and_not_overwritten(tmp_path: Path) -> None:
    """The page opens all the same."""
    path = tmp_path / "overrides.csv"
    path.write_text("id,decision\n", encoding="utf-8")
    assert "another header" in desk_of(made_tables(), path).told()["error"]


def test_the_server_writes_for_the_page_alone(sample_release: Path, tmp_path: Path) -> None:
    """With the token, not with --read-only; what is no decision is refused."""
    path = tmp_path / "overrides.csv"
    store = made_store(sample_release, tmp_path)
    state = read_overrides(path)[1]
    content = {"state": state, "decisions": [[WHOLE, "drop", "halo \ud83d"]]}
    for is_read_only in (True, False):
        with served(made_tables(), store, is_read_only=is_read_only, desk=DeskSettings(path, "ann")) as (
            address,
            settings,
        ):
            write, token = f"{address}/api/decisions", {TOKEN_HEADER: settings.token}
            assert asked(write, "POST", {}, content)[0] == 403
            if is_read_only:
                assert asked(write, "POST", token, content)[0] == 403
                continue
            for wrong in ({}, {"state": state, "decisions": []}, {"state": state, "decisions": [["x"]]}, [1]):
                assert asked(write, "POST", token, wrong)[0] == 400
            assert not path.exists()
            status, _, body = asked(write, "POST", token, content)
            assert (status, json.loads(body)["dropped"]) == (200, [0])
            assert asked(write, "POST", token, content)[0] == 409
            undone = asked(f"{write}/undo", "POST", token, {"state": json.loads(body)["state"]})
            assert json.loads(undone[2])["undone"] == [WHOLE]
    assert read_overrides(path)[0].is_empty()
