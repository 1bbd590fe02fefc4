"""The pictures of a variant, its card and its page, of the sample release."""

from __future__ import annotations

import io
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest
from PIL import Image
from tests.browser import needs_chromium, show
from tests.conftest import Project
from tests.expectations.pages.test_data_docs import MET, report
from tests.markdown import rendered

from sparkle_curation.datasets import DataDocsDataset
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.reports.sheet.variant_sheet import MAX_BYTES, encode_small
from sparkle_curation.reports.variant_pictures import draw_pictures
from sparkle_curation.variant.pictures import SAMPLES, SCORES, Pictures

VARIANT = ("05_model_input", "kiwi_edit")
AT = {"edited_frame0": 8.5, "foreground_removed": 8.5, "edited_video": 8.5}


@pytest.fixture(scope="module")
def done(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, curated at 8.5."""
    folder = tmp_path_factory.mktemp("family")
    shutil.copytree(sample_release, folder / "release")
    project = Project(release_root=folder / "release", data_root=folder / "data root")
    for pipeline in ("ingest", "inspect", "filter"):
        project.run_here(pipeline, params={"threshold": 8.5})
    pages = {
        "Variant": project.output("08_reporting", "variant.html"),
        "Card": project.output(*VARIANT, "README.md"),
        "Data Docs": project.output("08_reporting", "data_docs", "index.html"),
    }
    docs = DataDocsDataset(
        filepath=str(pages["Data Docs"].parent),
        release="a release",
        pages={name: str(path) for name, path in pages.items()},
    )
    docs.save(([report("assets", MET)], "0123"))
    return project


def draw(done: Project, release: Path | None = None, count: int | None = None) -> Pictures:
    """The pictures of what the project has, or of the first samples alone, with the clips of a release."""
    verdicts = pl.read_parquet(done.output("03_primary", "verdicts.parquet"))
    kept = verdicts.filter("is_kept").select("id", "theme").head(verdicts.height if count is None else count)
    samples = kept.with_columns(
        pl.lit("a prompt").alias("prompt"), pl.lit("a <word>").alias("chosen_keyword")
    )
    media = pl.read_parquet(done.output("02_intermediate", "media.parquet"))
    store = AssetStore(str(release or done.release_root), done.output("02_intermediate", "assets.parquet"))
    return draw_pictures(samples, verdicts, AT, media, store)


def test_the_same_variant_has_the_same_pictures(done: Project) -> None:
    """Byte for byte, and the sheet is small."""
    first, second = draw(done), draw(done)
    assert first == second
    assert sorted(first.files) == [SAMPLES, SCORES]
    assert len(first.files[SAMPLES]) <= MAX_BYTES
    with Image.open(io.BytesIO(first.files[SAMPLES])) as image:
        assert 700 < image.width < 1200


def test_clips_that_are_not_at_hand_are_told(done: Project, tmp_path: Path) -> None:
    """And no error: the scores are drawn all the same; so it is where no pair is left."""
    gone = draw(done, release=tmp_path)
    assert sorted(gone.files) == [SCORES]
    assert "could not be read" in gone.about_samples
    assert (sorted(draw(done, count=0).files), draw(done, count=0).about_samples) == (
        [SCORES],
        "There are no pairs to show.",
    )


def test_without_scores_none_are_drawn(done: Project) -> None:
    """Empty axes would say nothing."""
    store = AssetStore(str(done.release_root), done.output("02_intermediate", "assets.parquet"))
    verdicts = pl.read_parquet(done.output("03_primary", "verdicts.parquet"))
    unscored = verdicts.with_columns(pl.lit(None, pl.Float64).alias(f"{name}_score") for name in AT)
    assert draw_pictures(verdicts.clear(), unscored, AT, pl.DataFrame(), store).files == {}


def test_a_sheet_of_many_colours_is_kept_small() -> None:
    """Noise, which PNG cannot make smaller, is drawn in fewer colours."""
    noise = Image.effect_noise((700, 400), 90).convert("RGB")
    assert len(encode_small(noise)) < 700 * 400


def test_the_scores_are_drawn_with_their_thresholds(done: Project) -> None:
    """A dashed line for each stage, the number of samples that pass as the verdicts have it, and words for the blind."""
    svg = draw(done).files[SCORES].decode()
    root = ET.fromstring(svg)  # noqa: S314 -- drawn just now
    texts = ["".join(each.itertext()) for each in root.iter() if each.tag.endswith("text")]
    verdicts = pl.read_parquet(done.output("03_primary", "verdicts.parquet"))
    passing = verdicts.filter(pl.col("edited_video_score") >= 8.5).height
    scored = verdicts["edited_video_score"].count()
    assert f"{passing} of {scored} ≥ 8.5" in texts
    assert texts.count("8.5") == 3
    assert svg.count('class="now"') == 3
    title = next(each for each in root.iter() if each.tag.endswith("title"))
    assert f"edited video ≥ 8.5: {passing} of {scored} samples with a score" in (title.text or "")


def test_the_card_shows_the_pictures_that_lie_beside_it(done: Project) -> None:
    """Each with words in its place, at a path that is there."""
    card = done.output(*VARIANT, "README.md").read_text(encoding="utf-8")
    shown = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', rendered(card.partition("\n---\n\n")[2]))
    assert [path for path, _ in shown] == [SAMPLES, SCORES]
    assert all(done.output(*VARIANT, path).is_file() and words for path, words in shown)


class Links(HTMLParser):
    """The addresses of a page, and the words of its pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.alts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what leads elsewhere."""
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("href", "src") if name in found]
        self.alts += [found.get("alt") or ""] if tag == "img" else []


def test_the_pages_lead_to_each_other(done: Project) -> None:
    """From wherever they lie in the data root, blanks in its name or not; each begins with what it is of."""
    reports = done.output("08_reporting")
    pages = [
        reports / "variant.html",
        reports / "data_docs/index.html",
        reports / "data_docs/tables/assets.html",
    ]
    other = {"contact_sheet.png", "plots_page.html"}  # of pipelines that make them when they are asked to
    for page in pages:
        text = page.read_text(encoding="utf-8")
        links = Links(text)
        targets = {(page.parent / unquote(each.partition("#")[0] or page.name)) for each in links.addresses}
        assert {each.name for each in targets if not each.is_file()} <= other
        assert {"variant.html", "README.md", "index.html"} <= {each.name for each in targets}
        assert all(links.alts)
        assert ("<dt>Release</dt>" in text, text.count("<h1>"), 'aria-current="' in text) == (True, 1, True)
    variant = pages[0].read_text(encoding="utf-8")
    assert "edited_frame0 ≥ 8.5, foreground_removed ≥ 8.5, edited_video ≥ 8.5" in variant
    assert "<dt>Variant</dt>" in variant


@needs_chromium
def test_a_browser_shows_the_pictures_of_the_page(done: Project, tmp_path: Path) -> None:
    """Its policy lets it load those beside it: where it does not, the sheet's green leaves are not on the screen."""
    page = done.output("08_reporting", "variant.html")
    show(page.as_uri(), tmp_path / "with.png", size_px=(1280, 2200))
    page.with_name("without.html").write_text(
        page.read_text(encoding="utf-8").replace("img-src 'self' file:", "img-src 'none'"), encoding="utf-8"
    )
    show(page.with_name("without.html").as_uri(), tmp_path / "without.png", size_px=(1280, 2200))
    with Image.open(tmp_path / "with.png") as shown, Image.open(tmp_path / "without.png") as blank:
        assert len(shown.getcolors(1 << 24) or []) > 2 * len(blank.getcolors(1 << 24) or [])
