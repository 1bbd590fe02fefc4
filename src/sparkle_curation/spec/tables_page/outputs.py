"""The outputs that have no description of their own: reports, pages, journals."""

from __future__ import annotations

from sparkle_curation.spec.tables.generated import GENERATED_STAGES

OTHERS: dict[str, tuple[str, str]] = {
    "samples_kept": ("03_primary/samples_kept.parquet", "The rows of `verdicts` that are kept."),
    "samples_rejected": ("03_primary/samples_rejected.parquet", "The rows of `verdicts` that are rejected."),
    "variant_samples": (
        "05_model_input/kiwi_edit",
        "The variant: its card with its pictures, and in `prompts/` for each theme and split a CSV and its metadata.",
    ),
    "samples_not_exported": (
        "08_reporting/samples_not_exported.csv",
        "One row per kept sample that is not exported: no video, prompt or allowed licence, a signal off, or not selected.",
    ),
    "censoring": (
        "08_reporting/censoring.csv",
        "One row per primary criterion and theme: `censored` if no released score is rejected, else `not` or `too_few`.",
    ),
    "audit_sample": (
        "07_model_output/audit_sample.csv",
        "One row per sample to be judged blind, in an order that tells nothing; `stratum` is a digest.",
    ),
    "audit_precision": (
        "08_reporting/audit_precision.csv",
        "One row per theme, side of the thresholds and tenth of the score: judged, good, precision, Wilson's interval.",
    ),
    "overrides": (
        "conf/base/curate/overrides.csv",
        "One row per decision by hand; `bound_to` digests what it was made on, and is empty where it holds whatever comes.",
    ),
    "overrides_listed": (
        "08_reporting/overrides_listed.csv",
        "One row per decision by hand: `state`, applied, outvoted or stale, and `effect`, what it changed.",
    ),
    "preflight_dropped": (
        "08_reporting/preflight_dropped.csv",
        "One row per pair that is replaced or refused and the variant leaves out, with the reasons.",
    ),
    "preflight_warnings": (
        "08_reporting/preflight_warnings.csv",
        "One row per exported pair that loads and trains badly, with the reasons.",
    ),
    "prompt_warnings": (
        "08_reporting/prompt_warnings.csv",
        "One row per exported prompt that `pandas.read_csv` would change.",
    ),
    "curation_metrics": (
        "08_reporting/curation_metrics.json",
        "Counts by theme and stage, thresholds and choices, and the agreement with the released CSVs.",
    ),
    "funnel": (
        "08_reporting/funnel.csv",
        "One row per theme (and the total) and criterion: samples that come to it, kept, rejected, unscored, imputed.",
    ),
    "funnel_table": (
        "08_reporting/funnel_table.csv",
        "One row per theme, then the total: a column per criterion with the samples that pass so far.",
    ),
    "funnel_figure": ("08_reporting/funnel_figure.json", "`funnel_table` as a Plotly figure."),
    "score_histograms": (
        "08_reporting/score_histograms.csv",
        "One row per criterion, theme and tenth of a point that any score has: the samples with it.",
    ),
    "linked_variants": (
        "05_model_input/link",
        "Training CSVs of `this` variant and of the `other` one over the same source clips, and the record `link.json`.",
    ),
    "link_counts": (
        "08_reporting/link_counts.csv",
        "One row per side of a link, theme and outcome: samples.",
    ),
    "mix_files": (
        "05_model_input/mix",
        "A mix: `prompts/mix_train.csv` (and `mix_val.csv`), `mix.json`, its card, and itself as a dataset: `dataset.yml`.",
    ),
    "mix_counts": (
        "08_reporting/mix_counts.csv",
        "One row per member of a mix, theme, outcome and reason: samples; their sum is all that are known.",
    ),
    "mix_diff": (
        "08_reporting/mix_diff.csv",
        "One row per sample that one of two mixes has and the other has not, or has otherwise: its outcomes, and why.",
    ),
    "mix_diff_summary": (
        "08_reporting/mix_diff_summary.md",
        "The same for a pull request: counts by member and reason.",
    ),
    "variants": (
        "05_model_input/variants",
        "A folder for each named variant, as `variant_samples` has it.",
    ),
    "variants_table": (
        "08_reporting/variants.csv",
        "One row per named variant, theme and the total: counts, thresholds, policies; and why a variant was not made.",
    ),
    "version_metrics": (
        "08_reporting/version/metrics.json",
        "Few numbers of `curation_metrics`, flat: what `dvc metrics` and `dvc exp show` compare.",
    ),
    "version_funnel": ("08_reporting/version/funnel.csv", "`funnel` with shares, for `dvc plots`."),
    "version_score_histograms": (
        "08_reporting/version/score_histograms.csv",
        "`score_histograms` with shares and the current thresholds, for `dvc plots`.",
    ),
    "version_threshold_sweep": (
        "08_reporting/version/threshold_sweep.csv",
        "`threshold_sweep` and all stages at one threshold, with shares and the current thresholds, for `dvc plots`.",
    ),
    "threshold_sweep_figure": (
        "08_reporting/threshold_sweep_figure.json",
        "`threshold_sweep` and `threshold_surface` as a Plotly figure.",
    ),
    "{table}_quarantined": (
        "02_intermediate/quarantined/{table}.parquet",
        "The rows of `quarantine` that are about one ingested table.",
    ),
    "release_facts": (
        "02_intermediate/source_files/release.json",
        "Which commit of the hub was ingested; null where the release lies elsewhere.",
    ),
    "ingest_counts": (
        "08_reporting/ingest_counts.csv",
        "One row per source file or folder, present or absent: records, rows, quarantined, warnings.",
    ),
    "media_counts": (
        "08_reporting/media_counts.csv",
        "One row per theme and asset kind: assets, whole, broken, and a column per error code.",
    ),
    "validations": (
        "08_reporting/validations",
        "One JSON report per suite: its rules, what was checked and what failed.",
    ),
    "validation_summary": ("08_reporting/validation_summary.csv", "One row per rule of every suite."),
    "variant_page": (
        "08_reporting/variant.html",
        "To open after a run: what passed, scores with the thresholds, pairs, what was left out, ways to the rest.",
    ),
    "data_docs": ("08_reporting/data_docs", "The same reports as pages to read; open `index.html`."),
    "consistency_counts": (
        "08_reporting/consistency_counts.csv",
        "One row per theme and check of `consistency`: its bound, samples checked and failed.",
    ),
    "signal_counts": (
        "08_reporting/signal_counts.csv",
        "One row per theme and reason that signals are lacking for, the empty one for none: samples.",
    ),
    "signals_figure": ("08_reporting/signals_figure.json", "Histograms of `signals` as a Plotly figure."),
    "signal_extremes": (
        "08_reporting/signal_extremes.png",
        "The worst and the best pairs of each signal: source, edit, and the mask.",
    ),
    "duplicates": (
        "08_reporting/duplicates.csv",
        "One row per sample that shares both prompt and source clip with another one.",
    ),
    "near_duplicate_counts": (
        "08_reporting/near_duplicate_counts.csv",
        "One row per theme, then the total: groups of `sample_groups`, near-duplicates, duplicates.",
    ),
    "bench_metrics": (
        "08_reporting/bench_metrics.json",
        "Headlines of `bench_results`, flat, with the interval of each macro: what `dvc metrics` compares.",
    ),
    "bench_figure": ("08_reporting/benchmark/bench_figure.json", "`bench_results` as a Plotly figure."),
    "bench_documents": (
        "08_reporting/benchmark/documents",
        "`results.md`, `tables.tex` for a paper, and `published_format.txt`, the published evaluator's own table.",
    ),
    "bench_page": (
        "08_reporting/benchmark/samples.html",
        "Each sample with its source, all models' outputs side by side, scores and the judge's words.",
    ),
    "bench_ledger": (
        "08_reporting/bench_ledger.jsonl",
        "A line for each report of a model: benchmark, variant, settings, macro, time. Only ever added to; git keeps it.",
    ),
    "contact_sheet": (
        "08_reporting/contact_sheet.png",
        "Some samples at a glance, with masks, boxes and scores.",
    ),
    "signal_precision": (
        "08_reporting/signal_precision.csv",
        "One row per signal and bound: precision and recall against decisions by hand, with intervals; none without such.",
    ),
    "contact_sheet_page": (
        "08_reporting/contact_sheet.html",
        "The same as one file for a browser, with the judges' reasons and clips that play.",
    ),
    "extraction_counts": (
        "08_reporting/extraction_counts.csv",
        "One row per theme, kind and outcome of the last `extract`, or of comparing with the manifest: files and bytes.",
    ),
    "variant_diff_counts": (
        "08_reporting/variant_diff_counts.csv",
        "One row per theme, change and reason of `variant_diff`: the samples.",
    ),
    "variant_diff_summary": (
        "08_reporting/variant_diff_summary.md",
        "`variant_diff` as a short text for a pull request.",
    ),
    "agreement": (
        "08_reporting/agreement.csv",
        "One row per stage and theme (and the total): how released scores and rescores rank, differ and change sides.",
    ),
    "agreement_metrics": ("08_reporting/agreement_metrics.json", "`agreement` as metrics for `dvc metrics`."),
    "agreement_crossings": (
        "08_reporting/agreement_crossings.csv",
        "One row per stage, theme (and the total) and threshold in steps of 0.1: samples that change sides.",
    ),
    "agreement_figure": ("08_reporting/agreement_figure.json", "The agreement as a Plotly figure."),
    "rescored_jsonl": (
        "07_model_output/rescores",
        "The rescores as published JSONL: a folder that can be ingested.",
    ),
    "regrounded_jsonl": ("07_model_output/regroundings", "The new groundings as published JSONL."),
    "text_manifest": (
        "02_intermediate/text_manifest.csv",
        "One row per text file of the release with its length and version: what DVC knows the release by.",
    ),
    "media_manifest": (
        "02_intermediate/media_manifest.csv",
        "The same, one row per tar and folder of loose assets.",
    ),
    "bench_manifest": (
        "02_intermediate/bench_manifest.csv",
        "The same of the benchmark, one row per text and folder of its media; none where `bench_root` is null.",
    ),
    "text_contents": (
        "02_intermediate/text_contents.parquet",
        "One row per text file: the digest of its bytes at a size and time. Of this machine, no part of a version.",
    ),
    "media_contents": (
        "02_intermediate/media_contents.parquet",
        "The same, one row per file of the media whose content was read.",
    ),
    "code_digests": (
        "02_intermediate/code_digests.json",
        "A digest of the code of each pipeline: what DVC knows the code by.",
    ),
    "prune_counts": (
        "08_reporting/prune_counts.csv",
        "One row per journal: rows and bytes that it holds, and that no run wants any more.",
    ),
    "exclusion_plan": (
        "08_reporting/exclusion_plan.csv",
        "Of a clip that was excluded on request: one row per folder and what is done there, without any name.",
    ),
    "merge_counts": (
        "08_reporting/merge_counts.csv",
        "One row per shard of a journal: its state (`whole`, `partial`, `running`, `absent`), rows merged, rows missing.",
    ),
    "paper_documents": (
        "08_reporting/paper",
        "Of the variant: `methods.tex`, `reproducibility.tex`, `tables.tex`, `references.bib` and `CITATION.cff`.",
    ),
    "profile_files": (
        "05_model_input/profiles",
        "The variant for other trainers: a file each and split, `report.csv` of pairs that are left out or odd, and a card.",
    ),
    "download_plan": (
        "08_reporting/download_plan.csv",
        "One row per file that `download` was asked for: theme, kind, bytes, and what was there of it before.",
    ),
    "download_record": (
        "08_reporting/download_record.json",
        "Repository, commit, folder, files and bytes of the last `download`.",
    ),
    "publication": (
        "05_model_input/publication",
        "All files of the variant's repository: tables, references, annotations, Croissant, card, media by consent.",
    ),
    "publish_plan": (
        "08_reporting/publish_plan.csv",
        "One row per file of the publication and the repository: new, changed, same or gone, and its bytes.",
    ),
    "publish_record": (
        "08_reporting/publish_record.json",
        "Repository, commit, files and bytes of the last `publish`, and whether anything was uploaded.",
    ),
    "training_kit": (
        "05_model_input/training_kit",
        "Training with Kiwi-Edit: card, CSVs, run files, and the shards that hold what they need.",
    ),
    "bench_counts": (
        "08_reporting/benchmark/bench_counts.csv",
        "One row per file that a benchmark should have: present or absent, records, samples, quarantined, oddities.",
    ),
    "bench_check": (
        "08_reporting/benchmark/bench_check.csv",
        "One row per check of a benchmark: what was found, and what is published or said by `benchmark.json`.",
    ),
    "bench_output_counts": (
        "08_reporting/benchmark/bench_output_counts.csv",
        "One row per model and theme, then its total: outputs by their state, and by what differs.",
    ),
    "bench_candidates": (
        "08_reporting/benchmark/bench_candidates.csv",
        "One row per sample that follows the rule of the benchmark: chosen by `bench_build`, or why not.",
    ),
    "built_benchmark": (
        "05_model_input/benchmark",
        "A benchmark of one's own: CSVs, metadata, sources and reference images in the published layout, and a card.",
    ),
    "plots_page": ("08_reporting/plots_page.html", "The page in which `dvc plots` draws."),
    "inspect_journal": ("journals/inspect.journal", "What was probed so far, by the work's key."),
    "consistency_journal": ("journals/consistency.journal", "What was measured so far."),
    "track_journal": ("journals/track.journal", "What passes of tracking were made so far."),
    "track_votes_journal": ("journals/track_votes.journal", "What votes of passes were made so far."),
    "track_counts": (
        "08_reporting/track_counts.csv",
        "One row per theme and reason that a mask is lacking for, the empty one for none: samples.",
    ),
    "mask_decisions_listed": (
        "08_reporting/mask_decisions_listed.csv",
        "One row per decision by hand about a mask: whose, and whether it is applied, of any mask, or of another one.",
    ),
    "track_extremes": (
        "08_reporting/track_extremes.png",
        "The clips whose passes agree least: the mask on the first, middle and last frame.",
    ),
    **{
        f"generated_{stage}": (
            f"02_intermediate/generated.parquet/{stage}.parquet",
            f"The columns of `generated_{GENERATED_STAGES[0]}`, of `{stage}`.",
        )
        for stage in GENERATED_STAGES[1:]
    },
    **{
        f"made_{what}_{stage}": (
            f"02_intermediate/made_{what}.parquet/{stage}.parquet",
            f"The columns of `made_{what}_edges`, of what `{stage}` made.",
        )
        for stage in GENERATED_STAGES
        for what in ("assets", "media")
    },
    **{
        f"generation_{stage}_{what}": (file.format(stage), told.format(stage))
        for stage in GENERATED_STAGES
        for what, file, told in (
            ("journal", "journals/{}.journal", "What `{}` made so far."),
            (
                "counts",
                "08_reporting/{}_counts.csv",
                "One row per theme and reason that `{}` made nothing for, the empty one for none: samples.",
            ),
            (
                "extremes",
                "08_reporting/{}_extremes.png",
                "What `{}` made that differs least and most from what it was made of.",
            ),
        )
    },
    "signals_journal": ("journals/signals.journal", "What signals were measured so far."),
    "generation_{stage}_journal": (
        "journals/{stage}.journal",
        "What a stage of new samples has made so far.",
    ),
    "edges_journal": ("journals/edges.journal", "What control videos were made so far."),
    "camera_counts": (
        "08_reporting/camera_counts.csv",
        "One row per source of clips, theme, outcome and reason: how many, and ten of their ids.",
    ),
    "camera_figure": (
        "08_reporting/camera_figure.json",
        "Drift and shake of all clips with the limits, and what a homography says, as a Plotly figure.",
    ),
    "edge_counts": (
        "08_reporting/edge_counts.csv",
        "One row per theme, error and state of the released control videos: which fit their mask and clips.",
    ),
    "made_media_root": ("made_media", "Media that this project made, in the published layout."),
    "camera_journal": ("journals/camera.journal", "What was measured of cameras so far."),
    "camera_judge_journal": (
        "journals/camera_judge.journal",
        "What a judge has answered about cameras so far.",
    ),
    "clip_look_journal": ("journals/clip_look.journal", "What was seen of new clips so far."),
    "clip_cut_journal": ("journals/clip_cut.journal", "Which samples were cut out of clips so far."),
    "new_clip_counts": (
        "08_reporting/new_clip_counts.csv",
        "One row per theme, outcome and reason of new clips: how many, and ten of them.",
    ),
    "instruct_journal": ("journals/instruct.journal", "What a model has written for new samples so far."),
    "draft_prompts": (
        "draft_release/prompts",
        "Training CSVs and metadata of new samples, in the published layout, for `ingest`.",
    ),
    "new_instruction_counts": (
        "08_reporting/new_instruction_counts.csv",
        "One row per theme, keyword and fault of instructions: how many.",
    ),
    "new_progress_counts": (
        "08_reporting/new_progress_counts.csv",
        "One row per theme, stage, outcome and reason of new samples: how many.",
    ),
    "new_release": (
        "05_model_input/new_release",
        "New samples that passed all stages, as a release in the published layout.",
    ),
    "joined_release": (
        "05_model_input/joined_release",
        "A release and the new samples beside it as one folder: media by hard links, lines of both.",
    ),
    "forecast": (
        "08_reporting/forecast.csv",
        "One row per step of making new samples: how many reach it, GPU hours, disk, and pools of GPUs.",
    ),
    "near_duplicates_journal": ("journals/near_duplicates.journal", "What was hashed so far."),
    "bench_journal": ("journals/bench.journal", "What a judge of the benchmark has answered so far."),
    "score_journal": ("journals/score.journal", "What a judge has answered so far."),
    "ground_journal": ("journals/ground.journal", "What a model has answered about boxes so far."),
}
"""File and meaning of each kept output that has no description of its own."""
