"""The page that ``dvc plots`` fills: it holds the libraries that draw, so that it needs no network.

DVC's own page loads Vega from the internet. ``python -m sparkle_curation.plots_page FILE`` writes one that has it in.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sparkle_curation.datasets.atomic import atomic_file

VEGA_LITE = "5.21"
"""DVC's templates are written for Vega-Lite 5."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>sparkle-curation: plots</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; }}
</style>
<script>{script}</script>
</head>
<body>
{{plot_divs}}
</body>
</html>
"""


def compose_page() -> str:
    """The page with ``{plot_divs}`` where DVC puts the plots."""
    import vl_convert  # noqa: PLC0415 -- holds a JavaScript engine

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # A text in the libraries must not end the element that holds them.
    return _PAGE.format(script=bundle.replace("</script", "<\\/script"))


def main() -> None:
    """Write the page to the file that the command names."""
    (target,) = map(Path, sys.argv[1:])
    with atomic_file(target) as temporary:
        temporary.write_text(compose_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
