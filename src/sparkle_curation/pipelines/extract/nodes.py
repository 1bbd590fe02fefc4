"""The node of ``extract``."""

from __future__ import annotations

import polars as pl

from sparkle_curation.extraction.extracting import extract
from sparkle_curation.extraction.media_folder import MediaFolder
from sparkle_curation.extraction.settings import ExtractSettings, Of
from sparkle_curation.mixing.extracting import extract_members


def extract_media(
    wanted_media: pl.LazyFrame,
    mix_media: pl.LazyFrame,
    extracted_media: MediaFolder,
    extracted_mix: MediaFolder,
    params: ExtractSettings,
) -> pl.DataFrame:
    """How many files were written, linked or there already, by theme and kind; or how a folder compares with its manifest.

    Args:
        wanted_media: which media, as rows of ``assets``; without columns where nothing has said so yet.
        mix_media: the same for a mix, with the member of each; without columns where there is none.
        extracted_media: the release that they come from, and the folder that they go to.
        extracted_mix: the folder that those of a mix go to.
        params: what, how and where.
    """
    if params.of == Of.MIX:
        return extract_members(mix_media.collect(), extracted_mix, params)
    return extract(wanted_media.collect(), extracted_media.open_release, extracted_media.folder, params)
