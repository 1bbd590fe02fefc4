"""What is timed, each run as a process of its own: ``python -m benchmarks.contenders NAME RELEASE OUT``.

Each function imports what it needs and gives the work to be done, which is timed without the imports too.

Ours does all its checks. The others read and write the same files and check nothing: the bulk engines because
they cannot, the loop because it is what one writes first.
"""

from __future__ import annotations

import csv
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sparkle_curation.spec.layout import annotation_paths, intermediate_jsonl_path
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.themes import THEMES

Work = Callable[[], None]

ROW_GROUP_ROWS = 16_384
ZSTD_LEVEL = 3
THRESHOLD = 8.5


def ingest_ours(release: Path, out: Path) -> Work:
    """Every text table through our readers and their checks, without Kedro around it."""
    from sparkle_curation.datasets import TableDataset
    from sparkle_curation.ingest.csv.annotations import annotation_prompts, ingest_annotations
    from sparkle_curation.ingest.jsonl.table import ingest_jsonl
    from sparkle_curation.ingest.release_files import ReleaseFiles

    def work() -> None:
        files = ReleaseFiles(str(release))
        annotations = TableDataset(filepath=str(out / "annotations.parquet"))
        ingestions = {"annotations": ingest_annotations(files)}
        annotations.save(ingestions["annotations"].rows)
        prompts = annotation_prompts(annotations.load())
        ingestions |= {name: ingest_jsonl(table, files, prompts) for name, table in JSONL_TABLES.items()}
        for name, ingestion in ingestions.items():
            TableDataset(filepath=str(out / f"{name}.parquet")).save(ingestion.rows)
            TableDataset(filepath=str(out / f"{name}_quarantined.parquet")).save(ingestion.quarantined)
            TableDataset(filepath=str(out / f"{name}_source_files.parquet")).save(ingestion.source_files)

    return work


def ingest_duckdb(release: Path, out: Path) -> Work:
    """The same files with duckdb's COPY."""
    import duckdb

    def work() -> None:
        options = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL}, ROW_GROUP_SIZE {ROW_GROUP_ROWS}"
        out.mkdir(parents=True, exist_ok=True)
        for name, paths in _sources(release).items():
            reader = "read_csv" if name == "csv" else "read_json"
            extra = "" if name == "csv" else ", format='newline_delimited'"
            duckdb.sql(f"COPY (SELECT * FROM {reader}({paths}{extra})) TO '{out / name}.parquet' ({options})")  # noqa: S608

    return work


def ingest_polars(release: Path, out: Path) -> Work:
    """The same files with polars' streaming scans."""
    import polars as pl

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        for name, paths in _sources(release).items():
            frame = pl.scan_csv(paths) if name == "csv" else pl.scan_ndjson(paths)
            frame.sink_parquet(
                out / f"{name}.parquet",
                compression="zstd",
                compression_level=ZSTD_LEVEL,
                row_group_size=ROW_GROUP_ROWS,
            )

    return work


def ingest_loop(release: Path, out: Path) -> Work:
    """The same files with the loop over ``json.loads`` that one writes first."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        for name, paths in _sources(release).items():
            writer = None
            rows = itertools.chain.from_iterable(_rows(Path(path)) for path in paths)
            while chunk := list(itertools.islice(rows, ROW_GROUP_ROWS)):
                table = pa.Table.from_pylist(chunk)
                writer = writer or pq.ParquetWriter(
                    out / f"{name}.parquet", table.schema, compression="zstd", compression_level=ZSTD_LEVEL
                )
                writer.write_table(table.cast(writer.schema))
            if writer:
                writer.close()

    return work


def ingest_datasets(release: Path, out: Path) -> Work:
    """The same files with Hugging Face's ``datasets``, whose cache is thrown away."""
    import datasets

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        datasets.disable_progress_bars()
        with tempfile.TemporaryDirectory(dir=out) as cache:
            for name, paths in _sources(release).items():
                builder = "csv" if name == "csv" else "json"
                table = datasets.load_dataset(builder, data_files=paths, split="train", cache_dir=cache)
                table.to_parquet(out / f"{name}.parquet")

    return work


def filter_selected(tables: Path, out: Path) -> Work:
    """The same as ``filter_ours`` with three samples of a prompt at most, and a fifth of all."""
    return filter_ours(tables, out, share=0.2, per_prompt=3)


