"""The page as a person uses it, in a browser."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import yaml
from dvc.utils.cli_parse import to_path_overrides
from dvc.utils.hydra import apply_overrides
from tests.explorer.conftest import opened
from tests.explorer.serving import (
    ALONE,
    BROKEN,
    HOSTILE,
    IN_TAR,
    SCORES,
    WHOLE,
    asked,
    made_store,
    made_tables,
    served,
)
from tests.live_browser import Page
from tests.made.overrides import decision, frame
from tests.made.tables import THRESHOLDS, annotations, assets, csv_row, known, metadata, scores
from tests.made.versions import version

from sparkle_curation.cli import split_params
from sparkle_curation.errors import VersionError
from sparkle_curation.explorer.comparing import Versions
from sparkle_curation.explorer.data import ExplorerTables
from sparkle_curation.explorer.desk import DeskSettings
from sparkle_curation.explorer.files.parameters_file import ParametersFile
from sparkle_curation.filtering.overrides.decisions import format_overrides, parse_overrides
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.variant.curation.params import FilterParams
from sparkle_curation.variant.versions.version import VariantVersion

SHOWN = "[...document.querySelectorAll('.row .id')].map((each) => each.textContent)"
KEPT = "document.getElementById('kept').textContent"
EXPORTED = "document.getElementById('exported').textContent"
COMES = "document.getElementById('comes').textContent"
TOLD = "document.getElementById('told').textContent"
CHOSEN = "document.querySelector('.row.chosen .id')?.textContent"
TIMES = "[...document.querySelectorAll('video')].map((each) => each.currentTime)"


def declared() -> FilterParams:
    """The parameters as the project declares them."""
    return FilterParams.model_validate(
        yaml.safe_load(Path("conf/base/curate/parameters.yml").read_text("utf-8"))
    )


def slide(page: Page, criterion: str, value: float) -> None:
    """Move the slider of a criterion, as dragging it does."""
    page.run(
        f"""(() => {{ const slider = document.getElementById("slider-{criterion}");
        slider.value = "{value}"; slider.dispatchEvent(new Event("input", {{ bubbles: true }})); }})()"""
    )


def choose(page: Page, sample_id: str) -> None:
    """Click on a sample of the list, and wait until it is shown."""
    page.until(f"{SHOWN}.includes('{sample_id}')")
    page.run(
        f"[...document.querySelectorAll('.row')].find((each) => each.textContent.includes('{sample_id}')).click()"
    )
    page.until(f"document.querySelector('#detail .id')?.textContent === '{sample_id}'")


def tab(page: Page, name: str) -> None:
    """Click on a tab of the list."""
    page.run(f"document.querySelector('[data-show={name}]').click()")


def fill(page: Page, name: str, value: float | str) -> None:
    """Type a number into the box of that name, as a screen reader calls it."""
    page.run(
        f"""(() => {{ const box = document.querySelector('[aria-label="{name}" i]');
        box.value = "{value}"; box.dispatchEvent(new Event("change")); }})()"""
    )


def export(page: Page, kind: str) -> None:
    """Take away what is listed."""
    page.run(
        f"""(() => {{ const choose = document.getElementById("export");
        choose.value = "{kind}"; choose.dispatchEvent(new Event("change")); }})()"""
    )


def test_a_slider_moves_the_counts(page: Page) -> None:
    """Total, who comes, who goes, the bars and the list, all from the present variant."""
    assert page.run(f"[{KEPT}, {EXPORTED}]") == ["2", "\u2192 1 exported"]  # the loader refuses IN_TAR
    slide(page, "edited_frame0", 7.5)
    page.until(f"{KEPT} === '3'")
    assert page.run(COMES) == "+1 come"
    tab(page, "comes")
    assert page.until(f"({SHOWN}).length === 1 && {SHOWN}") == [BROKEN]
    slide(page, "edited_frame0", 9.1)
    page.until(f"{KEPT} === '0'")
    tab(page, "goes")
    page.until(f"({SHOWN})[0] === '{WHOLE}'")
    assert page.run("document.querySelector('.bar .delta').textContent") == "\u22121"


def test_a_policy_moves_the_counts(page: Page) -> None:
    """A sample without a score comes where such ones are kept."""
    page.run(
        """(() => { const select = document.getElementById("policy-missing");
        select.value = "keep"; select.dispatchEvent(new Event("change")); })()"""
    )
    page.until(f"{KEPT} === '3'")
    page.run("document.getElementById('copy').click()")
    command = page.until("document.getElementById('command').textContent")
    assert command.startswith("kedro run --pipelines curate --params thresholds.edited_frame0=8,")
    assert command.endswith("missing_scores=keep,imputed_scores=auto")


def test_a_new_sample_says_who_made_it(page: Page) -> None:
    """The list marks it and has it in a tab of its own; beside it stand generators, licences, prompt and clip, as text."""
    assert page.run("document.querySelectorAll('.mark.generated').length") == 1
    tab(page, "generated")
    assert page.until(f"({SHOWN}).length === 1 && {SHOWN}") == [IN_TAR]
    choose(page, IN_TAR)
    lines = "[...document.querySelectorAll('[aria-label=Origin] p')].map((each) => each.textContent)"
    assert page.until(f"({lines}).length && {lines}") == [
        "background video: generated by wan_image_to_video, wan_image_to_video, revision abc, under licence apache-2.0",
        "clean frame 0, edited frame 0: generated by flux2_klein, flux2_klein, revision abc, licence unknown",
        "edit prompt: written by Qwen/Qwen3-VL-32B-Instruct",
        "source clip: coast.mp4, under licence cc-by-4.0, by <u>Ann</u>",
    ]
    tab(page, "all")
    choose(page, WHOLE)
    page.until(f"({lines}).length === 0")


def test_the_address_holds_the_view(explorer: str, page: Page) -> None:
    """Opened again, it shows the same thresholds, tab, search and sample; the token is not in it."""
    opened(page, f"{explorer}/#token=secret")
    slide(page, "edited_video", 8.2)
    tab(page, "kept")
    choose(page, WHOLE)
    address = page.until("location.hash.includes('show=kept') && location.href")
    assert "secret" not in address
    opened(page, address)
    page.until(f"document.querySelector('#detail .id')?.textContent === '{WHOLE}'")
    assert page.run(KEPT) == "1"
    assert page.run("document.getElementById('slider-edited_video').value") == "8.2"


def test_decisions_by_hand_are_written_and_taken_back(
    browser: Page, sample_release: Path, tmp_path: Path
) -> None:
    """By keys, for one and for all that are listed; who has not seen what another wrote is told, and loses nothing."""
    file = tmp_path / "overrides.csv"
    desk = DeskSettings(file, "ann")
    with served(made_tables(), made_store(sample_release, tmp_path), desk=desk) as (address, settings):
        page = opened(browser, f"{address}/#token={settings.token}")
        choose(page, WHOLE)
        page.run("document.querySelector('.why').value = 'halo'")
        page.key("d")
        page.until(f"{KEPT} === '1'")
        (row,) = parse_overrides(file.read_bytes(), where="").rows(named=True)
        assert [row[name] for name in ("id", "decision", "reason", "annotator")] == [
            WHOLE,
            "drop",
            "halo",
            "ann",
        ]
        assert row["bound_to"]
        tab(page, "overridden")
        assert page.until(f"({SHOWN}).length === 1 && {SHOWN}") == [WHOLE]
        choose(page, WHOLE)
        page.key("k")
        page.until(f"{KEPT} === '2'")
        assert "kept by ann" in page.run("document.querySelector('.listed').textContent")
        page.key("u")
        page.until(f"{KEPT} === '1'")
        page.key("u")
        page.until(f"{KEPT} === '2'")
        file.write_bytes(format_overrides(frame(decision(IN_TAR, "bob", "drop", "blurred"))))
        page.key("d")
        page.until("document.getElementById('told').textContent.includes('Somebody else has written')")
        page.until(f"{KEPT} === '1'")  # that of bob
        assert b",ann," not in file.read_bytes()
        tab(page, "rejected")
        page.until(f"({SHOWN}).length === 3")
        page.run("document.querySelector('.found button').click()")
        assert "Drop 3 samples" in page.until("document.querySelector('dialog')?.textContent")
        page.run("document.querySelector('.danger').click()")
        page.until("document.getElementById('told').textContent.startsWith('3 samples dropped')")
        assert parse_overrides(file.read_bytes(), where="").height == 4
        assert page.run(KEPT) == "1"
        page.key("u")
        page.until("document.getElementById('told').textContent === 'Taken back: 3 samples.'")
    assert parse_overrides(file.read_bytes(), where="")["annotator"].to_list() == ["bob"]


def test_a_decision_goes_on_to_the_next_sample(browser: Page, sample_release: Path, tmp_path: Path) -> None:
    """Which is chosen and seen although the list is ordered anew; taken back, its own is chosen again."""
    ids = [f"Sparkle_time_{number:06d}" for number in range(60)]
    by_stage = {
        each.stage: {name: 8.6 + at / 100 for at, name in enumerate(ids)} for each in CRITERIA
    }  # so the nearest to a threshold is the first
    tables = ExplorerTables(
        verdicts=apply_thresholds(known(*ids), scores(**by_stage), THRESHOLDS, "reject"),
        annotations=annotations(*(csv_row(each) for each in ids)),
        scores=scores(**by_stage),
    )
    desk = DeskSettings(tmp_path / "overrides.csv", "ann")
    seen = """(() => { const view = document.querySelector(".scroll").getBoundingClientRect();
        const row = document.querySelector(".row.chosen")?.getBoundingClientRect();
        return row && row.top >= view.top - 1 && row.bottom <= view.bottom + 1; })()"""
    with served(tables, made_store(sample_release, tmp_path), desk=desk) as (address, settings):
        page = opened(browser, f"{address}/#token={settings.token}")
        page.until(f"{CHOSEN} === '{ids[0]}'")
        for _ in range(30):
            page.key("ArrowDown")
        page.until(f"{CHOSEN} === '{ids[30]}' && {seen}")
        for key, at in (("d", 31), ("k", 32)):
            page.until(f"document.querySelector('#detail .id')?.textContent === '{ids[at - 1]}'")
            page.key(key)
            page.until(f"{CHOSEN} === '{ids[at]}' && {seen}")
        page.key("u")
        page.until(f"{CHOSEN} === '{ids[31]}' && {seen}")
        tab(page, "overridden")  # from which the one that is taken back goes
        choose(page, ids[30])
        page.run("[...document.querySelectorAll('.decide')].at(-1).click()")
        page.until(f"{TOLD} === 'Taken back: {ids[30]}.'")


def test_a_sample_that_cannot_be_exported_does_not_come(
    browser: Page, sample_release: Path, tmp_path: Path
) -> None:
    """Kept by hand or by a threshold: it is counted as kept, the page says why the variant goes without it."""
    tables = made_tables()
    in_csv = tables.verdicts.lazy().collect().with_columns(pl.col("id").ne(BROKEN).alias("is_released"))
    tables = replace(tables, verdicts=in_csv, assets=assets((WHOLE, "source_video"), (ALONE, "source_video")))
    settings = {"params": declared(), "desk": DeskSettings(tmp_path / "overrides.csv", "ann")}
    with served(tables, made_store(sample_release, tmp_path), **settings) as (address, made):
        page = opened(browser, f"{address}/#token={made.token}")
        page.until(f"{EXPORTED} === '\u2192 1 exported'")
        choose(page, BROKEN)  # of which only metadata are there, and no asset
        page.key("k")
        page.until(f"{KEPT} === '3'")
        assert "It will not be exported all the same: no source video (time/source_video" in page.run(TOLD)
        assert page.run(f"[{EXPORTED}, {COMES}]") == ["\u2192 1 exported", "0 come"]
        assert (
            page.run("document.getElementById('lacking').textContent") == "1 unloadable · 1 no source video"
        )
        tab(page, "lacking")
        page.until(f"({SHOWN}).length === 2 && {SHOWN}.includes('{BROKEN}')")
        choose(page, IN_TAR)
        said = page.until("document.querySelector('#detail header .failed')?.textContent")
        assert said == "It will not be exported: unloadable (source_video: 3 frames)."


def test_what_cannot_be_is_told_and_changes_nothing(
    browser: Page, sample_release: Path, tmp_path: Path
) -> None:
    """A threshold outside its scale, a budget of none, such an address; and no command for a selection that is refused."""
    alone = [decision(name, "ann", "keep") for name in (WHOLE, ALONE)]
    (tmp_path / "overrides.csv").write_bytes(format_overrides(frame(*alone)))
    settings = {"params": declared(), "desk": DeskSettings(tmp_path / "overrides.csv", "ann")}
    pairs = [(name, kind) for name in SCORES for kind in ("source_video", "edited_video")]
    tables = replace(made_tables(), assets=assets(*pairs))
    with served(tables, made_store(sample_release, tmp_path), **settings) as (address, _):
        page = opened(browser, f"{address}/#t.edited_video=11&missing=perhaps")
        told = page.run(TOLD)
        assert "t.edited_video=11: a threshold is a number from 0 to 10" in told
        assert "missing=perhaps, which is none of keep, reject" in told
        faults = (
            "[...document.querySelectorAll('small.failed:not([hidden])')].map((each) => each.textContent)"
        )
        fill(page, "Threshold of edited video, exactly", 10.5)
        assert page.run(faults) == ["10.5 is not allowed: a number from 0 to 10"]
        fill(page, "Threshold of edited video, exactly", 8.2)
        assert page.run(faults) == []
        fill(page, "The most pairs in all", 0)
        assert page.run(faults) == ["0 is not allowed: a whole number from 1 up"]
        assert "select=" not in page.run("location.hash")
        fill(page, "The most pairs in all", 1)
        page.until(
            f"{EXPORTED}.startsWith('no variant: More samples are kept by hand than the budget allows')"
        )
        for button in ("copy", "copy-dvc"):
            page.run(f"document.getElementById('{button}').click()")
            page.until(f"{TOLD}.startsWith('This choice makes no variant')")
            assert page.run("document.getElementById('command').textContent") == ""
            page.run("document.getElementById('told').textContent = ''")
        fill(page, "The most pairs in all", 2)
        page.until(f"{EXPORTED} === '\u2192 2 exported'")
        page.run("document.getElementById('copy').click()")
        assert "selection.budget=2" in page.until("document.getElementById('command').textContent")
        (tmp_path / "overrides.csv").write_text(
            "id,decision\n", encoding="utf-8"
        )  # at which a run would stop
        page.run("document.getElementById('copy').click()")
        page.until(f"{TOLD}.includes('another header')")
        assert page.run("document.getElementById('command').textContent") == ""


def test_an_axis_shows_where_the_samples_are(page: Page) -> None:
    """Not where a scale has none, which it says; a tail of few is counted; what is marked is always on it."""
    view = """import("/static/controls.js").then(({ viewOf }) => viewOf(Float64Array.from(%s), { low: 0, high: 10 }, %s))"""
    scored = [8 + at / 2000 for at in range(2000)]
    whole = {"low": 0, "high": 10, "below": 0, "above": 0}
    assert page.run(view % (scored, [8, 7])) == {"low": 7, "high": 9, "below": 0, "above": 0}
    assert page.run(view % ([*scored, 0.5, 0.5, 9.9], [8])) == {"low": 8, "high": 9, "below": 2, "above": 1}
    assert page.run(view % ([*scored, *([0.5] * 40)], [8])) == whole
    assert page.run(view % (scored, [0])) == {**whole, "above": 0}
    assert page.run(view % ([], [8])) == whole
    step = (
        """import("/static/controls.js").then(({ stepOf }) => [10, 5, 3, 2, 1, 0.5, 100, 700].map(stepOf))"""
    )
    assert page.run(step) == [0.05, 0.02, 0.01, 0.01, 0.005, 0.002, 0.5, 2]


def test_the_present_variant_is_compared_with_another(
    browser: Page, sample_release: Path, tmp_path: Path
) -> None:
    """Who was removed and added since, and why; the address holds it; a version that is none is told."""
    base = version({WHOLE: {"edited_video": 8.4}, BROKEN: 9.0}, thresholds={**THRESHOLDS, "edited_frame0": 7})
    present = version({WHOLE: {"edited_video": 8.4}, BROKEN: {"edited_frame0": 7.9}, IN_TAR: 9.0})

    def open_version(name: str) -> VariantVersion:
        if name not in ("", "HEAD~1"):
            raise VersionError("There is no such version", got=name, todo="name a revision")
        return base if name else present

    versions = Versions(open_version, ["HEAD~1"])
    with served(made_tables(), made_store(sample_release, tmp_path), versions=versions) as (address, _):
        page = opened(browser, address)
        compared = """((name) => {{ document.querySelector(".compare input").value = name;
            document.querySelector(".compare button").click(); }})("{}")"""
        page.run(compared.format("nowhere"))
        page.until(
            "document.getElementById('told').textContent.startsWith('There is no such version. nowhere.')"
        )
        page.run(compared.format("HEAD~1"))
        page.until("document.querySelectorAll('.change').length === 2")
        tab(page, "removed")
        assert page.until(f"({SHOWN}).length === 1 && {SHOWN}") == [BROKEN]
        choose(page, BROKEN)
        page.until(
            "document.querySelector('[aria-label=Comparison]')?.textContent.includes('edited_frame0 7')"
        )
        page.run("document.querySelector('.change').click()")
        page.until(f"String({SHOWN}) === '{IN_TAR}'")
        opened(page, page.until("location.hash.includes('why=added') && location.href"))
        page.until(f"String({SHOWN}) === '{IN_TAR}'")


def test_the_list_is_searched_and_ordered(page: Page) -> None:
    """Nearest to a threshold first; by a score; by words of the prompt."""
    assert (
        page.until(f"({SHOWN}).length === {len(SCORES)} && !({SHOWN}).includes('…') && {SHOWN}")[0] == IN_TAR
    )
    page.run(
        """(() => { const select = document.querySelector("[aria-label=Order]");
        select.value = "edited_video:down"; select.dispatchEvent(new Event("change")); })()"""
    )
    page.until(f"({SHOWN})[0] === '{BROKEN}'")
    assert page.run(SHOWN)[-1] == ALONE
    page.run(
        """(() => { const search = document.querySelector(".search");
        search.value = "LIGHTHOUSE her"; search.dispatchEvent(new Event("input")); })()"""
    )
    page.until(f"({SHOWN}).length === 1")
    assert page.run(SHOWN) == [IN_TAR]


def test_what_is_listed_can_be_taken_away(page: Page) -> None:
    """The ids of the tab, in its order, as a text."""
    page.run("URL.createObjectURL = (blob) => { window.taken = blob.text(); return 'blob:none'; }")
    tab(page, "kept")
    page.until(f"({SHOWN}).length === 2")
    export(page, "txt")
    page.until("window.taken")
    assert page.run("window.taken") == f"{IN_TAR}\n{WHOLE}\n"
    assert page.until("document.getElementById('told').textContent") == "2 ids went to kept_ids.txt."

    page.run("window.taken = null")
    export(page, "csv")
    head, first, _ = page.until("window.taken").splitlines()
    assert head == f"id,theme,subtheme,is_kept,override,{','.join(f'{each.name}_score' for each in CRITERIA)}"
    assert first == f"{IN_TAR},time,dawn,true,,8,8.5,8"


def test_a_choice_is_saved_and_typed(browser: Page, sample_release: Path, tmp_path: Path) -> None:
    """Into the file of parameters, whose comments stay; and as commands whose parameters are these."""
    path = tmp_path / "parameters.yml"
    shutil.copy("conf/base/curate/parameters.yml", path)
    file = ParametersFile(path, str(path), {"missing_scores": "conf/local/parameters.yml"})
    with served(made_tables(), made_store(sample_release, tmp_path), parameters=file) as (address, settings):
        page = opened(browser, f"{address}/#token={settings.token}")
        slide(page, "edited_video", 8.5)
        page.until(f"{KEPT} === '0'")
        commands = []
        for button in ("copy", "copy-dvc"):
            page.run("document.getElementById('command').textContent = ''")
            page.run(f"document.getElementById('{button}').click()")
            commands.append(shlex.split(page.until("document.getElementById('command').textContent")))
        page.run("document.getElementById('save').click()")
        page.run("document.querySelector('dialog .primary').click()")
        told = page.until(
            "(({textContent: told}) => told.startsWith('Saved') && told)(document.getElementById('told'))"
        )
    assert "thresholds.edited_video: null -> 8.5" in told
    assert "conf/local/parameters.yml says otherwise of missing_scores" in told
    lines = Path("conf/base/curate/parameters.yml").read_text(encoding="utf-8").splitlines()
    saved = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line not in saved] == ["thresholds: {}"]
    assert [line.strip() for line in saved if line not in lines] == ["thresholds:", "edited_video: 8.5"]
    wanted = {
        each.name: 8.5 if each.name == "edited_video" else each.published_threshold for each in CRITERIA
    }
    run, experiment = commands
    assert run[:5] == ["kedro", "run", "--pipelines", "curate", "--params"]
    given = split_params(None, None, run[5])
    assert {name: float(value) for name, value in given["thresholds"].items()} == wanted
    assert experiment[:3] == ["dvc", "exp", "run"]
    for each, overrides in to_path_overrides(experiment[4::2]).items():
        apply_overrides(each, overrides)
    tried = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {name: float(value) for name, value in tried["thresholds"].items()} == wanted


def test_bounds_budget_and_what_nobody_knows(browser: Page, sample_release: Path, tmp_path: Path) -> None:
    """A bound and a budget move what comes out; a looser threshold says where its count is the least that it can be."""
    ids = [f"Sparkle_time_{number:06d}" for number in range(320)]
    by_stage = {each.stage: dict.fromkeys(ids, 9.0) for each in CRITERIA}
    tables = ExplorerTables(
        verdicts=apply_thresholds(known(*ids), scores(**by_stage), THRESHOLDS, "reject"),
        annotations=annotations(*(metadata(each, prompt="A", subtheme="dawn") for each in ids)),
        assets=pl.DataFrame({"id": ids * 2, "kind": ["source_video"] * 320 + ["edited_video"] * 320}),
        signals=pl.DataFrame({"id": ids, "error": None, "prompt_chars": list(range(320))}),
    )
    with served(tables, made_store(sample_release, tmp_path), params=declared()) as (address, _):
        page = opened(browser, address)
        fill(page, "Prompt chars at least", 300)
        page.until(
            "document.getElementById('lacking').textContent.startsWith('300 out of bounds · 20 exported')"
        )
        assert page.run(EXPORTED) == "\u2192 20 exported"
        fill(page, "The most pairs in all", 7)
        selection = "document.querySelector('[aria-label=Selection] .result').textContent"
        page.until(f"{selection}.startsWith('7 selected of 20 that could be exported')")
        page.until(f"{EXPORTED} === '\u2192 7 exported'")
        assert "13 not selected" in page.run("document.getElementById('lacking').textContent")
        tab(page, "selected")
        page.until(f"({SHOWN}).length === 7 && String({SHOWN}).startsWith('Sparkle_time_0003')")
        assert page.run(KEPT) == "320"
        slide(page, "edited_video", 7.0)
        page.until(f"{KEPT} === '≥ 320'")
        bar = "document.querySelector('.bar .count').textContent"
        assert page.run(bar) == "7 of 320"  # whatever a looser threshold would bring: a budget is what it is
        unknown = """[...document.querySelectorAll(".unknown")].map((each) => each.textContent).at(-1)"""
        assert page.run(unknown).startswith("Below 8 nothing is known:")
        again = page.until("location.hash.includes('t.edited_video=7&') && location.href")
        assert "select=" in again
        opened(page, again)
        page.until(f"{selection}.startsWith('7 selected of 20')")
        fill(page, "The most pairs in all", "")
        page.until(f"{bar} === 'at least 20 of 320' && {EXPORTED} === '\u2192 \u2265 20 exported'")


def test_commands_hold_bounds_and_quotas(page: Page, tmp_path: Path) -> None:
    """Whatever a group is called; both tools take them as they are typed."""
    path = tmp_path / "parameters.yml"
    shutil.copy("conf/base/curate/parameters.yml", path)
    before = yaml.safe_load(path.read_text(encoding="utf-8"))["selection"]
    quota = {"season/winter": 3, "time/golden hour": 2}
    bounds = {"prompt_chars": {"at_least": 4}}
    state = {
        "thresholds": {},
        "missing": "keep",
        "imputed": "auto",
        "bounds": bounds,
        "selection": {**before, "mode": "quota", "quota": quota, "balance": ["theme"]},
    }
    description = {
        "criteria": [],
        "run_options": [],
        "parameters_file": str(path),
        "signals": [{"name": "prompt_chars", "bounds": {}}],
        "selection": before,
    }
    run, experiment = page.run(
        f"""import("/static/state.js").then((made) => [made.command, made.experiment].map(
            (make) => make({json.dumps(state)}, {json.dumps(description)})))"""
    )
    given = split_params(None, None, shlex.split(run)[5])
    assert (given["selection"]["quota"], given["signal_bounds"]) == (quota, bounds)
    for each, overrides in to_path_overrides(shlex.split(experiment)[4::2]).items():
        apply_overrides(each, overrides)
    tried = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert (tried["selection"]["quota"], tried["signal_bounds"]) == (quota, bounds)
    assert tried["selection"]["balance"] == ["theme"]


def test_an_audit_is_blind(browser: Page, sample_release: Path, tmp_path: Path) -> None:
    """Pairs in the order of the sample, no score or verdict anywhere; each decision goes on to the next pair."""
    file = tmp_path / "overrides.csv"
    tables = replace(
        made_tables(), audit_sample=pl.DataFrame({"id": [IN_TAR, BROKEN], "stratum": ["1f", "2e"]})
    )
    file.write_bytes(format_overrides(frame(decision(IN_TAR, "bob", "drop", "blurred"))))
    store = made_store(sample_release, tmp_path)
    with served(tables, store, desk=DeskSettings(file, "ann")) as (address, settings):
        page = opened(browser, f"{address}/?blind=audit#token={settings.token}")
        shown = page.run("document.body.innerText")
        assert "Put a lighthouse behind her" in shown
        assert not re.search(r"kept|rejected|edited frame 0|8\.[05]|Sparkle_time", shown)
        seen = json.loads(asked(f"{address}/api/sample/{IN_TAR}?blind=yes")[2])
        assert set(seen) == {"id", "media", "boxes"}
        heard = json.loads(asked(f"{address}/api/decisions?blind=yes")[2])
        assert (heard["rows"], heard["annotators"], heard["dropped"], heard["alpha"]) == ([], [], [], None)
        page.run(
            """(() => { const read = Response.prototype.json; window.heard = "";
            Response.prototype.json = async function () {
                const said = await read.call(this); window.heard += JSON.stringify(said); return said; }; })()"""
        )
        page.key("k")
        page.until("document.querySelector('#detail h2').textContent === 'Pair 2 of 2'")
        assert '"keep"' in page.run("window.heard")
        assert not re.search("bob|blurred|outvoted", page.run("window.heard"))
        page.key("d")
        page.until("document.getElementById('told').textContent.startsWith('All are judged')")
        decided = parse_overrides(file.read_bytes(), where="").select("id", "decision").rows()
        assert decided == [(IN_TAR, "keep"), (IN_TAR, "drop"), (BROKEN, "drop")]
    with served(made_tables(), store) as (address, _):
        opened(browser, f"{address}/?blind=audit")
        assert "kedro run --pipelines audit" in browser.run("document.getElementById('detail').textContent")


def test_reasons_of_the_judge_are_searched(page: Page) -> None:
    """Where the box beside the search says so."""
    page.run(
        """(() => { const within = document.querySelector(".within"), search = document.querySelector(".search");
        within.value = "reasons"; within.dispatchEvent(new Event("change"));
        search.value = "fine HALO"; search.dispatchEvent(new Event("input")); })()"""
    )
    page.until(f"({SHOWN}).length === 1")
    assert page.run(SHOWN) == [IN_TAR]


def test_arrows_walk_through_the_list(page: Page) -> None:
    """Down and up, and what is chosen is shown."""
    first, second = page.until(f"!({SHOWN}).includes('…') && ({SHOWN}).slice(0, 2)")
    page.until(f"document.querySelector('#detail .id')?.textContent === '{first}'")
    page.key("ArrowDown")
    page.until(f"document.querySelector('#detail .id')?.textContent === '{second}'")
    page.key("ArrowUp")
    page.until(f"document.querySelector('#detail .id')?.textContent === '{first}'")


def test_a_pair_plays_together(page: Page) -> None:
    """Out of tars: both move, both stop, a step and the seek bar move both."""
    choose(page, IN_TAR)
    page.until("[...document.querySelectorAll('video')].every((each) => each.readyState >= 2)")
    page.key(" ")
    page.until(f"({TIMES}).every((each) => each > 0.4)")
    choose(page, IN_TAR)  # which is shown already, so it plays on
    assert page.run(
        "[...document.querySelectorAll('video')].every((each) => !each.paused && each.currentTime > 0.4)"
    )
    page.key(" ")
    page.until("[...document.querySelectorAll('video')].every((each) => each.paused && !each.seeking)")
    source, edited = page.run(TIMES)
    assert abs(source - edited) < 0.1
    page.run(
        """(() => { const seek = document.querySelector(".seek");
        seek.value = "1.5"; seek.dispatchEvent(new Event("input")); })()"""
    )
    page.until(f"({TIMES}).every((each) => each === 1.5)")
    page.key("ArrowRight")
    page.until(f"({TIMES}).every((each) => each > 1.5 && each < 1.62)")


def test_a_page_at_rest_asks_for_nothing(page: Page) -> None:
    """No frame and no request after a pair was played; and what plays stops where nobody sees it."""
    playing = "[...document.querySelectorAll('video')].some((each) => !each.paused)"
    choose(page, IN_TAR)
    page.until("[...document.querySelectorAll('video')].every((each) => each.readyState >= 2)")
    page.key(" ")
    page.until(f"({TIMES}).every((each) => each > 0.1)")
    page.run(
        """Object.defineProperty(document, "hidden", { value: true, configurable: true }),
        document.dispatchEvent(new Event("visibilitychange"))"""
    )
    page.until(f"!({playing}) && document.querySelector('[aria-label=Play]')")
    time.sleep(0.3)  # the seek of the pause
    page.run(
        """(() => {
        window.asked = 0;
        const count = (of, name) => {
            const does = of[name];
            of[name] = function (...all) { window.asked += 1; return does.apply(this, all); };
        };
        for (const name of ["requestAnimationFrame", "setTimeout", "fetch"]) count(window, name);
        count(HTMLVideoElement.prototype, "requestVideoFrameCallback");
        })()"""
    )
    time.sleep(0.4)
    assert page.run("window.asked") == 0


def test_mask_and_boxes_lie_over_the_videos(page: Page) -> None:
    """Pale outside the mask and clear inside it, a box where it was found; nothing where the release has none."""
    choose(page, WHOLE)
    page.until("[...document.querySelectorAll('video')].every((each) => each.readyState >= 2)")
    at = """((place, x, y) => { const canvas = document.querySelectorAll(".pair canvas")[place];
        return [...canvas.getContext("2d").getImageData(canvas.width * x, canvas.height * y, 1, 1).data]; })"""
    page.run("document.getElementById('show-mask').click()")
    assert page.until(f"(([r, g, b, a]) => a > 100 && [r, g, b])({at}(1, 0.1, 0.5))") == [255, 255, 255]
    assert page.run(f"{at}(1, 0.5, 0.5)")[3] == 0
    page.run("document.getElementById('show-mask').click(), document.getElementById('show-boxes').click()")
    page.until(f"{at}(0, 0.25, 0.5)[3] > 0")  # the left edge of the box of the second round
    assert page.run(f"{at}(1, 0.25, 0.5)")[3] == 0
    choose(page, IN_TAR)
    page.until(
        "document.getElementById('show-mask').disabled && document.getElementById('show-boxes').disabled"
    )


def test_what_cannot_be_played_says_why(page: Page) -> None:
    """A broken clip beside a good one; a sample without any."""
    choose(page, BROKEN)
    said = "[...document.querySelectorAll('.pair .empty')].map((each) => each.textContent)"
    page.until(f"({said})[1] === 'the browser cannot play edited_video'")
    assert page.run(said)[0] == ""
    choose(page, ALONE)
    page.until(f"({said})[0] === 'no source_video in the available release'")
    assert page.run("document.querySelector('.seek').disabled") is True
    assert "null" not in page.run("document.getElementById('detail').textContent")


def test_text_of_the_release_is_text(page: Page) -> None:
    """HTML in prompt, keyword and reasons is shown and not run."""
    choose(page, WHOLE)
    page.until("document.querySelector('#detail .prompt')")
    assert page.run("document.querySelector('#detail .prompt').textContent") == HOSTILE
    choose(page, IN_TAR)
    page.until("document.querySelector('.reason')")
    assert "A halo. <i>Fine.</i>" in page.run("document.querySelector('.reason').textContent")
    assert page.run("document.querySelectorAll('main b b, main i i, main u, img[src=x]').length") == 0
    assert page.run("document.title") != "run"


def test_the_loader_is_asked(page: Page) -> None:
    """A pair that it refuses is in the tab of unloadable ones, with the reason."""
    tab(page, "unloadable")
    choose(page, IN_TAR)
    assert "source_video: 3 frames" in page.until(
        "document.querySelector('[aria-label=Loader]')?.textContent"
    )


def test_every_control_has_a_name(page: Page, tmp_path: Path) -> None:
    """For a screen reader; and the page fits, light and dark, into a small and a large window."""
    nameless = """[...document.querySelectorAll("button, input, select, video, img")].filter((each) =>
        !each.getAttribute("aria-label") && !each.textContent.trim() && !each.labels?.length && !each.alt).length"""
    choose(page, WHOLE)
    assert page.run(nameless) == 0
    for size in ((1280, 800), (2560, 1440)):
        page.picture(tmp_path / "page.png", size, is_dark=size[0] > 2000)
        wide = "[...document.querySelectorAll('main > section')].every((each) => each.scrollWidth <= each.clientWidth + 1)"
        assert page.run(wide), size
        assert page.run("document.documentElement.scrollHeight <= innerHeight"), size
    page.resize((1280, 800))
