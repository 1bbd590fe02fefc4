"""The columns of each table that a dataset of the catalog may be asked to check."""

from __future__ import annotations

from collections.abc import Mapping

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.bench_results import BENCH_RESULT_TABLES
from sparkle_curation.spec.tables.benchmark import BENCH_TABLES
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS
from sparkle_curation.spec.tables.generated import GENERATED_COLUMNS
from sparkle_curation.spec.tables.ingested import COLUMNS, QUARANTINE_COLUMNS, SOURCE_FILE_COLUMNS
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

DECLARED_TABLES: Mapping[str, tuple[Field, ...]] = {
    **COLUMNS,
    "quarantine": QUARANTINE_COLUMNS,
    "source_files": SOURCE_FILE_COLUMNS,
    "media": MEDIA_COLUMNS,
    "preflight": PREFLIGHT_COLUMNS,
    **{name: columns for name, (_, columns) in VARIANT_TABLES.items()},
    "consistency": CONSISTENCY_COLUMNS,
    "signals": SIGNAL_COLUMNS,
    "tracks": TRACK_COLUMNS,
    "camera": CAMERA_COLUMNS,
    "edges": EDGE_COLUMNS,
    "generated": GENERATED_COLUMNS,
    "frame_hashes": FRAME_HASH_COLUMNS,
    "linked_samples": LINK_COLUMNS,
    "mix_samples": MIX_SAMPLE_COLUMNS,
    "mix_media": MIX_MEDIA_COLUMNS,
    "sample_groups": SAMPLE_GROUP_COLUMNS,
    "grounding_boxes": GROUNDING_BOX_COLUMNS,
    **{
        name: columns
        for name, (_, _, columns) in {**BENCH_TABLES, **BENCH_RESULT_TABLES, **NEW_TABLES}.items()
    },
    **RESCORED_TABLES,
    **REGROUNDED_TABLES,
}
"""Name of a table -> its columns as described."""
