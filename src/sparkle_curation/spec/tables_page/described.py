"""The tables whose columns are described: where each lies, and what a row of it is."""

from __future__ import annotations

from typing import NamedTuple

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.bench_results import BENCH_RESULT_TABLES
from sparkle_curation.spec.tables.benchmark import BENCH_TABLES
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS
from sparkle_curation.spec.tables.extraction import MANIFEST_COLUMNS
from sparkle_curation.spec.tables.generated import GENERATED_COLUMNS, GENERATED_STAGES
from sparkle_curation.spec.tables.ingested import (
    ANNOTATION_COLUMNS,
    ASSET_COLUMNS,
    GROUNDING_TABLES,
    QUARANTINE_COLUMNS,
    SCORE_AUDIT_COLUMNS,
    SCORE_FAULT_COLUMNS,
    SCORE_TABLES,
    SOURCE_FILE_COLUMNS,
)
from sparkle_curation.spec.tables.linking import LINK_COLUMNS
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.tables.mixing import MIX_MEDIA_COLUMNS, MIX_SAMPLE_COLUMNS
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS, SAMPLE_GROUP_COLUMNS
from sparkle_curation.spec.tables.new_samples import NEW_TABLES
from sparkle_curation.spec.tables.preflight import PREFLIGHT_COLUMNS
from sparkle_curation.spec.tables.reruns.camera import CAMERA_COLUMNS
from sparkle_curation.spec.tables.reruns.edges import EDGE_COLUMNS
from sparkle_curation.spec.tables.reruns.grounding_boxes import GROUNDING_BOX_COLUMNS
from sparkle_curation.spec.tables.reruns.regroundings import REGROUNDED_TABLES
from sparkle_curation.spec.tables.reruns.rescores import RESCORED_TABLES
from sparkle_curation.spec.tables.reruns.tracks import TRACK_COLUMNS
from sparkle_curation.spec.tables.signals import SIGNAL_COLUMNS
from sparkle_curation.spec.tables.variant import VARIANT_TABLES
from sparkle_curation.spec.tables.verdicts import VERDICT_COLUMNS


class Table(NamedTuple):
    """What the page says of a table.

    Attributes:
        file: where it lies, from the data root.
        grain: what a row is.
        columns: its columns.
    """

    file: str
    grain: str
    columns: tuple[Field, ...]


