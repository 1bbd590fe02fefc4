"""What a person sees who judges blind: the same of a sample whether the release has it or not, whatever its scores.

Only what each sample can have is sent. Boxes, masks and the clips between the two videos come with the stages that a sample
has passed, and the texts of the annotations with the published CSV, so their lack would tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from sparkle_curation.explorer.data import ExplorerTables, Samples
from sparkle_curation.explorer.details import media_of
from sparkle_curation.explorer.exporting import tables_with_prompts
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.spec.layout import KIND
from sparkle_curation.variant.export import find_prompts

_PAIR = (KIND.source_video, KIND.edited_video)


def blind_details(tables: ExplorerTables, store: AssetStore, sample_id: str) -> dict[str, Any]:
    """What may be seen of a sample beside its prompt: what the headers of its two videos say; becomes JSON."""
    media = media_of(tables.media, store, sample_id)
    return {"id": sample_id, "media": {kind: media[kind] for kind in _PAIR if kind in media}, "boxes": []}


def blind_prompts(tables: ExplorerTables, samples: Samples, ids: Sequence[str]) -> list[str] | None:
    """The prompt of each of ``ids``; None where one of them has none in any table, since that would tell it from the others.

    Scores and groundings are asked before the annotations: they know the samples that the release's CSV has not.
    """
    wanted = pl.DataFrame(
        {"id": ids, "is_released": False}, schema={"id": pl.String, "is_released": pl.Boolean}
    )
    nobody = pl.DataFrame(schema={"id": pl.String})
    found = find_prompts(wanted, nobody, tables_with_prompts(tables))
    by_id = {key: prompt for key, prompt in found.select("id", "prompt").iter_rows() if prompt}
    texts = samples.texts["prompt"]
    prompts = [by_id.get(each) or texts[samples.place[each]] for each in ids]
    return prompts if all(prompts) else None
