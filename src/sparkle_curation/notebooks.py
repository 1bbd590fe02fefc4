"""What the notebooks start with: the catalog of the project, and samples as the contact sheet shows them."""

from __future__ import annotations

import html
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparkle_curation.errors import MissingTableError, ParameterError

if TYPE_CHECKING:
    from kedro.io import CatalogProtocol

ROOTS = {"data_root": "SPARKLE_DATA_ROOT", "release_root": "SPARKLE_RELEASE_ROOT"}
"""Roots of the project, and the variables of the environment that set others for a notebook."""

_CARD_PX, _HEAD_PX = 560, 130


@dataclass(frozen=True)
class Sheet:
    """A contact sheet in a notebook: its page in a frame of its own, so that the two share no style."""

    page: str
    height_px: int

    def _repr_html_(self) -> str:
        """The frame; without `allow-scripts` no clip would play by itself, and the page's own policy lets no script run."""
        style = f"width:100%;height:{self.height_px}px;border:0;resize:vertical"
        page = html.escape(self.page)
        return (
            f'<iframe title="contact sheet" sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'
        )


def open_catalog(**roots: str) -> CatalogProtocol[Any, Any]:
    """The project's catalog, from a notebook anywhere in the project, once there is a variant to look at.

    Args:
        roots: ``data_root`` or ``release_root``, where they are others than those of the configuration and of the
            environment variables ``SPARKLE_DATA_ROOT`` and ``SPARKLE_RELEASE_ROOT``.

    Raises:
        ParameterError: the notebook lies in no Kedro project.
        MissingTableError: nothing was curated there yet.
    """
    if "ipykernel" not in sys.modules:
        return _opened(roots)
    # What Kedro tells of its start and of each load would stand between the figures of a notebook.
    found = find_spec("kedro.framework.project")
    if (
        found is not None and found.origin is not None
    ):  # not its other way, which prints what a cell shows once more
        os.environ.setdefault(
            "KEDRO_LOGGING_CONFIG", str(Path(found.origin).with_name("default_logging.yml"))
        )
    logging.disable(logging.WARNING)
    try:
        return _opened(roots)
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger("kedro").setLevel(logging.ERROR)


def _opened(roots: Mapping[str, str]) -> CatalogProtocol[Any, Any]:
    from kedro.framework.session import KedroSession  # noqa: PLC0415 -- what imports this module may not need it
    from kedro.framework.startup import bootstrap_project  # noqa: PLC0415 -- as above
    from kedro.utils import find_kedro_project  # noqa: PLC0415 -- as above

    project = find_kedro_project(Path.cwd())
    if project is None:
        raise ParameterError(
            "A notebook lies in no project",
            where=str(Path.cwd()),
            allowed="a folder of a checkout of sparkle-curation",
            todo="start it there: cd sparkle-curation && jupyter lab notebooks",
        )
    bootstrap_project(Path(project))
    of_environment = {name: value for name, variable in ROOTS.items() if (value := os.environ.get(variable))}
    created: Any = KedroSession.create(project, runtime_params={**of_environment, **roots})
    with created as session:
        catalog: CatalogProtocol[Any, Any] = session.load_context().catalog
    if not catalog.exists("verdicts"):
        raise MissingTableError(
            "Nothing was curated yet, so there is nothing to look at",
            where="verdicts",
            todo="curate first: kedro run --pipelines curate",
        )
    return catalog


def show_samples(
    catalog: CatalogProtocol[Any, Any], ids: Sequence[str], subtitle: str = "as they were named"
) -> Sheet:
    """Some samples as the contact sheet shows them, with their clips.

    Args:
        catalog: the project's.
        ids: which, in this order.
        subtitle: how they were chosen.

    Raises:
        ParameterError: an id is that of no sample.
    """
    from sparkle_curation.pipelines.report import nodes  # noqa: PLC0415 -- draws pictures
    from sparkle_curation.pipelines.report.params import ContactSheetParams  # noqa: PLC0415 -- as above
    from sparkle_curation.reports.sheet.clips import ClipMaker  # noqa: PLC0415 -- as above
    from sparkle_curation.reports.sheet.description import Shown  # noqa: PLC0415 -- as above
    from sparkle_curation.reports.sheet.page import compose_sheet_page  # noqa: PLC0415 -- as above
    from sparkle_curation.spec.stages import STAGES  # noqa: PLC0415 -- needs the description, which Kedro has read

    set_ones = catalog.load("params:contact_sheet")
    params = ContactSheetParams.model_validate({**dict(set_ones), "ids": list(ids)})
    media, store = catalog.load("media"), catalog.load("asset_store")
    samples = nodes.choose_samples(catalog.load("verdicts"), media, params)
    cards = nodes.describe_cards(
        samples, catalog.load("annotations"), *(catalog.load(stage.table) for stage in STAGES)
    )
    panels = nodes.read_panels(
        samples, media, catalog.load("grounding_r1"), catalog.load("grounding_r2"), store, params
    )
    clips = ClipMaker(store, media.lazy().collect(), params.clip_seconds)
    shown = [Shown(*each) for each in zip(cards, panels, strict=True)]
    page = compose_sheet_page(shown, subtitle, clips.clip, int(params.max_page_mb * 1e6)).html
    return Sheet(page, _HEAD_PX + _CARD_PX * max(len(cards), 1))