DESCRIBED: dict[str, Table] = {
    "annotations": Table(
        "02_intermediate/annotations.parquet",
        "one row per sample of a theme's training CSV or metadata JSONL",
        ANNOTATION_COLUMNS,
    ),
    **{
        name: Table(f"02_intermediate/scores/{name}.parquet", table.grain, table.columns)
        for name, table in SCORE_TABLES.items()
    },
    **{
        name: Table(f"02_intermediate/{name}.parquet", table.grain, table.columns)
        for name, table in GROUNDING_TABLES.items()
    },
    "assets": Table(
        "02_intermediate/assets.parquet",
        "one row per media file, loose or a tar member; a sample may be both",
        ASSET_COLUMNS,
    ),
    "media": Table(
        "02_intermediate/media.parquet",
        "one row per row of `assets` of the inspected kinds, broken or whole",
        MEDIA_COLUMNS,
    ),
    "grounding_boxes": Table(
        "02_intermediate/grounding_boxes.parquet",
        "one row per sample, grounding round, sampled frame and object, found or not",
        GROUNDING_BOX_COLUMNS,
    ),
    "quarantine": Table(
        "02_intermediate/quarantine.parquet",
        "one row per piece of input that could not be read or trusted, or is odd",
        QUARANTINE_COLUMNS,
    ),
    "{table}_source_files": Table(
        "02_intermediate/source_files/{table}.parquet",
        "one row per file that an ingested table was read from, or folder that was listed for it",
        SOURCE_FILE_COLUMNS,
    ),
    "score_faults": Table(
        "03_primary/score_faults.parquet",
        "one row per sample, stage, frame and violated rule of EditScore's arithmetic, whatever the thresholds are",
        SCORE_FAULT_COLUMNS,
    ),
    "score_audit": Table(
        "03_primary/score_audit.parquet",
        "one row per row of `score_faults`, compared with the threshold",
        SCORE_AUDIT_COLUMNS,
    ),
    "verdicts": Table(
        "03_primary/verdicts.parquet", "one row per sample that any ingested table knows", VERDICT_COLUMNS
    ),
    "preflight": Table(
        "03_primary/preflight.parquet", "one row per sample that could be exported", PREFLIGHT_COLUMNS
    ),
    **{
        name: Table(f"08_reporting/{name}.parquet", grain, columns)
        for name, (grain, columns) in VARIANT_TABLES.items()
    },
    "consistency": Table(
        "02_intermediate/consistency.parquet", "one row per sample with any asset", CONSISTENCY_COLUMNS
    ),
    "signals": Table(
        "07_model_output/signals.parquet",
        "one row per sample that has a prompt, a source or edited video, or a mask",
        SIGNAL_COLUMNS,
    ),
    "linked_samples": Table(
        "05_model_input/linked_samples.parquet",
        "one row per sample of this variant and of the one that it is linked to",
        LINK_COLUMNS,
    ),
    "mix_samples": Table(
        "05_model_input/mix_samples.parquet",
        "one row per known sample of each member of a mix",
        MIX_SAMPLE_COLUMNS,
    ),
    "mix_media": Table(
        "05_model_input/mix_media.parquet", "one row per file that a mix needs", MIX_MEDIA_COLUMNS
    ),
    "tracks": Table(
        "02_intermediate/tracks.parquet", "one row per sample with a source video", TRACK_COLUMNS
    ),
    "camera": Table(
        "02_intermediate/camera.parquet",
        "one row per sample with a source video, or clip of the folder `camera.clips`",
        CAMERA_COLUMNS,
    ),
    "edges": Table(
        "02_intermediate/edges.parquet",
        "one row per sample with a source video, a background video, a mask or a released control video",
        EDGE_COLUMNS,
    ),
    "made_assets_track": Table(
        "02_intermediate/made_assets.parquet/track.parquet",
        "one row per mask that `track` made; paths begin in `made_media/` of the data root",
        ASSET_COLUMNS,
    ),
    "made_media_track": Table(
        "02_intermediate/made_media.parquet/track.parquet",
        "one row per row of `made_assets_track`",
        MEDIA_COLUMNS,
    ),
    "made_assets_edges": Table(
        "02_intermediate/made_assets.parquet/edges.parquet",
        "one row per control video that `edges` made, of the folder that has a file for each pipeline that makes media; "
        "paths begin in `made_media/` of the data root",
        ASSET_COLUMNS,
    ),
    "made_media_edges": Table(
        "02_intermediate/made_media.parquet/edges.parquet",
        "one row per row of `made_assets_edges`",
        MEDIA_COLUMNS,
    ),
    f"generated_{GENERATED_STAGES[0]}": Table(
        f"02_intermediate/generated.parquet/{GENERATED_STAGES[0]}.parquet",
        "one row per sample with an instruction, of the folder that has a file for each stage that generates",
        GENERATED_COLUMNS,
    ),
    "frame_hashes": Table(
        "02_intermediate/frame_hashes.parquet",
        "one row per sample with a first source frame or source video",
        FRAME_HASH_COLUMNS,
    ),
    "sample_groups": Table(
        "03_primary/sample_groups.parquet", "one row per row of `frame_hashes`", SAMPLE_GROUP_COLUMNS
    ),
    "wanted_media": Table(
        "05_model_input/wanted_media.parquet",
        "one row per media file that the training kit needs",
        ASSET_COLUMNS,
    ),
    "extracted_media": Table(
        "05_model_input/extracted/manifest.parquet",
        "one row per file that was extracted into the folder of the manifest",
        MANIFEST_COLUMNS,
    ),
    **{
        name: Table(
            f"07_model_output/{name}.parquet",
            "one row per sample that has the edited asset of the stage, scored or not",
            columns,
        )
        for name, columns in RESCORED_TABLES.items()
    },
    **{
        name: Table(
            f"07_model_output/{name}.parquet",
            "one row per sample that has the assets of the round, grounded or not",
            columns,
        )
        for name, columns in REGROUNDED_TABLES.items()
    },
    **{name: Table(*table) for name, table in {**BENCH_TABLES, **BENCH_RESULT_TABLES, **NEW_TABLES}.items()},
}

FOLDERS = {
    **dict.fromkeys(
        ["annotations", *SCORE_TABLES, *GROUNDING_TABLES, "media", "grounding_boxes", "verdicts"],
        "a file for each theme, `{theme}.parquet`",
    ),
    "camera": "a file for each source of clips, `release.parquet` and `folder.parquet`",
    "assets": "a file for each shard, `{theme}/{kind}_part{number}.parquet`, and loose folder, `{theme}/{kind}.parquet`",
    "{table}_source_files": "a file for each of the table itself",
    "extracted_media": "a file for each share of the work, `part-1-of-1.parquet` where one run did all",
}
"""Tables that are folders, with the names of their files."""
