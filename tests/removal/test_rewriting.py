"""Files without the records that tell of a clip."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from sparkle_curation.removal.contents import UnreadableError, pieces
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.plan import Action, make_plan
from sparkle_curation.removal.rewriting import rewrite_lines, rewrite_parquet

ID, OTHER = "Sparkle_time_000001", "Sparkle_time_000002"
NEEDLES = Needles(frozenset({ID}), frozenset({'Make it "night" & cold, über all'}))


def test_a_record_of_a_csv_goes_with_all_its_lines(tmp_path: Path) -> None:
    """Every other byte stays, odd quotes and ends of lines too."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,x\r\n" + f'"{OTHER}","a\nb"\r\n{ID},"c\nd"\n'.encode() + b"last,\xff")
    assert rewrite_lines(path, NEEDLES, is_dry=True) == 1
    assert rewrite_lines(path, NEEDLES, is_dry=False) == 1
    assert path.read_bytes() == b"id,x\r\n" + f'"{OTHER}","a\nb"\r\n'.encode() + b"last,\xff"


def test_rows_of_a_table_go_wherever_they_tell(tmp_path: Path) -> None:
    """In a nested column too; the metadata of the file stay."""
    path = tmp_path / "a.parquet"
    frame = pl.DataFrame({"id": [OTHER, "x", "y"], "seen": [[{"with": OTHER}], [{"with": ID}], []]})
    frame.write_parquet(path, metadata={"sparkle.format_version": "1"})
    assert rewrite_parquet(path, NEEDLES, is_dry=False) == 1
    assert pl.read_parquet(path)["id"].to_list() == [OTHER, "y"]
    assert pl.read_parquet_metadata(path)["sparkle.format_version"] == "1"


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda content: pa.compress(content, "gzip", asbytes=True),
        lambda content: b"data:text/plain;base64," + base64.b64encode(content),
        lambda content: gzip.compress(b"data:;base64," + base64.b64encode(gzip.compress(content))),
    ],
)
def test_packed_bytes_are_looked_into(pack, tmp_path: Path) -> None:
    """Whatever packs them, one in the other."""
    (tmp_path / "a").write_bytes(pack(f"a text of {ID}, longer than a few letters".encode()))
    assert any(NEEDLES.are_in(piece) for piece in pieces(tmp_path / "a"))


@pytest.mark.parametrize(
    "text",
    [
        'Make it "night" & cold, über all',
        '{"prompt": "Make it \\"night\\" & cold, \\u00fcber all"}',
        "<p>Make it &quot;night&quot; &amp; cold, über all</p>",
        "<p>Make it &#34;night&#34; &amp; cold, über all</p>",
        '"Make it ""night"" & cold, über all",x',
    ],
)
def test_a_prompt_is_known_in_each_form(text: str) -> None:
    """As JSON, HTML, Jinja and CSV write it."""
    assert NEEDLES.are_in(text.encode())
    assert not NEEDLES.are_in(text.replace("cold", "warm").encode())


def test_a_plan_takes_the_least_that_holds_it(tmp_path: Path) -> None:
    """Rows where there are rows, files where there are none, sets whole; what is of others, or raw, is in no step."""
    files = {
        "01_raw/release/prompts/a.csv": ID,
        "02_intermediate/a.csv": f"id\n{ID}\n{OTHER}\n",
        "05_model_input/kiwi_edit/README.md": "a card",
        "05_model_input/kiwi_edit/prompts/a.csv": f"id\n{ID}\n",
        f"05_model_input/extracted/{ID}.mp4": "x",
        f"05_model_input/extracted/{OTHER}.mp4": "x",
        "08_reporting/a.json": f'["{ID}"]',
        "08_reporting/b.json": f'["{OTHER}"]',
        "08_reporting/sheet.png": "a picture",
        "08_reporting/page.html": '<img src="data:image/png;base64,AAAA">',
        "08_reporting/plain.html": "<p>7 samples</p>",
        "08_reporting/torn.parquet": "PAR1 torn",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "loop").symlink_to(tmp_path)
    steps = {step.path.relative_to(tmp_path).as_posix(): step.action for step in make_plan(tmp_path, NEEDLES)}
    assert steps == {
        f"05_model_input/extracted/{ID}.mp4": Action.FILE,
        "05_model_input/kiwi_edit": Action.FOLDER,
        "08_reporting/a.json": Action.FILE,
        "08_reporting/page.html": Action.FILE,
        "08_reporting/sheet.png": Action.FILE,
        "08_reporting/torn.parquet": Action.FILE,
        "02_intermediate/a.csv": Action.ROWS,
    }


def test_a_torn_archive_is_told(tmp_path: Path) -> None:
    """Nobody can say what stands in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", ID * 50)
    (tmp_path / "a.npz").write_bytes(content.getvalue()[:-30])
    with pytest.raises(UnreadableError):
        list(pieces(tmp_path / "a.npz"))
