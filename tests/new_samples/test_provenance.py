"""The file that says where clips are from: CSV or JSONL, what is odd, what cannot be read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sparkle_curation.errors import FileError
from sparkle_curation.new_samples.clips.clip_provenance import (
    COLUMNS,
    find_provenance,
    match_provenance,
    read_provenance,
)
from sparkle_curation.spec.codes.new_sample_codes import ProvenanceFault

TEXTS = {
    "provenance.csv": '\ufeffclip,licence,note\na.mp4,cc0-1.0,x\n"b, c.mp4",,y\n',
    "p.jsonl": '{"clip": "a.mp4", "licence": "cc0-1.0"}\n\n{"clip": "b, c.mp4", "licence": null, "creator": " "}\n',
}


@pytest.mark.parametrize("name", TEXTS)
def test_csv_and_jsonl_say_the_same(tmp_path: Path, name: str) -> None:
    """A mark of UTF-8, blank lines and cells, and columns of others do no harm."""
    (tmp_path / name).write_text(TEXTS[name], encoding="utf-8")
    found = read_provenance(tmp_path / name)
    assert found.columns == list(COLUMNS)
    assert found.select("clip", "licence", "creator").rows() == [
        ("a.mp4", "cc0-1.0", None),
        ("b, c.mp4", None, None),
    ]


def test_file_of_the_folder_is_found_and_none_gives_no_rows(tmp_path: Path) -> None:
    """Where none is given and none there, nothing is known."""
    assert find_provenance(str(tmp_path), None) is None
    assert read_provenance(None).is_empty()
    (tmp_path / "provenance.jsonl").write_text("{}\n")
    assert find_provenance(str(tmp_path), None) == tmp_path / "provenance.jsonl"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"clip,licence\n\xff,x\n"), ("a.jsonl", b"[1]\n"), ("b.jsonl", b"{"), ("b.csv", b"name\nx\n")],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    """Not UTF-8, a line that is no object, no JSON, no column of clips."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match="provenance cannot be read"):
        read_provenance(tmp_path / name)


def test_records_of_no_clip_and_second_ones_are_told(tmp_path: Path) -> None:
    """The first record of a clip holds."""
    (tmp_path / "p.csv").write_text("clip,licence\na,1\na,2\nnone,3\n")
    own, odd = match_provenance(pl.Series(["a", "b"]), read_provenance(tmp_path / "p.csv"))
    assert own.select("clip", "licence").rows() == [("a", "1")]
    assert odd == {ProvenanceFault.NO_SUCH_CLIP: ["none"], ProvenanceFault.REPEATED: ["a"]}
