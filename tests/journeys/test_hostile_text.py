"""A release and a description whose every text is hostile: each is shown as text wherever people look, and nothing runs."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.browser import look_at
from tests.expectations.damage import Release
from tests.journeys.derived import ProjectCopy
from tests.markdown import rendered

from sparkle_curation.escaping import terminal_text, visible
from sparkle_curation.spec.tables.ingested import JSONL_TABLES

pytestmark = pytest.mark.slow

RUN = "document.title='ran'"
IMAGE = f"""<img src=x onerror="{RUN}">"""
HOSTILE = (
    f"""=HYPERLINK("http://x","y"){IMAGE}<script>{RUN}</script><a href='javascript:{RUN}'>b</a>|`c``[d](javascript:{RUN})"""
    """[bold red]e[/]%{x}\x1b]0;ran\x07\x1b[2J\u202ef</td></pre>-->"""
)
NAME = f"=1+{IMAGE}[red]`|\x1b[31m\u202e"
"""Of a file: short, and without a slash."""
THEME = "time"
FIELDS = ("title", "summary", "edit_type", "id", "terms", "repository", "paper")


def poisoned(value: Any) -> Any:
    """A value of a record with hostile text in place of each text, and in an unknown member."""
    if isinstance(value, str):
        return HOSTILE + value
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    if isinstance(value, dict):
        return {key: poisoned(each) for key, each in value.items()} | {HOSTILE: HOSTILE}
    return value


def poison_release(release: Release) -> None:
    """Make hostile what a theme's files say: of a sample all texts, of another the id, of rows prompt and paths; a name."""
    for table in ("annotations", *JSONL_TABLES):
        first, second, *others = release.records(THEME, table)
        hostile = {**poisoned(first), "id": first["id"]}
        release.write(THEME, table, [hostile, {**second, "id": second["id"] + HOSTILE}, *others])
    rows = release.csv_rows(THEME)
    ids = [record["id"] for record in release.records(THEME, "annotations")]
    for row in rows:
        row["prompt"] = (
            HOSTILE + row["prompt"] + "\0" * (row["task"] in ids[4:])
        )  # a report tells such prompts
        if row["task"] in ids[2:4]:
            row.update(src_video=HOSTILE + row["src_video"], tgt_video=HOSTILE + row["tgt_video"])
    rows[-1]["task"] = HOSTILE + rows[-1]["task"]
    release.write_csv(THEME, rows)
    with release.path(THEME, "annotations").open("a", encoding="utf-8") as file:
        file.write(f"{{{HOSTILE}\n")
    (release.root / "intermediate_data" / THEME / NAME).write_text("x")


def poison_description(dataset: dict[str, Any]) -> None:
    """Make hostile each text of a description that may be any."""

    def walk(part: Any) -> None:
        for each in part.values() if isinstance(part, dict) else part:
            if isinstance(each, (dict, list)):
                walk(each)
        if isinstance(part, dict):
            part.update({name: poisoned(part[name]) for name in FIELDS if isinstance(part.get(name), str)})

    walk(dataset)
    dataset["tags"] = poisoned(dataset["tags"])


@dataclass(frozen=True)
class Outcome:
    """What runs left: their outputs, and what they said on the terminal."""

    data_root: Path
    said: str

    def report(self, name: str) -> Path:
        """A file of the reports."""
        return self.data_root / "08_reporting" / name

    @property
    def card(self) -> Path:
        """The card of the variant."""
        return self.data_root / "05_model_input" / "kiwi_edit" / "README.md"


@pytest.fixture(scope="module")
def outcome(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All that is made of a hostile release, compared with a hostile folder of training CSVs; read only."""
    folder = tmp_path_factory.mktemp("hostile")
    release = Release(shutil.copytree(sample_release, folder / "release"))
    poison_release(release)
    project = ProjectCopy(folder / "project")
    project.change_dataset(poison_description)
    base = folder / "base"
    shutil.copytree(release.root / "prompts", base, ignore=shutil.ignore_patterns("*.jsonl"))
    data_root = folder / "data"
    said = ""
    for pipelines, params in (
        ("curate,near_duplicates,report", f"release_root={release.root}"),
        ("diff", f"base={base}"),
    ):
        finished = project.run("--pipelines", pipelines, "--params", f"{params},data_root={data_root}")
        said += finished.stdout + finished.stderr
        assert finished.returncode == 0, said
    return Outcome(data_root, said)


def test_no_text_becomes_a_part_of_what_a_browser_shows(outcome: Outcome, tmp_path: Path) -> None:
    """In no page, and in card and summary as a renderer shows them that allows everything: text to be read, no element."""
    pages = {path.stem: path.read_text("utf-8") for path in outcome.report("data_docs").rglob("*.html")}
    assert len(pages) > len(JSONL_TABLES)
    # What lets nothing run keeps a fault from being seen.
    pages = {name: re.sub(r"<meta http-equiv[^>]*>", "", page) for name, page in pages.items()}
    for name, path in {"card": outcome.card, "summary": outcome.report("variant_diff_summary.md")}.items():
        pages[name] = rendered(path.read_text("utf-8").rpartition("\n---\n")[2])
    # The pictures of the variant are meant to be there.
    pages["card"], count = re.subn(r'<img src="pictures/[a-z.]+" alt="[^"<>]*" ?/?>', "", pages["card"])
    variant = re.sub(r"<meta http-equiv[^>]*>", "", outcome.report("variant.html").read_text("utf-8"))
    pages["variant"], shown = re.subn(r'<img class="sheet" src="[^"<>]+" alt="[^"<>]+">', "", variant)
    assert (count, shown) == (2, 1)
    seen = look_at({**pages, "control": f"<title>still</title>{IMAGE}"}, tmp_path)
    assert seen.pop("control").title == "ran"
    for name, page in seen.items():
        assert page.title != "ran", name
        assert not page.tags & {"img", "script"}, name
        assert page.protocols <= {"file:", "https:"}, name
    for name in ("annotations", "grounding_r1", "card", "summary"):
        assert IMAGE in seen[name].text, name
    assert visible(HOSTILE) + "Sparkle variant" in seen["card"].text


def test_a_hub_reads_the_true_text_of_the_card(outcome: Outcome) -> None:
    """Its front matter is data."""
    front = yaml.safe_load(outcome.card.read_text("utf-8").split("\n---\n")[0])
    assert front["tags"][0] == HOSTILE + "video-editing"
    assert front["pretty_name"].startswith(HOSTILE)


def test_figures_and_what_dvc_plots_hold_none_of_it(outcome: Outcome) -> None:
    """Names, which the description checks, and numbers alone."""
    figures = list(outcome.report("").glob("*_figure.json"))
    plotted = [outcome.report(f"{name}.csv") for name in ("funnel", "score_histograms")]
    assert figures
    for path in (*figures, *plotted):
        assert "HYPERLINK" not in path.read_text("utf-8"), path


def test_no_cell_of_a_report_is_a_formula(outcome: Outcome) -> None:
    """What a spreadsheet would calculate is a number or a text with an apostrophe."""
    cells = set()
    for path in outcome.report("").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            cells |= {cell for row in csv.reader(file) for cell in row}
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert [cell for cell in cells if re.match(r"[=+@\t\r\n-](?![0-9.]+$)", cell)] == []


def test_nothing_steers_the_terminal_of_a_run(outcome: Outcome) -> None:
    """The log names unknown members, as text."""
    assert terminal_text(outcome.said) == outcome.said
    assert "=HYPERLINK" in outcome.said
