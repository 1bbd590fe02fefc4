"""The page that ``dvc plots`` fills: it holds the libraries that draw, so that it needs no network."""

from __future__ import annotations

VEGA_LITE = "5.21"
"""DVC's templates are written for Vega-Lite 5."""

PLOTS_PLACE = "{plot_divs}"
"""Where DVC puts the plots. Without ``{scripts}`` it has no place to load Vega from the internet."""

_DRAW = "window.vegaEmbed = (place, spec) => vegaEmbed(place, spec, {renderer: 'svg'});"
"""DVC's page calls ``vegaEmbed``; as SVG a plot stays sharp, and can be read by a test or a program."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>sparkle-curation: plots</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; }}
</style>
<script>{script}</script>
</head>
<body>
{plots}
</body>
</html>
"""


def compose_page() -> str:
    """The page in HTML, with ``PLOTS_PLACE`` in it; composing it takes seconds."""
    import vl_convert  # noqa: PLC0415 -- holds a JavaScript engine

    bundle: str = vl_convert.javascript_bundle(_DRAW, vl_version=VEGA_LITE)
    # A text in the libraries must neither end the element that holds them nor be taken for a place of DVC's.
    script = bundle.replace("</script", "<\\/script").replace("{plot_divs}", "{ plot_divs}")
    return _PAGE.format(script=script, plots=PLOTS_PLACE)