def filter_ours(tables: Path, out: Path, share: float | None = None, per_prompt: int | None = None) -> Work:
    """Filter and export from the ingested tables: the nodes of ``filter`` one after another."""
    import polars as pl

    from sparkle_curation.datasets import KiwiEditDataset, MetricsJSONDataset, TableDataset
    from sparkle_curation.engine.any_frame import frame_schema
    from sparkle_curation.filtering.choices import ExportScope, ImputedPolicy
    from sparkle_curation.filtering.selection.params import SelectionParams
    from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
    from sparkle_curation.loader.preflight_params import PreflightParams
    from sparkle_curation.pipelines.filter import nodes
    from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
    from sparkle_curation.variant.curation import steps
    from sparkle_curation.variant.export import Variant
    from sparkle_curation.variant.split import SplitParams

    def work() -> None:
        def table(name: str) -> pl.LazyFrame:
            return pl.scan_parquet(_files_of(tables, name))

        annotations, assets = (
            table("annotations"),
            pl.LazyFrame(schema=dict.fromkeys(("id", "theme", "kind", "container"), pl.String)),
        )
        media = pl.LazyFrame(schema=frame_schema(MEDIA_COLUMNS))
        loader, split = PreflightParams(unloadable_pairs="drop"), SplitParams()
        imputed, scope = ImputedPolicy("keep"), ExportScope()
        scores = [
            table(name)
            for name in ("edited_frame0_scores", "foreground_removed_scores", "edited_video_scores")
        ]
        groundings = [table("grounding_r1"), table("grounding_r2")]
        thresholds = resolve_thresholds(
            THRESHOLD, Thresholds(edited_frame0=8, foreground_removed=8.5, edited_video=8)
        )
        known = nodes.list_known_samples(annotations, *scores, *groundings, assets)
        verdicts = nodes.apply_thresholds(known.lazy(), thresholds, "reject", imputed, *scores)
        TableDataset(filepath=str(out / "verdicts.parquet")).save(verdicts)
        kept, _ = nodes.split_by_verdict(verdicts)
        prompts = steps.look_up_prompts(kept, annotations, *scores, *groundings)
        candidates, not_exported = steps.compose_variant(kept, annotations, prompts, assets, scope)
        preflight = steps.check_pairs(
            candidates, media, assets, pl.LazyFrame(schema={"path": pl.String}), loader
        )
        TableDataset(filepath=str(out / "preflight.parquet")).save(preflight)
        loadable, _, _ = steps.drop_unloadable(candidates, preflight)
        budget = None if share is None else int(share * verdicts.height)
        selection = SelectionParams(budget=budget, per_prompt=per_prompt)
        groups = steps.choose_groups(media, pl.LazyFrame(), split, selection)
        loadable, not_exported = steps.select_samples(
            loadable, verdicts, annotations, groups, not_exported, selection, split
        )
        not_exported.write_csv(out / "samples_not_exported.csv")
        exported, splits, warnings = steps.split_samples(loadable, groups, split)
        KiwiEditDataset(filepath=str(out / "prompts")).save(Variant(exported, {}, annotations=annotations))
        counts = steps.count_samples(verdicts, not_exported, warnings, preflight, splits)
        choices = steps.gather_settings("reject", imputed, loader, split, "released", scope)
        metrics, _, _ = steps.measure_curation(counts, thresholds, choices)
        MetricsJSONDataset(filepath=str(out / "metrics.json")).save(metrics)

    return work


def filter_pandas(tables: Path, out: Path) -> Work:
    """The same joins and thresholds in pandas, with the same CSVs."""
    import pandas as pd

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"engine": "pyarrow", "dtype_backend": "pyarrow"}
        samples = pd.read_parquet(_files_of(tables, "annotations"), **options)
        for name, column in (
            ("edited_frame0_scores", "overall"),
            ("foreground_removed_scores", "overall"),
            ("edited_video_scores", "mean_o_score"),
        ):
            scores = pd.read_parquet(_files_of(tables, name), columns=["id", column], **options)
            samples = samples.merge(scores.rename(columns={column: name}), on="id", how="outer")
            samples[f"is_passed_{name}"] = samples[name] >= THRESHOLD
        samples["is_kept"] = samples.filter(like="is_passed_").all(axis=1)
        verdicts = samples.drop(
            columns=["prompt", "src_video", "tgt_video", "original_scene", "chosen_keyword"]
        )
        verdicts.to_parquet(out / "verdicts.parquet", compression="zstd")
        samples.groupby("theme").sum(numeric_only=True).to_json(out / "metrics.json")
        for theme, kept in samples[samples["is_kept"]].sort_values("csv_line").groupby("theme"):
            kept[["prompt", "src_video", "tgt_video", "task"]].to_csv(out / f"{theme}_train.csv", index=False)
            lines = kept[["id", "prompt", "edit_type", "chosen_keyword", "original_scene"]]
            lines.to_json(out / f"{theme}_train_metadata.jsonl", orient="records", lines=True)

    return work


