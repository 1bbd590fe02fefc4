"""The filter pipeline, run by Kedro on small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.made.media import clips, media
from tests.made.overrides import decision
from tests.made.overrides import frame as overrides_frame
from tests.made.scores import NO_SCORE, frame, videos
from tests.made.tables import assets, csv_row, metadata, same_scores, table

from sparkle_curation.datasets import AssetStoreDataset, FigureDataset, PageDataset, TableSchemaValidator
from sparkle_curation.datasets.reports.report_datasets import MetricsJSONDataset, ReportCSVDataset
from sparkle_curation.datasets.tables.table_before_dataset import TableBeforeDataset
from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset, VariantThemesDataset
from sparkle_curation.errors import ReleaseError, StaleTableError
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.signal_bounds import SignalBoundsModel
from sparkle_curation.filtering.thresholds import Thresholds
from sparkle_curation.hooks.run_summary import describe_settings
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.pipelines.filter.pipeline import create_pipeline
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.record import read_record
from sparkle_curation.variant.split import SplitParams

GOOD, LOW, EXTRA = "Sparkle_style_000001", "Sparkle_style_000002", "Sparkle_style_000003"
LEVELS = {GOOD: 9.0, LOW: 8.2, EXTRA: 9.5}


def benchmark_tables(leaking: Sequence[str]) -> dict[str, pl.DataFrame]:
    """What a benchmark shares with the release; without columns where nothing leaks, as where none was ingested."""
    if not leaking:
        return {"bench_leakage": pl.DataFrame(), "bench_comparison": pl.DataFrame()}
    counts = {"bench_count": 24, "bench_compared_count": 24, "release_count": 3, "release_compared_count": 2}
    likeness = "near_duplicate"
    return {
        "bench_leakage": pl.DataFrame(
            {"release_id": leaking, "sample_id": "Sparkle_time_000009", "likeness": likeness}
        ),
        "bench_comparison": pl.DataFrame(
            [{"benchmark": "made", "likeness": likeness, **counts, "release_leaking_count": len(leaking)}]
        ),
    }


def make_catalog(
    folder: Path,
    *,
    missing_scores: str = "reject",
    imputed_scores: str = "keep",
    themes: list[str] | None = None,
    is_scored: bool = True,
    video_scores: pl.DataFrame | None = None,
    good_clips: pl.DataFrame | None = None,
    preflight: Mapping[str, Any] | None = None,
    split: SplitParams | None = None,
    overrides: Sequence[Mapping[str, str]] = (),
    selection: SelectionParams | None = None,
    leaking: Sequence[str] = (),
    leakage: str = "drop",
    ledger: Sequence[Mapping[str, Any]] | None = None,
) -> DataCatalog:
    """A catalog with two released samples and one that only the scores and assets know."""
    rows = [csv_row(GOOD, 2, prompt="NA") | metadata(GOOD), csv_row(LOW, 3)]
    scores = same_scores(LEVELS if is_scored else {})
    tables = {
        "annotations": table("annotations", rows),
        **{stage.table: scores[stage.name] for stage in STAGES},
        **({} if video_scores is None else {"edited_video_scores": video_scores}),
        "grounding_r1": table("grounding_r1"),
        "grounding_r2": table("grounding_r2"),
        "assets": assets((EXTRA, "source_video"), (EXTRA, "edited_video")),
        "assets_source_files": pl.DataFrame(schema={"path": pl.String}),
        "made_media_asked_for": pl.LazyFrame(),
        "media": media(clips(GOOD) if good_clips is None else good_clips, clips(LOW), clips(EXTRA)),
        "sample_groups": pl.DataFrame(),
        "signals": pl.DataFrame(),
        **benchmark_tables(leaking),
        "audit_sample": pl.DataFrame(schema={"id": pl.String, "stratum": pl.String}),
        **{f"rescored_{stage.table}": pl.DataFrame() for stage in STAGES},
    }
    paths: dict[str, Any] = {
        **{
            name: TableDataset(filepath=str(folder / f"{name}.parquet"))
            for name in ("score_faults", "score_audit", "verdicts", "preflight")
        },
        "score_faults_before": TableBeforeDataset(filepath=str(folder / "score_faults.parquet")),
        "variant_samples": KiwiEditDataset(filepath=str(folder / "variant")),
        "variant_themes_before": VariantThemesDataset(filepath=str(folder / "variant")),
        "samples_not_exported": ReportCSVDataset(filepath=str(folder / "samples_not_exported.csv")),
        "prompt_warnings": ReportCSVDataset(
            filepath=str(folder / "prompt_warnings.csv"), text_columns=["prompt"]
        ),
        **{
            name: ReportCSVDataset(filepath=str(folder / f"{name}.csv"))
            for name in ("preflight_dropped", "preflight_warnings")
        },
        "curation_metrics": MetricsJSONDataset(filepath=str(folder / "curation_metrics.json")),
        "funnel": ReportCSVDataset(filepath=str(folder / "funnel.csv")),
        "funnel_table": ReportCSVDataset(filepath=str(folder / "funnel_table.csv")),
    }
    params = {
        "params:threshold": MemoryDataset(None),
        "params:thresholds": MemoryDataset(
            Thresholds(edited_frame0=8.0, foreground_removed=8.5, edited_video=8.0)
        ),
        "params:missing_scores": MemoryDataset(missing_scores),
        "params:imputed_scores": MemoryDataset(imputed_scores),
        "params:preflight": MemoryDataset(
            PreflightParams(**({"unloadable_pairs": "drop"} | dict(preflight or {})))
        ),
        "params:score_source": MemoryDataset("released"),
        "params:allow_empty": MemoryDataset(data=False),
        "params:licence_allow": MemoryDataset(None),
        "params:themes": MemoryDataset(themes),
        "params:signal_bounds": MemoryDataset(None),
        "params:missing_signals": MemoryDataset("keep"),
        "params:selection": MemoryDataset(selection or SelectionParams()),
        "params:override_rule": MemoryDataset("any_drop"),
        "params:benchmark_leakage": MemoryDataset(leakage),
        "overrides": MemoryDataset(overrides_frame(*overrides)),
        "bench_ledger_before": MemoryDataset(ledger),
        "params:split": MemoryDataset(split or SplitParams()),
        "score_fingerprints": MemoryDataset({"edited_video_scores": "one"}),
        "code_version": MemoryDataset(CodeVersion("0f1e", is_dirty=False)),
        "asset_store": AssetStoreDataset(path=str(folder), assets=str(folder / "no_assets.parquet")),
        "variant_page": PageDataset(filepath=str(folder / "variant.html")),
        "data_version": MemoryDataset(DataVersion("ab12", 3, 40, 500)),
    }
    return DataCatalog(
        {**{name: MemoryDataset(frame.lazy()) for name, frame in tables.items()}, **paths, **params}
    )


def test_decisions_by_hand_are_counted_and_told(tmp_path: Path) -> None:
    """One dropped and one kept by hand: verdicts, metrics, funnel, card and record say so, and the sums hold."""
    decided = [decision(GOOD, "ann", "drop", "halo"), decision(LOW, "ann", "keep")]
    catalog = make_catalog(tmp_path, overrides=decided)
    listed = SequentialRunner().run(create_pipeline(), catalog)["overrides_listed"].load()
    assert listed.select("id", "effect").rows() == [(GOOD, "dropped"), (LOW, "kept")]
    metrics = catalog.load("curation_metrics")
    assert metrics["total"]["by_hand"] == {"dropped": 1, "kept": 1}
    assert (metrics["total"]["kept"], metrics["total"]["exported"]) == (2, 2)
    assert metrics["overrides"]["decisions"] == 2
    total = catalog.load("funnel_table").row(-1, named=True)
    assert (total["hand_dropped"], total["hand_kept"]) == (1, 1)
    card = (tmp_path / "variant" / "README.md").read_text(encoding="utf-8")
    assert "1 samples that pass were dropped and 1 others kept: 2 decisions of 1 people" in card
    assert "override_rule=any_drop" in card
    facts = read_record((tmp_path / "variant" / "variant.json").read_text(), where="here")
    assert facts.overrides["unbound"] == 2
    verdicts = catalog.load("verdicts").collect()
    assert verdicts.filter(pl.col("id") == GOOD)["override_reason"].to_list() == ["ann: halo"]


@pytest.mark.parametrize("policy", ["drop", "keep"])
def test_what_a_benchmark_shares_is_left_out_unless_it_is_kept(policy: str, tmp_path: Path) -> None:
    """Verdicts, report, metrics, funnel, card and record say so; what could not be compared is said; the sums hold."""
    catalog = make_catalog(tmp_path, leaking=[GOOD], leakage=policy)
    SequentialRunner().run(create_pipeline(), catalog)
    verdicts = dict(catalog.load("verdicts").collect().select("id", "benchmark_leak").rows())
    assert verdicts == {GOOD: "near_duplicate of Sparkle_time_000009", LOW: None, EXTRA: None}
    metrics, card = catalog.load("curation_metrics"), (tmp_path / "variant" / "README.md").read_text("utf-8")
    total = catalog.load("funnel_table").row(-1, named=True)
    assert f"benchmark_leakage={policy}" in card
    assert "Not compared with it: near_duplicate of 1 of 3 samples." in card
    assert "kedro run --pipelines bench_ingest --params bench_root=/path/to/benchmark" in card
    if policy == "drop":
        assert catalog.load("samples_not_exported").rows() == [
            (GOOD, "style", "benchmark_leak", "near_duplicate of Sparkle_time_000009")
        ]
        assert (total["benchmark_leaks"], total["exported"]) == (1, 1)
        assert metrics["total"]["benchmark_leaks"] == 1
        assert "1 samples that are alike to one of the benchmark made were left out" in card
    else:
        assert (total["leaking"], total["exported"]) == (1, 2)
        assert metrics["total"]["leaking"] == 1
        assert "**Warning: 1 of these samples are alike to one of the benchmark made**" in card
    facts = read_record((tmp_path / "variant" / "variant.json").read_text(), where="here")
    assert facts.benchmark == metrics["benchmark"]


def test_a_variant_made_after_others_were_evaluated_says_so(tmp_path: Path) -> None:
    """On its card, in its record and in the metrics; without a ledger the card of a compared benchmark says unknown."""
    other = {"thresholds": {"edited_video": 9.0}, "missing_scores": "reject", "imputed_scores": "keep"}
    entry = {"bench": {"name": "made"}, "variant": {**other, "settings": {}}, "tuned_on_bench": "no"}
    catalog = make_catalog(tmp_path / "tuned", leaking=[GOOD], ledger=[entry])
    SequentialRunner().run(create_pipeline(), catalog)
    card = (tmp_path / "tuned" / "variant" / "README.md").read_text("utf-8")
    assert "**Tuned on the benchmark made (`tuned_on_bench: yes`):**" in card
    facts = read_record((tmp_path / "tuned" / "variant" / "variant.json").read_text(), where="here")
    metrics = catalog.load("curation_metrics")
    assert facts.tuned_on_bench == metrics["tuned_on_bench"] == {"made": "yes"}
    told = describe_settings(metrics, {})
    assert told["tuned_on_bench"] == "made: yes"
    # What was evaluated by these very settings keeps what was said then.
    own = {"thresholds": facts.thresholds, "missing_scores": "reject", "imputed_scores": "keep"}
    again = {**entry, "variant": {**own, "settings": facts.settings}}
    catalog = make_catalog(tmp_path / "first", leaking=[GOOD], ledger=[again, entry])
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("curation_metrics")["tuned_on_bench"] == {"made": "no"}
    catalog = make_catalog(tmp_path / "none", leaking=[GOOD])
    SequentialRunner().run(create_pipeline(), catalog)
    card = (tmp_path / "none" / "variant" / "README.md").read_text("utf-8")
    assert "Whether it was tuned on the benchmark made is unknown" in card
    assert "tuned_on_bench" not in catalog.load("curation_metrics")


def test_a_selection_is_counted_and_told(tmp_path: Path) -> None:
    """The best of the group is taken, the other has its reason, and the sums hold."""
    catalog = make_catalog(tmp_path, selection=SelectionParams(budget=1))
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("samples_not_exported").rows() == [
        (GOOD, "style", "not_selected", "budget=1: 1 of 2 in style/none are taken, it is number 2")
    ]
    metrics = catalog.load("curation_metrics")
    assert (metrics["total"]["not_selected"], metrics["total"]["exported"]) == (1, 1)
    assert metrics["selection"]["budget"] == 1
    assert catalog.load("funnel_table").row(-1, named=True)["not_selected"] == 1
    card = (tmp_path / "variant" / "README.md").read_text(encoding="utf-8")
    assert "1 were not selected: budget 1; even by theme subtheme" in card
    assert "selection.budget=1" in card


def test_a_hand_kept_pair_does_not_pass_the_preflight(tmp_path: Path) -> None:
    """What the loader would replace is dropped, whoever wants to keep it."""
    broken = clips(GOOD).with_columns(pl.lit("truncated").alias("error"))
    catalog = make_catalog(tmp_path, good_clips=broken, overrides=[decision(GOOD, "ann", "keep")])
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("preflight_dropped")["id"].to_list() == [GOOD]
    assert GOOD not in (tmp_path / "variant" / "prompts" / "style_train.csv").read_text()


def test_a_run_exports_the_kept_samples_and_counts_them(tmp_path: Path) -> None:
    """From tables to the training CSV, its metadata, the warnings and the metrics."""
    catalog = make_catalog(tmp_path)
    SequentialRunner().run(create_pipeline(), catalog)
    assert (tmp_path / "variant" / "prompts" / "style_train.csv").read_text() == (
        "prompt,src_video,tgt_video,task\n"
        f"NA,style/source_video/{GOOD}.mp4,style/edited_video/{GOOD}.mp4,{GOOD}\n"
        f"edited_frame0 of {EXTRA},style/source_video/{EXTRA}.mp4,style/edited_video/{EXTRA}.mp4,{EXTRA}\n"
    )
    assert (tmp_path / "variant" / "prompts" / "style_train_metadata.jsonl").read_text() == (
        f'{{"id": "{GOOD}", "prompt": "NA", "metadata": '
        '{"edit_type": "style", "original_scene": "A cobblestone street"}}\n'
    )
    assert sorted(path.name for path in (tmp_path / "variant" / "prompts").iterdir()) == [
        "style_train.csv",
        "style_train_metadata.jsonl",
    ]
    card = (tmp_path / "variant" / "README.md").read_text(encoding="utf-8")
    assert "| style | 3 | 3 | 2 | 2 | 2 |" in card
    assert "git checkout 0f1e" in card
    assert "version `ab12`" in card
    metrics = catalog.load("curation_metrics")["total"]
    assert (metrics["known"], metrics["kept"], metrics["exported"]) == (3, 2, 2)
    assert metrics["agreement"] == {"released": 2, "missing": 1, "extra": 1}
    assert metrics["preflight"]["reasons"] == {"prompt_read_as_nan": 1}
    assert catalog.load("preflight_warnings").select("id", "reasons").rows() == [(GOOD, "prompt_read_as_nan")]
    assert catalog.load("preflight_dropped").is_empty()
    assert catalog.load("prompt_warnings")["id"].to_list() == [GOOD]
    assert catalog.load("samples_not_exported").is_empty()
    assert catalog.load("funnel_table").filter(pl.col("theme") == "total")["exported"].to_list() == [2]


def test_a_run_says_what_other_thresholds_would_keep(tmp_path: Path) -> None:
    """The sweep under the run's policies, its figure and the funnel's; at the run's thresholds, what it kept."""
    catalog = make_catalog(tmp_path)
    for name in ("threshold_sweep", "threshold_surface"):
        catalog[name] = TableDataset(filepath=str(tmp_path / f"{name}.parquet"))
    for name in ("threshold_sweep_figure", "funnel_figure"):
        catalog[name] = FigureDataset(filepath=str(tmp_path / f"{name}.json"))
    SequentialRunner().run(create_pipeline(), catalog)
    surface = catalog.load("threshold_surface").collect()
    TableSchemaValidator(table="threshold_surface").validate(surface)
    here = {
        "edited_frame0_threshold": 8.0,
        "foreground_removed_threshold": 8.5,
        "edited_video_threshold": 8.0,
    }
    kept = surface.filter(theme="total", **here)["surviving"]
    assert kept.to_list() == [2]
    sweep = catalog.load("threshold_sweep").collect()
    assert sweep.filter(theme="style", stage="edited_video", threshold=8.2)["surviving"].to_list() == [3]
    assert len(catalog["threshold_sweep_figure"].preview()["data"]) > len(STAGES)
    assert [one["name"] for one in catalog["funnel_figure"].preview()["data"]] == ["style"]


