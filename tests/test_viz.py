"""The site that `kedro viz build` makes of this project: what is in it, and what a browser shows of it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import pytest
from PIL import Image
from tests.browser import needs_chromium, served, show

from sparkle_curation.datasets import ReportCSVDataset, TextDataset

pytestmark = pytest.mark.slow

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "pipeline.png"
PATIENCE_MS = 15_000
LAYERS = ["raw", "intermediate", "validation", "primary", "reporting", "model_input"]
"""Of `curate`, in their order. The variant comes last: its card tells the counts of the reports."""
ENDS = {"model_output", "reporting", "model_input"}
"""Layers of which a pipeline has one behind the other as it needs them, all behind the others."""
UNSEEN = ("MemoryDataset", "DataDocsDataset", "JournalDataset", "LeanTablesDataset")

HOSTILE = (
    """<img src=x onerror="document.title='ran'"><script>document.title='ran'</script>"""
    """[a](x" autofocus onfocus="document.title='ran')"""
)
"""The link would run in a preview that is HTML, escaped or not."""

LIKE_IN_PRINT = {
    "theme": "light",
    "showFeatureHints": False,
    "visible": {"graph": True, "code": False, "sidebar": False, "miniMap": False},
}
"""What Kedro-Viz remembers of a visitor: one who has seen its hints and has put away what is beside the graph."""


@dataclass(frozen=True)
class Site:
    """A built site.

    Attributes:
        folder: its files.
        project: the project that it was built of.
    """

    folder: Path
    project: Path

    def graph(self, pipeline: str) -> dict[str, Any]:
        """What the page is told of a pipeline."""
        return self._read(f"pipelines/{pipeline}")

    def layers(self, pipeline: str) -> list[str]:
        """The layers of a pipeline as they are drawn, from left to right; those without a dataset in it are not."""
        graph = self.graph(pipeline)
        drawn = {node.get("layer") for node in graph["nodes"]}
        return [layer for layer in graph["layers"] if layer in drawn]

    def metadata(self, name: str) -> dict[str, Any]:
        """What the page is told of a node or dataset."""
        return self._read(f"nodes/{self.ids[name]}")

    @cached_property
    def ids(self) -> dict[str, str]:
        """The id of each node and dataset by its name."""
        return {node["name"]: node["id"] for node in self._read("main")["nodes"]}

    def _read(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((self.folder / "api" / path).read_text(encoding="utf-8"))
        return answer


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, checkout: Path, sample_release: Path) -> Site:
    """The site of this project after a run, with a figure in the place of one of its tables.

    The project is a copy, so that neither the run nor the site is left in the checkout.
    """
    project = tmp_path_factory.mktemp("project")
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(checkout / name, project)
    for name in ("src", "conf"):
        ignored = shutil.ignore_patterns("local", "__pycache__", "*.egg-info")
        shutil.copytree(checkout / name, project / name, ignore=ignored)
    local = project / "conf" / "local"
    local.mkdir()
    (local / "globals.yml").write_text(f"release_root: {sample_release}\n", encoding="utf-8")
    kedro(project, "run")
    reports = project / "data" / "08_reporting"
    prompts = pl.DataFrame({"id": [HOSTILE], "theme": ["time"], "prompt": [HOSTILE]})
    ReportCSVDataset(filepath=str(reports / "prompt_warnings.csv")).save(prompts)
    TextDataset(filepath=str(reports / "variant_diff_summary.md")).save(HOSTILE)
    figure = go.Figure(go.Bar(x=["known", "kept"], y=[120, 80]), {"title": {"text": "A small funnel"}})
    (project / "figure.json").write_text(str(figure.to_json()), encoding="utf-8")
    (local / "catalog.yml").write_text(
        "funnel_table:\n  type: plotly.JSONDataset\n  filepath: figure.json\n"
        "  metadata: { kedro-viz: { layer: reporting } }\n",
        encoding="utf-8",
    )
    kedro(project, "viz", "build", "--include-previews")
    return Site(project / "build", project)


def kedro(project: Path, *arguments: str) -> None:
    """Run a command of Kedro in a project, as a person would who has set nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "DO_NOT_TRACK"}
    finished = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said
    for fault in ("circular", "could not be previewed", "ERROR"):
        assert fault not in " ".join(said.split()), said


# ------------------------------------------------------------------ what is in it
def test_the_last_run_is_shown(site: Site) -> None:
    """Each of its nodes with its status and how long it took, saving and all."""
    told = json.loads((site.folder / "api" / "run-status").read_text(encoding="utf-8"))
    tasks = [node for node in site.graph("curate")["nodes"] if node["type"] == "task"]
    assert told["pipeline"]["status"] == "success"
    assert {node["id"] for node in tasks} == set(told["nodes"])
    assert all(each["status"] == "success" for each in told["nodes"].values())


def test_every_pipeline_can_be_selected(site: Site) -> None:
    """`curate` among them; layers stand in the order in which data goes through them, from raw to what is made of it."""
    named = {pipeline["id"] for pipeline in site.graph("curate")["pipelines"]}
    assert {"ingest", "validate", "filter", "curate", "__default__"} <= named
    layers = {name: site.layers(name) for name in named}
    assert layers["curate"] == LAYERS
    assert [name for name in named if not layers[name]] == []
    places = {name: [4 if each in ENDS else LAYERS.index(each) for each in layers[name]] for name in named}
    assert {name: layers[name] for name in named if places[name] != sorted(places[name])} == {}


