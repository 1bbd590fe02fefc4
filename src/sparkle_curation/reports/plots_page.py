"""The page that ``dvc plots`` fills: it holds the libraries that draw, so that it needs no network."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from sparkle_curation.pages.frame import Header, Page
from sparkle_curation.pages.palette import DARK, FONT, LIGHT, Palette

_TEMPLATES = Path(__file__).parent / "templates"

VEGA_LITE = "5.21"
"""DVC's templates are written for Vega-Lite 5."""

PLOTS_PLACE = "{plot_divs}"
"""Where DVC puts the plots. Without ``{scripts}`` it has no place to load Vega from the internet."""

_PAGES = {
    "Variant": "variant.html",
    "Card": "../05_model_input/kiwi_edit/README.md",
    "Data Docs": "data_docs/index.html",
}
_FROM_DVC = "../data/08_reporting/"
"""The folder of the reports from ``dvc_plots/``, where ``dvc plots show`` writes; as ``dvc.yaml`` has it."""

_SHOWN = "the versions that dvc plots was given, each in its colour, with its thresholds as lines"
_UNFILLED = "dvc plots show in the project's folder fills this page, and says where."

_DRAW = """
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const inked = (spec) => JSON.parse(JSON.stringify(spec).replaceAll(INK, INKED));  // what a template draws in ink
window.vegaEmbed = (place, spec) =>
  vegaEmbed(place, dark ? inked(spec) : spec, {renderer: 'svg', config: dark ? DARK : LIGHT});
addEventListener('DOMContentLoaded', () => {
  const plots = document.querySelector('.plots');
  if (!plots.children.length) plots.textContent = UNFILLED;
});
"""
"""DVC's page calls ``vegaEmbed``; as SVG a plot stays sharp, and can be read by a test or a program."""


def compose_page() -> str:
    """The page in HTML, with ``PLOTS_PLACE`` in it; composing it takes seconds."""
    import vl_convert  # noqa: PLC0415 -- holds a JavaScript engine
    from markupsafe import Markup  # noqa: PLC0415

    draw = _DRAW
    for name, value in (
        ("INKED", json.dumps(DARK.ink)),
        ("INK", json.dumps(LIGHT.ink)),
        ("DARK", _vega_config(DARK)),
        ("LIGHT", _vega_config(LIGHT)),
        ("UNFILLED", _UNFILLED),
    ):
        draw = re.sub(rf"\b{name}\b", lambda _, value=value: json.dumps(value), draw)  # type: ignore[misc]
    bundle: str = vl_convert.javascript_bundle(draw, vl_version=VEGA_LITE)
    # A text in the libraries must neither end the element that holds them nor be taken for a place of DVC's.
    script = bundle.replace("</script", "<\\/script").replace("{plot_divs}", "{ plot_divs}")
    links = {name: posixpath.normpath(f"{_FROM_DVC}{path}") for name, path in _PAGES.items()}
    page = Page(
        _TEMPLATES,
        "plots.html.jinja",
        Header("Plots", made=("Shows", _SHOWN), links={**links, "Plots": "#content"}),
        {"script": Markup(script), "plots": Markup(PLOTS_PLACE)},  # noqa: S704 -- of what is installed
    )
    return page.render(page.header)


_VERSIONS = (
    ["#1f6fb8", "#b06c00", "#1b7f4d", "#c0362c", "#7d4fb3", "#0f7d80"],
    ["#86bdf7", "#e8b04a", "#5cc78f", "#ff8f86", "#c9a2f2", "#8fd3d1"],
)
"""Colours of versions, for light and for dark."""


def _vega_config(palette: Palette) -> dict[str, Any]:
    """The look of Vega's plots: the font and the colours of the pages."""
    text = {"labelColor": palette.grey, "titleColor": palette.ink}
    axis = {"gridColor": palette.line, "domainColor": palette.line, "tickColor": palette.line}
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": palette.line},
        "axis": {**text, **axis},
        "legend": text,
        "range": {"category": _VERSIONS[palette is DARK]},
        "header": {"labelColor": palette.ink, "titleColor": palette.ink},
        "title": {"color": palette.ink, "subtitleColor": palette.grey, "fontSize": 16},
    }