def test_a_release_without_scores_stops_before_anything_is_exported(tmp_path: Path) -> None:
    """The default policy asks for the files; nothing is written."""
    with pytest.raises(ReleaseError, match=r"intermediate_data/style/edited_video_score\.jsonl"):
        SequentialRunner().run(create_pipeline(), make_catalog(tmp_path, is_scored=False))
    assert not list(tmp_path.iterdir())


def test_a_release_without_scores_is_exported_whole_when_it_shall(tmp_path: Path) -> None:
    """With `missing_scores: keep`, the CSV's samples are all exported; the third has no prompt anywhere."""
    catalog = make_catalog(tmp_path, missing_scores="keep", is_scored=False)
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("variant_samples")["id"].to_list() == [GOOD, LOW]
    assert catalog.load("samples_not_exported").select("id", "reason").rows() == [(EXTRA, "no_prompt")]


@pytest.mark.parametrize(("unloadable_pairs", "exported"), [("drop", [EXTRA]), ("keep", [GOOD, EXTRA])])
def test_a_pair_that_does_not_load_is_dropped_and_counted(
    tmp_path: Path, unloadable_pairs: str, exported: list[str]
) -> None:
    """By default the variant goes without it; else it is exported, and listed all the same."""
    cut = clips(GOOD).with_columns(pl.when(kind="edited_video").then(pl.lit("truncated")).alias("error"))
    catalog = make_catalog(tmp_path, good_clips=cut, preflight={"unloadable_pairs": unloadable_pairs})
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("variant_samples")["id"].to_list() == exported
    metrics = catalog.load("curation_metrics")
    assert metrics["preflight"]["unloadable_pairs"] == unloadable_pairs
    assert (metrics["total"]["exported"], metrics["total"]["preflight"]["refused"]) == (len(exported), 1)
    assert metrics["total"]["preflight"]["dropped"] == 2 - len(exported)
    assert catalog.load("preflight_dropped").height == 2 - len(exported)
    assert (
        catalog.load("prompt_warnings").height == len(exported) - 1
    )  # the prompt of the dropped one trains nobody
    preflight = pl.read_parquet(tmp_path / "preflight.parquet")
    assert preflight.filter(id=GOOD)["reasons"].to_list() == [["doubtful_file", "prompt_read_as_nan"]]


