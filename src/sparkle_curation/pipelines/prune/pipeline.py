"""The wiring of ``prune``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.prune.nodes import prune_journals


def create_pipeline() -> Pipeline:
    """The journals are looked through one after the other."""
    return Pipeline(
        [
            Node(
                prune_journals,
                inputs=[
                    "params:prune",
                    "inspect_journal",
                    "near_duplicates_journal",
                    "consistency_journal",
                    "signals_journal",
                    "camera_journal",
                    "camera_judge_journal",
                    "clip_look_journal",
                    "clip_cut_journal",
                    "instruct_journal",
                    "edges_journal",
                    "score_journal",
                    "ground_journal",
                    "track_journal",
                    "track_votes_journal",
                    "generation_edit_frame0_journal",
                    "generation_remove_foreground_journal",
                    "generation_background_video_journal",
                    "generation_synthesize_journal",
                    "bench_journal",
                ],
                outputs="prune_counts",
                name="prune_journals",
            )
        ],
        tags="prune",
    )