def test_every_dataset_has_a_layer_and_is_seen(site: Site) -> None:
    """All that is kept shows rows, a figure or JSON."""
    datasets = [node for node in site.graph("curate")["nodes"] if node["type"] == "data"]
    assert len(datasets) > 50
    assert [node["name"] for node in datasets if node["layer"] is None] == []
    assert [
        node["name"]
        for node in datasets
        if not node["dataset_type"].endswith(UNSEEN) and not site.metadata(node["name"])["preview"]
    ] == []


def test_every_node_shows_its_code_and_what_comes_out(site: Site) -> None:
    """The source begins with the function's name and a sentence about its result."""
    nodes = [node["name"] for node in site.graph("curate")["nodes"] if node["type"] == "task"]
    odd = [
        name
        for name in nodes
        if not re.match(
            rf'def ({name}|ingest_records)\(.*?\) -> .*?:\n    """[A-Z]',
            site.metadata(name)["code"],
            re.DOTALL,
        )
    ]
    assert odd == []


def test_tables_show_rows_and_their_count(site: Site) -> None:
    """The count is of the whole table, the rows are its first; also of the variant and of a report."""
    verdicts = site.metadata("verdicts")
    assert verdicts["stats"]["rows"] == 120
    assert verdicts["stats"]["columns"] == len(verdicts["preview"]["columns"])
    assert len(verdicts["preview"]["data"]) == 20
    assert site.metadata("variant_samples")["stats"]["rows"] == 80
    assert site.metadata("funnel")["stats"]["rows"] == 18


def test_the_page_tells_nobody(site: Site) -> None:
    """No telemetry in it; the one thing that it would ask for elsewhere is a font, which `make viz` takes out."""
    page = (site.folder / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r'(?:src|href)="https?://([^/"]+)', page)) == {
        "fonts.googleapis.com",
        "fonts.gstatic.com",
    }
    assert "heap" not in page


# ------------------------------------------------------------------ what a browser shows
@needs_chromium
def test_a_browser_shows_nodes_and_layers(site: Site, tmp_path: Path) -> None:
    """The graph of `curate`: a box for each pipeline that unfolds, what goes between them, and the layers' names."""
    with served(site.folder) as address:
        picture = tmp_path / "curate.png"
        dom = show(f"{address}/?pid=curate", picture, patience_ms=PATIENCE_MS, until="pipeline-layer-name")
    shown = set(re.findall(r'class="pipeline-node__text"[^>]*>([^<]+)<', dom))
    assert {"ingest", "inspect", "validate", "filter"} <= {name.lower() for name in shown}, sorted(shown)
    assert "apply_thresholds" not in shown
    assert len(shown) < 80
    layers = re.findall(r'class="[^"]*pipeline-layer-name[^"]*"[^>]*>([^<]+)<', dom)
    assert set(LAYERS) <= set(layers)


@needs_chromium
def test_a_browser_draws_a_figure(site: Site, tmp_path: Path) -> None:
    """A figure that is kept as JSON is drawn beside the graph, not listed."""
    with served(site.folder) as address:
        page = f"{address}/?pid=curate&sid={site.ids['funnel_table']}"
        dom = show(page, tmp_path / "figure.png", patience_ms=PATIENCE_MS, until="js-plotly-plot")
    assert "js-plotly-plot" in dom
    assert ">A small funnel<" in dom


@needs_chromium
@pytest.mark.parametrize(
    ("pipeline", "name"), [("curate", "prompt_warnings"), ("diff", "variant_diff_summary")]
)
def test_text_of_a_release_does_not_run(site: Site, tmp_path: Path, pipeline: str, name: str) -> None:
    """In the preview of a table and in that of a text it is shown as it is."""
    (place,) = (node["id"] for node in site.graph(pipeline)["nodes"] if node["name"] == name)
    with served(site.folder) as address:
        page = f"{address}/?pid={pipeline}&sid={place}"
        dom = show(page, tmp_path / "preview.png", patience_ms=PATIENCE_MS, until="onerror=")
    assert html.escape(HOSTILE, quote=False) in dom
    assert "<title>ran" not in dom
    assert "<img src=x" not in dom
    assert " onfocus" not in "".join(re.findall(r"<[^>]*>", dom))


@needs_chromium
def test_a_browser_shows_the_picture_of_the_readme(
    site: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The verdicts in the graph, their counts and first rows; `make picture` writes it to `docs/images/`."""
    folder = shutil.copytree(site.folder, tmp_path / "site")
    remember(folder, LIKE_IN_PRINT)
    for answer in (folder / "api" / "nodes").iterdir():  # a picture is of no machine in particular
        text = answer.read_text(encoding="utf-8")
        answer.write_text(text.replace(f"{site.project}/", ""), encoding="utf-8")
    picture = tmp_path / "pipeline.png"
    with served(folder) as address:
        page = f"{address}/?pid=curate&sid={site.ids['verdicts']}"
        rows = 'data-test="metadata-stats-value-rows">120<'
        dom = show(page, picture, size_px=(2000, 1250), patience_ms=PATIENCE_MS, until=rows)
    assert rows in dom
    assert "Sparkle_location_000000" in dom
    with Image.open(picture) as image:
        assert image.size == (2000, 1250)
        assert len(image.getcolors(1 << 24) or []) > 20  # something is drawn
        if request.config.getoption("--update-golden"):
            PICTURE.parent.mkdir(exist_ok=True)
            small = image.convert("RGB").resize((1600, 1000), Image.Resampling.LANCZOS)
            small.quantize(256, kmeans=2).save(PICTURE, optimize=True)


def remember(folder: Path, state: dict[str, object]) -> None:
    """Let the page find this state, as if the visitor had been there before."""
    script = f"<script>localStorage.setItem('KedroViz', {json.dumps(json.dumps(state))})</script>"
    page = folder / "index.html"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace('<script type="module"', f'{script}<script type="module"', 1), encoding="utf-8"
    )