def test_the_loader_is_reported_what_it_will_be_run_with(tmp_path: Path) -> None:
    """With fewer frames and one forced size, clips that differ load alike."""
    longer = clips(GOOD).with_columns(
        pl.when(kind="source_video").then(pl.lit(77, pl.Int32)).otherwise("frame_count").alias("frame_count"),
        pl.when(kind="source_video").then(pl.lit(640, pl.Int32)).otherwise("width_px").alias("width_px"),
    )
    settings = {"num_frames": 69, "height": 480, "width": 832}
    catalog = make_catalog(tmp_path, good_clips=longer, preflight=settings)
    SequentialRunner().run(create_pipeline(), catalog)
    preflight = pl.read_parquet(tmp_path / "preflight.parquet").filter(id=GOOD)
    assert preflight["reasons"].to_list() == [["prompt_read_as_nan", "unequal_frame_counts", "unequal_sizes"]]
    loaded = preflight.select(pl.col("^source_loaded_.*$")).row(0)
    assert loaded == (69, 832, 480)


def test_a_release_without_videos_is_exported_and_said_to_be_unseen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the CSVs were downloaded: nothing is dropped, and the log and the counts say that nothing was looked at."""
    catalog = make_catalog(tmp_path, good_clips=clips(GOOD).clear())
    catalog["media"] = MemoryDataset(media().lazy())
    with caplog.at_level("WARNING", logger="sparkle_curation"):
        SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("variant_samples")["id"].to_list() == [GOOD, EXTRA]
    assert (
        "2 pairs were not inspected, since the available release lacks a kind of video of style"
        in caplog.text
    )
    assert catalog.load("curation_metrics")["total"]["preflight"]["not_inspected"] == 2


def test_a_split_is_exported_and_counted(tmp_path: Path) -> None:
    """Samples of one source clip are on one side, whatever the share."""
    same = clips(GOOD).with_columns(pl.col("index_hash").str.replace(GOOD, EXTRA))
    catalog = make_catalog(
        tmp_path, good_clips=same, split=SplitParams(val_share=0.99, grouped_by="file", seed=1)
    )
    SequentialRunner().run(create_pipeline(), catalog)
    assert sorted(path.name for path in (tmp_path / "variant" / "prompts").iterdir()) == [
        "style_val.csv",
        "style_val_metadata.jsonl",
    ]
    assert catalog.load("curation_metrics")["total"]["splits"] == {"train": 0, "val": 2}


def test_a_split_follows_the_near_duplicates(tmp_path: Path) -> None:
    """Samples that look alike are on one side; one that was not looked at stops the run."""
    catalog = make_catalog(tmp_path, split=SplitParams(val_share=0.5, seed=3))
    for split in ("train", "val"):  # the seeds: of a group by this name
        catalog["sample_groups"] = MemoryDataset(pl.LazyFrame({"id": [GOOD, EXTRA], "group": [split] * 2}))
        SequentialRunner().run(create_pipeline(), catalog)
        splits = catalog.load("curation_metrics")["total"]["splits"]
        assert sorted(splits.values()) == [0, 2]
    catalog["sample_groups"] = MemoryDataset(pl.LazyFrame({"id": [GOOD], "group": ["train"]}))
    with pytest.raises(StaleTableError, match=EXTRA):
        SequentialRunner().run(create_pipeline(), catalog)


IMPUTED = [frame([(NO_SCORE, 23), (23, 23), (24, 24), (24, 24)])]  # 8.69, and 9.47 without the first pass
CLEAN = [frame([(23, 23)] * 4)]


@pytest.mark.parametrize(("imputed_scores", "kept"), [("keep", [GOOD, EXTRA]), ("reject", [EXTRA])])
def test_a_imputed_score_is_counted_and_rejected_when_it_shall(
    tmp_path: Path, imputed_scores: str, kept: list[str]
) -> None:
    """The metrics count it either way; the verdict says why, and the sums hold."""
    scores = videos({GOOD: IMPUTED, EXTRA: CLEAN})
    catalog = make_catalog(tmp_path, imputed_scores=imputed_scores, video_scores=scores)
    SequentialRunner().run(create_pipeline(), catalog)
    verdicts, audit = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("verdicts", "score_audit"))
    assert verdicts.filter("is_kept")["id"].to_list() == kept
    columns = ["edited_video_outcome", "edited_video_is_imputed", "reject_reason"]
    expected = ("passed", True, None) if imputed_scores == "keep" else ("imputed", True, "imputed")
    assert verdicts.filter(pl.col("id") == GOOD).select(columns).row(0) == expected
    assert audit.select("id", "rule", "changes_side").rows() == [
        (GOOD, "off_lattice", False),
        (GOOD, "raw_output_unparsable", False),
    ]
    metrics = catalog.load("curation_metrics")
    assert metrics["imputed_scores"] == imputed_scores
    assert [stage["imputed"] for stage in metrics["themes"]["style"]["stages"].values()] == [0, 0, 1]
    assert metrics["total"]["stages"]["edited_video"]["kept"] == len(kept)


@pytest.mark.parametrize(("threshold", "kept"), [(None, [GOOD, EXTRA]), (8.0, [EXTRA])])
def test_imputed_scores_are_judged_by_the_thresholds(
    tmp_path: Path, threshold: float | None, kept: list[str]
) -> None:
    """``auto``: kept at the published thresholds, rejected at any other, a lower one too; card and metrics say which."""
    catalog = make_catalog(
        tmp_path, imputed_scores="auto", video_scores=videos({GOOD: IMPUTED, EXTRA: CLEAN})
    )
    catalog["params:threshold"] = MemoryDataset(threshold)
    SequentialRunner().run(create_pipeline(), catalog)
    verdicts = pl.read_parquet(tmp_path / "verdicts.parquet").filter(pl.col("id").is_in([GOOD, EXTRA]))
    assert verdicts.filter("is_kept")["id"].to_list() == kept
    used, why = ("keep", "are the published") if threshold is None else ("reject", "are not the published")
    assert catalog.load("curation_metrics")["imputed_scores"] == used
    card = (tmp_path / "variant" / "README.md").read_text()
    assert f"(`auto`: the thresholds {why} ones)" in card
    assert f"imputed_scores={used}" in card


def test_themes_choose_what_is_exported(tmp_path: Path) -> None:
    """Kept samples of other themes are not exported, with a reason of their own; the card says which themes."""
    catalog = make_catalog(tmp_path, themes=["time", "season"])
    catalog["params:allow_empty"] = MemoryDataset(data=True)
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("samples_not_exported").select("id", "reason").rows() == [
        (GOOD, "theme"),
        (EXTRA, "theme"),
    ]
    assert catalog.load("curation_metrics")["themes"]["style"]["not_exported"] == 2
    card = (tmp_path / "variant" / "README.md").read_text()
    assert "Samples of other themes than time season were left out." in card
    assert "--params 'threshold" in card
    assert "themes=time season" in card


def test_scores_that_have_not_changed_are_not_audited_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another threshold gives another audit of the same faults; other fingerprints give other faults."""
    scores = videos({GOOD: IMPUTED, EXTRA: CLEAN})
    first = make_catalog(tmp_path, video_scores=scores)
    SequentialRunner().run(create_pipeline(), first)
    faults = (tmp_path / "score_faults.parquet").stat()
    again = make_catalog(tmp_path, video_scores=scores)
    again["params:threshold"] = MemoryDataset(9.0)
    with caplog.at_level("INFO", logger="sparkle_curation"):
        SequentialRunner().run(create_pipeline(), again)
    assert "score_faults: sources unchanged, not read again" in caplog.text
    assert (tmp_path / "score_faults.parquet").stat().st_mtime_ns == faults.st_mtime_ns
    audit = pl.read_parquet(tmp_path / "score_audit.parquet")
    assert audit.select("threshold", "changes_side").unique().rows() == [(9.0, True)]
    clean = make_catalog(tmp_path, video_scores=videos({GOOD: CLEAN, EXTRA: CLEAN}))
    clean["score_fingerprints"] = MemoryDataset({"edited_video_scores": "two"})
    SequentialRunner().run(create_pipeline(), clean)
    assert pl.read_parquet(tmp_path / "score_audit.parquet").is_empty()


