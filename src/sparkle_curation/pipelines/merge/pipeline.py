"""The wiring of ``merge``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.merge.nodes import merge_journals


def create_pipeline() -> Pipeline:
    """The journals are looked through one after the other."""
    return Pipeline(
        [
            Node(
                merge_journals,
                inputs=[
                    "inspect_journal",
                    "near_duplicates_journal",
                    "consistency_journal",
                    "signals_journal",
                    "score_journal",
                    "ground_journal",
                    "clip_look_journal",
                    "clip_cut_journal",
                    "instruct_journal",
                    "camera_journal",
                    "edges_journal",
                    "track_journal",
                    "track_votes_journal",
                    "generation_edit_frame0_journal",
                    "generation_remove_foreground_journal",
                    "generation_background_video_journal",
                    "generation_synthesize_journal",
                ],
                outputs="merge_counts",
                name="merge_journals",
            )
        ],
        tags="merge",
    )
