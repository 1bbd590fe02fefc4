"""Files without the records that tell of a clip."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

from sparkle_curation.engine.journal.records import FIRST_LINE, framed
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


def test_a_dictionary_keeps_the_texts_of_other_rows_alone(tmp_path: Path) -> None:
    """Of categories, nested ones too: the row goes, no other one, and its text is not left among the dictionary's."""
    words = pa.dictionary(pa.int32(), pa.string())
    table = pa.table(
        {"id": pa.array([OTHER, ID], words), "seen": pa.array([[OTHER], ["x"]], pa.list_(words))}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert rewrite_parquet(tmp_path / "a.parquet", NEEDLES, is_dry=False) == 1
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [{"id": OTHER, "seen": [OTHER]}]
    assert ID.encode() not in (tmp_path / "a.parquet").read_bytes()


@pytest.mark.parametrize(
    ("columns", "metadata"),
    [({"id": [ID, OTHER]}, {"made_of": ID}), ({"name": [OTHER], ID: [1]}, {})],
    ids=["metadata", "a column"],
)
def test_a_table_that_is_about_it_goes_whole(
    columns: dict[str, list[object]], metadata: dict[str, str], tmp_path: Path
) -> None:
    """No row takes with it what stands in the metadata, or in the name of a column."""
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet", metadata=metadata)
    (step,) = make_plan(tmp_path, NEEDLES)
    assert step.action is Action.FILE


def database(content: bytes) -> bytes:
    """A database of SQLite whose text goes over several of its pages."""
    with sqlite3.connect(":memory:") as base:
        base.execute("create table t (a text)")
        base.execute("insert into t values (?)", (content.decode() + "x" * 3000 + content.decode(),))
    return base.serialize()


def arrow_file(content: bytes) -> bytes:
    """A packed file of Arrow."""
    file = io.BytesIO()
    pl.DataFrame({"a": [content.decode()]}).write_ipc(file, compression="zstd")
    return file.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        bz2.compress,
        lzma.compress,
        lambda content: pa.compress(content, "lz4", asbytes=True),
        lambda content: pa.compress(content, "zstd", asbytes=True),
        database,
        arrow_file,
        gzip.compress,
        lambda content: pa.compress(content, "gzip", asbytes=True),
        lambda content: b"data:text/plain;base64," + base64.b64encode(content),
        lambda content: gzip.compress(b"data:;base64," + base64.b64encode(gzip.compress(content))),
    ],
)
def test_packed_bytes_are_looked_into(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Whatever packs them, one in the other."""
    (tmp_path / "a").write_bytes(pack(f"a text of {ID}, longer than a few letters".encode()))
    assert any(NEEDLES.are_in(piece) for piece in pieces(tmp_path / "a"))


def test_what_cannot_be_looked_into_goes(tmp_path: Path) -> None:
    """As a database of DuckDB, or a note of a walk, which are packed; a text that begins like a packed file is a text."""
    (tmp_path / "a.duckdb").write_bytes(bytes(8) + b"DUCK" + bytes(500))
    (tmp_path / "a.txt").write_text("BZhello\nOrchids\n")
    (tmp_path / "b.walk").write_bytes(FIRST_LINE + framed(b"headers of a shard, packed"))
    steps = make_plan(tmp_path, NEEDLES)
    assert {step.path.name: step.reason for step in steps} == {
        "a.duckdb": "a file in which nobody can look for it (ValueError: a file of DuckDB)",
        "b.walk": "what a killed run left",
    }


@pytest.mark.parametrize(
    "write",
    [
        bytes.hex,
        lambda digest: digest.hex().upper(),
        lambda digest: f"sha256:{digest.hex()};",
        lambda digest: f"0000{digest.hex()}",
        lambda digest: base64.b64encode(digest).decode(),
        lambda digest: digest,
    ],
)
def test_a_hash_is_known_in_each_form(write: Callable[[bytes], str | bytes]) -> None:
    """In digits, in base64 and as it is; another one is not taken for it."""
    own, other = hashlib.sha256(b"own").digest(), hashlib.sha256(b"other").digest()
    needles = Needles(frozenset(), hashes=frozenset({own.hex()}))
    for digest in (own, other):
        form = write(digest)
        content = form if isinstance(form, bytes) else f'{{"etag": "{form}"}}'.encode()
        assert needles.are_in(content) == (digest == own)


def test_pictures_of_notebooks_and_copies_without_an_ending_go(tmp_path: Path) -> None:
    """What is shown cannot be told; a copy is known by its bytes; a file of another sample with the same bytes stays."""
    content = b"a clip"
    needles = Needles(
        frozenset({ID}),
        sizes=frozenset({len(content)}),
        file_hashes=frozenset({xxhash.xxh3_128_hexdigest(content)}),
    )
    for name in ("copy", f"{OTHER}.npz"):
        (tmp_path / name).write_bytes(content)
    output = {"data": {"image/png": "iVBORw0KGgo="}}
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [{"outputs": [output]}]}))
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [{"source": "image/png"}]}))
    assert [step.path.name for step in make_plan(tmp_path, needles)] == ["a.ipynb", "copy"]


@pytest.mark.parametrize(
    "text",
    [
        "/?q=Make%20it%20%22night%22%20%26%20cold%2C%20%C3%BCber%20all",
        "q=Make+it+%22night%22+%26+cold%2C+%C3%BCber+all",
        json.dumps(json.dumps({"prompt": 'Make it "night" & cold, über all'})),
        "{&quot;prompt&quot;: &quot;Make it \\&quot;night\\&quot; &amp; cold, über all&quot;}",
        repr({"prompt": 'Make it "night" & cold, über all'}),
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