def test_nodes_carry_the_names_of_their_functions() -> None:
    """What the log and Kedro-Viz show is what the code says."""
    assert [
        (node.name, node.func.__name__) for node in create_pipeline().nodes if node.name != node.func.__name__
    ] == []


def test_a_signal_out_of_bounds_keeps_a_pair_out(tmp_path: Path) -> None:
    """It is not exported, the signal and its bound are the reason; verdicts stay, counts add up, the card tells it."""
    catalog = make_catalog(tmp_path)
    signals = pl.LazyFrame({"id": [EXTRA], "foreground_fidelity_min": [0.25], "error": [None]})
    catalog["signals"] = MemoryDataset(signals)
    catalog["params:signal_bounds"] = MemoryDataset(
        SignalBoundsModel(foreground_fidelity_min={"at_least": 0.4})
    )
    SequentialRunner().run(create_pipeline(), catalog)
    assert catalog.load("samples_not_exported").rows() == [
        (EXTRA, "style", "signal", "foreground_fidelity_min is 0.25, below 0.4")
    ]
    assert catalog.load("variant_samples")["id"].to_list() == [GOOD]
    assert pl.read_parquet(tmp_path / "verdicts.parquet").filter("is_kept")["id"].to_list() == [GOOD, EXTRA]
    metrics = catalog.load("curation_metrics")
    assert metrics["themes"]["style"]["not_exported"] == 1
    assert metrics["scope"] == {
        "signal_bounds.foreground_fidelity_min.at_least": 0.4,
        "missing_signals": "keep",
    }
    card = (tmp_path / "variant" / "README.md").read_text()
    assert "signal_bounds.foreground_fidelity_min.at_least=0.4,missing_signals=keep" in card
    assert "those without were let through" in card
    assert "kedro run --pipelines ingest,inspect,signals" in card