def sweep_ours(tables: Path, out: Path) -> Work:
    """The survivors at 303 thresholds of single stages and at 29,791 triples."""
    import polars as pl

    from sparkle_curation.filtering.sweep import surface, sweep

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        verdicts = pl.scan_parquet(_files_of(tables, "verdicts"))
        for name, table in (("sweep", sweep(verdicts, "reject")), ("surface", surface(verdicts, "reject"))):
            table.write_parquet(out / f"{name}.parquet")

    return work


def sweep_pandas(tables: Path, out: Path) -> Work:
    """The survivors at the 303 thresholds alone, a comparison and a count for each."""
    import pandas as pd

    def work() -> None:
        out.mkdir(parents=True, exist_ok=True)
        stages = ("edited_frame0_score", "foreground_removed_score", "edited_video_score")
        verdicts = pd.read_parquet(_files_of(tables, "verdicts"), columns=["theme", *stages])
        rows = [
            (stage, threshold / 10, *(verdicts[stage] >= threshold / 10).groupby(verdicts["theme"]).sum())
            for stage in stages
            for threshold in range(101)
        ]
        pd.DataFrame(rows).to_json(out / "sweep_pandas.json")

    return work


def validate_gx(tables: Path, out: Path) -> Work:
    """Fifteen rules on the flat columns of annotations and scores, with Great Expectations on pandas."""
    import great_expectations.expectations as gxe
    import pandas as pd

    from sparkle_curation.expectations.checking import quiet_context

    def work() -> None:
        context = quiet_context()
        scored = ("edited_frame0_scores", "overall"), ("edited_video_scores", "mean_o_score")
        results = {}
        for name, column in (("annotations", "csv_line"), *scored):
            rows = pd.read_parquet(_files_of(tables, name), columns=["id", "theme", "prompt", column])
            batches = context.data_sources.add_pandas(name).add_dataframe_asset(name)
            batch = batches.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})
            rules = (
                gxe.ExpectColumnValuesToBeUnique(column="id"),
                gxe.ExpectColumnValuesToNotBeNull(column="prompt"),
                gxe.ExpectColumnValuesToBeInSet(column="theme", value_set=list(THEMES)),
                gxe.ExpectColumnValuesToMatchRegex(column="id", regex=r"^[A-Za-z]+_[a-z0-9]+_[0-9]+$"),
                gxe.ExpectColumnValuesToBeBetween(column=column, min_value=0),
            )
            results[name] = [bool(batch.validate(rule).success) for rule in rules]
        out.mkdir(parents=True, exist_ok=True)
        (out / "validate_gx.json").write_text(json.dumps(results), encoding="utf-8")

    return work


CONTENDERS: dict[str, Callable[[Path, Path], Work]] = {
    function.__name__: function
    for function in (
        ingest_ours,
        ingest_duckdb,
        ingest_polars,
        ingest_datasets,
        ingest_loop,
        filter_ours,
        filter_selected,
        filter_pandas,
        sweep_ours,
        sweep_pandas,
        validate_gx,
    )
}


def _sources(release: Path) -> dict[str, list[str]]:
    """The paths of each table's files, all themes."""
    csvs, metadata = zip(*(annotation_paths(theme) for theme in THEMES), strict=True)
    tables = {
        name: [intermediate_jsonl_path(theme, table.file_name) for theme in THEMES]
        for name, table in JSONL_TABLES.items()
    }
    sources = {"csv": csvs, "metadata": metadata, **tables}
    return {name: [str(release / path) for path in paths] for name, paths in sources.items()}


def _files_of(tables: Path, name: str) -> list[Path]:
    """The Parquet files of a table: one that a contender wrote, or a folder of those that ``ingest`` did."""
    from sparkle_curation.engine.io.parquet import parquet_files

    places = (tables / f"{name}.parquet", tables / "scores" / f"{name}.parquet")
    return parquet_files(next(path for path in places if path.exists()))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        if path.suffix == ".csv":
            yield from csv.DictReader(lines)
        else:
            yield from map(json.loads, lines)


if __name__ == "__main__":
    work = CONTENDERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    start = time.perf_counter()
    work()
    print(f"work_s {time.perf_counter() - start:.3f}")
