"""The browser's rule is the pipeline's: the same samples at any thresholds and policies."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from tests.live_browser import Page
from tests.made.media import file, media
from tests.made.overrides import decision, frame
from tests.made.tables import annotations, assets, csv_row, metadata, scores, table

from sparkle_curation.explorer.data import ExplorerTables, read_samples
from sparkle_curation.explorer.exporting import look_beyond_kept, mark
from sparkle_curation.filtering.choices import ExportScope, settle_imputed_scores
from sparkle_curation.filtering.overrides.applying import apply_overrides
from sparkle_curation.filtering.signal_bounds import find_out_of_bounds
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES
from sparkle_curation.spec.tables.signals import SIGNALS
from sparkle_curation.spec.tables.verdicts import imputed_column
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.curation.params import FilterParams

ROWS, CHOICES = 300, 60

_APPLY = """(async () => {
  const rule = await import("/static/rule.js");
  const description = %s;
  const bytes = Uint8Array.from(atob("%s"), (each) => each.charCodeAt(0));
  const samples = rule.unpack(bytes.buffer, description);
  const exportable = Uint8Array.from(atob("%s"), (each) => each.charCodeAt(0));
  rule.takeExportable(samples, exportable.buffer);
  const kept = new Uint8Array(samples.count);
  const out = new Uint8Array(samples.count);
  return %s.map((choice) => {
    rule.outOfBounds(samples, description.signals, choice.bounds ?? {}, choice.missing_signals, out);
    samples.override = choice.override ? Uint8Array.from(choice.override) : null;
    rule.applyThresholds(samples, description.criteria, choice, kept);
    samples.out = out;
    const { total, themes } = rule.count(samples, kept, description);
    return { out: [...out], kept: [...kept], total, themes: [...themes.kept], exported: [...samples.exported] };
  });
})()"""


def random_tables(draw: random.Random) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    """Known samples, some with imputed scores, and their scores: many at the same values, some absent, some no number."""
    ids = [str(SampleId(draw.choice(THEMES), number)) for number in range(ROWS)]
    values = [7.9, 8.0, 8.5, 8.4999999999999, 9.0, None, float("nan"), 0.0, 10.0]
    by_stage = {
        each.stage: {name: draw.choice([*values, draw.uniform(0, 10)]) for name in ids} for each in CRITERIA
    }
    known = pl.DataFrame({"id": ids, "theme": [name.split("_")[1] for name in ids], "is_released": True})
    return known.with_columns(
        pl.Series(imputed_column(each), [draw.random() < 0.2 for _ in ids]) for each in CRITERIA
    ), scores(**by_stage)


def random_choice(draw: random.Random) -> dict[str, Any]:
    """Thresholds, often equal to scores or to the published ones, and policies."""
    if draw.random() < 0.2:
        thresholds = {each.name: each.published_threshold for each in CRITERIA}
    else:
        thresholds = {each.name: draw.choice([7.9, 8.0, 8.5, 9.0, draw.uniform(0, 10)]) for each in CRITERIA}
    return {
        "thresholds": thresholds,
        "missing": draw.choice(["keep", "reject"]),
        "imputed": draw.choice(["auto", "keep", "reject"]),
    }


def of_pipeline(
    known: pl.DataFrame, by_stage: dict[str, pl.DataFrame], choice: dict[str, Any]
) -> pl.DataFrame:
    """The verdicts of a choice."""
    imputed = settle_imputed_scores(choice["imputed"], choice["thresholds"]).used
    return apply_thresholds(known, by_stage, choice["thresholds"], choice["missing"], imputed)


def with_decisions(verdicts: pl.DataFrame, choice: dict[str, Any]) -> pl.DataFrame:
    """The verdicts with the decisions of a choice over them: 1 keeps, 2 drops."""
    decided = zip(verdicts["id"], choice.get("override", ()), strict=False)
    rows = [decision(name, "ann", "keep" if way == 1 else "drop") for name, way in decided if way]
    unbound = pl.DataFrame(schema={"id": pl.String, "bound_to": pl.String})
    return apply_overrides(verdicts, frame(*rows), "any_drop", lambda _: unbound).verdicts


def told_by_browser(
    browser: Page, explorer: str, tables: ExplorerTables, choices: list[dict[str, Any]], **changes: Any
) -> Any:
    """What the module of the page makes of the blob that the server would send."""
    samples = read_samples(tables)
    described = samples.description
    described["criteria"] = [{**each, **changes} for each in described["criteria"]]
    browser.open(f"{explorer}/static/rule.js")
    browser.until("document.readyState === 'complete' && location.protocol === 'http:'")
    blob = base64.b64encode(samples.blob).decode()
    exportable = base64.b64encode(mark(tables).blob).decode()
    return browser.run(_APPLY % (json.dumps(described), blob, exportable, json.dumps(choices)))


def test_the_browser_keeps_what_the_pipeline_keeps(explorer: str, browser: Page) -> None:
    """Sample by sample, and in the counts by theme; half of the time with decisions by hand."""
    draw = random.Random(15)  # noqa: S311
    known, by_stage = random_tables(draw)
    choices = [random_choice(draw) for _ in range(CHOICES)]
    for each in choices[: CHOICES // 2]:
        each["override"] = draw.choices([0, 1, 2], [8, 1, 1], k=ROWS)
    verdicts = [with_decisions(of_pipeline(known, by_stage, each), each) for each in choices]
    tables = ExplorerTables(
        verdicts[0], pl.DataFrame({"id": known["id"], "prompt": "", "chosen_keyword": "", "subtheme": ""})
    )
    told = told_by_browser(browser, explorer, tables, choices)
    themes = [each["name"] for each in read_samples(tables).description["themes"]]
    for verdict, browsers in zip(verdicts, told, strict=True):
        assert browsers["kept"] == verdict["is_kept"].cast(pl.UInt8).to_list()
        assert browsers["total"]["kept"] == verdict["is_kept"].sum()
        by_theme = [verdict.filter(pl.col("theme") == theme)["is_kept"].sum() for theme in themes]
        assert browsers["themes"] == by_theme
    assert len({tuple(each["kept"]) for each in told}) > CHOICES // 2


def test_the_browser_exports_what_the_pipeline_exports(explorer: str, browser: Page) -> None:
    """Sample by sample and reason by reason, by hand or by scores: without prompt or video, unloadable, out of bounds."""
    draw = random.Random(16)  # noqa: S311
    known, by_stage = random_tables(draw)
    ids, is_released = known["id"].to_list(), [draw.random() < 0.3 for _ in range(ROWS)]
    known = known.with_columns(pl.Series("is_released", is_released))
    told_of = [
        csv_row(name, 2 + at) if released else metadata(name, prompt=draw.choice([None, "A", "B"]))
        for at, (name, released) in enumerate(zip(ids, is_released, strict=True))
        if released or draw.random() < 0.8  # of the others the scores know the prompt
    ]
    groundings = {name: table(name) for name in GROUNDING_TABLES}
    pairs = ("source_video", "edited_video")
    clips = [(name, kind) for name in ids for kind in pairs if draw.random() < 0.9]
    faults: list[dict[str, Any]] = [{}, {}, {"frame_count": 0, "error": "no_frames"}, {"width_px": 640}]
    signals = known.select("id", pl.lit(None, pl.String).alias("error")).with_columns(
        pl.Series("prompt_chars", [draw.choice([None, 1.0, 2.0]) for _ in ids])
    )
    choices = [
        {
            **random_choice(draw),
            "override": draw.choices([0, 1, 2], [2, 2, 1], k=ROWS),
            "bounds": {"prompt_chars": {"at_least": 2.0}} if number % 2 else {},
            "missing_signals": "reject",
        }
        for number in range(6)
    ]
    verdicts = [with_decisions(of_pipeline(known, by_stage, each), each) for each in choices]
    tables = ExplorerTables(
        verdicts[0],
        annotations(*told_of),
        assets=assets(*clips),
        media=media(*(file(*each, **draw.choice(faults)) for each in clips)),
        signals=signals,
        scores=by_stage,
        groundings=groundings,
    )
    params = FilterParams.model_validate(
        yaml.safe_load(Path("conf/base/curate/parameters.yml").read_text("utf-8"))
    )
    tables = look_beyond_kept(tables, params.model_copy(update={"themes": list(THEMES[:-1])}))
    told = told_by_browser(browser, explorer, tables, choices)
    reasons = set()
    for choice, verdict, browsers in zip(choices, verdicts, told, strict=True):
        kept = verdict.filter("is_kept")
        scope = ExportScope(None, list(THEMES[:-1]), choice["bounds"], "reject")
        prompts = steps.look_up_prompts(kept, tables.annotations, *by_stage.values(), *groundings.values())
        candidates, lacking = steps.compose_variant(
            kept, tables.annotations, prompts, tables.assets, scope, signals
        )
        loadable, dropped, _ = steps.drop_unloadable(
            candidates, check_pairs(candidates, tables.media, params.preflight)
        )
        assert browsers["exported"] == known["id"].is_in(loadable["id"].implode()).cast(pl.UInt8).to_list()
        counts = dict(lacking.group_by("reason").len().iter_rows()) | {"unloadable": dropped.height}
        assert browsers["total"]["lacking"] == counts
        assert browsers["total"]["exported"] == kept.height - sum(counts.values())
        reasons |= set(counts)
    assert reasons == {"theme", "signal", "no_prompt", "no_source_video", "no_edited_video", "unloadable"}


def test_bounds_on_signals_leave_out_whom_the_pipeline_leaves_out(explorer: str, browser: Page) -> None:
    """Values at a bound, and absent ones by the policy."""
    draw = random.Random(8)  # noqa: S311
    known, by_stage = random_tables(draw)
    verdicts = apply_thresholds(known, by_stage, {each.name: 8.0 for each in CRITERIA}, "keep")
    signals = known.select("id", pl.lit(None, pl.String).alias("error")).with_columns(
        pl.Series(each.name, [draw.choice([None, 1.0, 2.0, draw.uniform(0, 3)]) for _ in known["id"]])
        for each in SIGNALS
    )
    names = [SIGNALS[0].name, SIGNALS[-1].name]
    choices = [
        {
            "bounds": {names[0]: {"at_least": 1.0}, names[1]: {"at_least": 0.5, "at_most": 2.0}},
            "missing_signals": missing,
            **random_choice(draw),
        }
        for missing in ("keep", "reject")
    ]
    texts = pl.DataFrame({"id": known["id"], "prompt": "", "chosen_keyword": "", "subtheme": ""})
    told = told_by_browser(browser, explorer, ExplorerTables(verdicts, texts, signals=signals), choices)
    for choice, browsers in zip(choices, told, strict=True):
        left_out = find_out_of_bounds(known, signals, choice["bounds"], choice["missing_signals"])
        assert browsers["out"] == known["id"].is_in(left_out["id"].implode()).cast(pl.UInt8).to_list()
        assert 0 < sum(browsers["out"]) < ROWS


def test_an_upper_bound_keeps_what_lies_below(explorer: str, browser: Page) -> None:
    """Criteria of a description whose direction is the other one; a value at the bound is kept."""
    known, by_stage = random_tables(random.Random(3))  # noqa: S311
    verdicts = apply_thresholds(known, by_stage, {each.name: 8.0 for each in CRITERIA}, "keep")
    tables = ExplorerTables(
        verdicts, pl.DataFrame({"id": known["id"], "prompt": "", "chosen_keyword": "", "subtheme": ""})
    )
    choice = {"thresholds": {each.name: 8.5 for each in CRITERIA}, "missing": "keep", "imputed": "keep"}
    told = told_by_browser(browser, explorer, tables, [choice], is_at_least=False)
    upper = [replace(each, is_at_least=False) for each in CRITERIA]
    is_kept = [
        all(
            row[f"{each.name}_score"] is None or each.is_met(row[f"{each.name}_score"], 8.5) for each in upper
        )
        for row in verdicts.to_dicts()
    ]
    assert told[0]["kept"] == list(map(int, is_kept))
