"""A Plotly figure on disk, written without importing Plotly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import PlotlyPreview

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.format_version import with_format_version, without_format_version

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class FigureDataset(AbstractDataset[dict[str, Any], "Figure"]):
    """A figure in Plotly's JSON, as ``plotly.JSONDataset`` writes it, replaced whole or not at all.

    That dataset imports Plotly as soon as a catalog holds it, which every run would pay for. The version of our format is a
    member of ``layout.meta``, which is there for what is not Plotly's: the file stays a figure to every other reader.

    Args:
        filepath: the JSON file.
        made_by: the pipeline that makes it.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            funnel_figure:
              type: sparkle_curation.datasets.FigureDataset
              filepath: data/08_reporting/funnel_figure.json
    """

    def __init__(
        self, *, filepath: str, made_by: str = "filter", metadata: dict[str, Any] | None = None
    ) -> None:
        self._path, self._made_by = Path(filepath), made_by
        self.metadata = metadata

    def load(self) -> Figure:
        """The figure, to be shown: ``catalog.load("funnel_figure").show()``."""
        from plotly.graph_objects import Figure  # noqa: PLC0415 -- only who looks at it pays for Plotly

        return Figure(self._read())

    def save(self, data: dict[str, Any]) -> None:
        """Replace the file by a figure, ``{"data": [...], "layout": {...}}``.

        Raises:
            ValueError: a number is NaN or infinite, which JSON does not have.
        """
        layout = data.get("layout", {})
        stored = {**data, "layout": {**layout, "meta": with_format_version(layout.get("meta", {}))}}
        text = json.dumps(stored, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        with atomic_file(self._path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def preview(self) -> PlotlyPreview:
        """The figure as Kedro-Viz draws it; an empty one where none was made yet."""
        return PlotlyPreview(self._read() if self._exists() else {"data": [], "layout": {}})

    def _read(self) -> dict[str, Any]:
        figure: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        layout = dict(figure.get("layout", {}))
        meta = without_format_version(layout.pop("meta", {}), where=self._path, made_by=self._made_by)
        return {**figure, "layout": {**layout, "meta": meta} if meta else layout}

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
