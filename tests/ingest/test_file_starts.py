"""A file that is something else than its name says is told by what it is, and by what to do, in every reader of files."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import logging
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.ingest.made_lines import good_line
from tests.media.made_clips import make_clip, window

from sparkle_curation.errors import MediaError, ReleaseError
from sparkle_curation.ingest.csv.annotations import ingest_annotations
from sparkle_curation.ingest.file_starts import START_BYTES, recognise
from sparkle_curation.ingest.jsonl.table import ingest_jsonl
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.probe.probes import probe
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import annotations_csv_path, metadata_jsonl_path
from sparkle_curation.spec.tables.ingested import JSONL_TABLES

TABLE = JSONL_TABLES["edited_video_scores"]
LINE = good_line(TABLE.name, 1)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize 5368709120\n" % (b"0" * 64)


def zipped(content: bytes) -> bytes:
    """A zip archive of one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.jsonl", content)
    return target.getvalue()


def in_tar(content: bytes) -> bytes:
    """A tar of one file."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def saved(form: str) -> bytes:
    """A picture."""
    target = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(target, form)
    return target.getvalue()


OTHERS: dict[str, tuple[bytes, str, str]] = {
    "lfs": (POINTER, "a pointer of Git LFS in place of 5,368,709,120 bytes", "git lfs pull"),
    "lfs, cut": (POINTER[:60], "a pointer of Git LFS", "git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s5--abc.tar\n", "a pointer of git-annex", "git annex get"),
    "gzip": (gzip.compress(LINE * 9), "a file packed with gzip", "gunzip"),
    "bzip2": (bz2.compress(LINE * 9), "a file packed with bzip2", "bunzip2"),
    "xz": (lzma.compress(LINE * 9), "a file packed with xz", "unxz"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(20), "a file packed with Zstandard", "zstd -d"),
    "zip": (zipped(LINE), "a zip archive", "unzip"),
    "tar": (in_tar(LINE), "a tar", "give it the name of what it is"),
    "page": (b"\n <!DOCTYPE html><html><body>404</body></html>", "an HTML page", "download the file again"),
    "xml": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML page", "download"),
    "utf-16": (LINE.decode().encode("utf-16"), "a text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
    "utf-16, big": (LINE.decode().encode("utf-16-be"), "a text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
    "utf-16, small": (LINE.decode().encode("utf-16-le"), "a text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
    "zeros": (bytes(9000), "a file of zeros", "download the file again"),
    "png": (saved("PNG"), "a PNG", "give it the name"),
    "parquet": (b"PAR1" + bytes(100), "a Parquet file", "give it the name"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    "path", [annotations_csv_path("time"), metadata_jsonl_path("time"), TABLE.path_of("time")]
)
def test_a_text_that_is_none_stops_the_run_in_words(path: str, name: str, tmp_path: Path) -> None:
    """What it is, where, and what to do; and no line of it goes to the quarantine."""
    content, what, todo = OTHERS[name]
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_bytes(content)
    files = ReleaseFiles(str(tmp_path))
    ingestion = ingest_annotations(files) if "prompts" in path else ingest_jsonl(TABLE, files, no_prompts)
    with pytest.raises(ReleaseError, match="not what its name says") as caught:
        list(ingestion.rows.batches())
    assert caught.value.where == path
    assert str(caught.value.got).startswith(what)
    assert (caught.value.todo or "").startswith(todo)


def no_prompts(_theme: str) -> None:
    """No annotations to hold prompts against."""


READERS: dict[str, tuple[MediaFault, Callable[[io.BytesIO], object]]] = {
    "source_video": (MediaFault.NOT_MP4, lambda file: read_frames(file, [0])),
    "source_frame0": (MediaFault.NOT_PNG, read_image),
    "source_video_mask": (MediaFault.NOT_NPZ, load_mask),
}
OWN = {("source_frame0", "png"), ("source_video_mask", "zip")}


@pytest.mark.parametrize(
    ("kind", "name"), sorted({(kind, name) for kind in READERS for name in OTHERS} - OWN)
)
def test_a_media_file_that_is_none_is_told_by_what_it_is(kind: str, name: str) -> None:
    """By `inspect`, and by who reads it."""
    content, what, todo = OTHERS[name]
    fault, read = READERS[kind]
    facts = probe(kind, window(content))
    assert (facts.error_detail or "").startswith(what)
    assert todo in (facts.error_detail or "")
    if (kind, name) == ("source_video", "png"):  # FFmpeg shows a picture as a video of one frame
        assert facts.error == MediaFault.OTHER_CONTAINER
        return
    assert facts.error == fault
    with pytest.raises(MediaError) as caught:
        read(io.BytesIO(content))
    assert what in str(caught.value.got)


def test_an_error_of_a_server_is_no_media_file() -> None:
    """Some servers say what went wrong in JSON, which is what a text of records should be."""
    content = b'{"error": {"code": 404, "message": "not here"}}'
    assert "a JSON text" in (probe("source_video", window(content)).error_detail or "")
    assert recognise(content, "tar") is not None
    assert recognise(content, "jsonl") is None


def test_a_text_that_begins_like_a_list_is_told_where_no_line_is_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its lines are quarantined as ever; one damaged line before good ones is no list."""
    path = tmp_path / TABLE.path_of("time")
    path.parent.mkdir(parents=True)
    whole = json.dumps([json.loads(LINE)] * 3, indent=1).encode()
    counts = []
    for content in (whole, b"[]\n" + LINE + b"\n", b"\xef\xbb\xbf" + whole):
        caplog.clear()
        path.write_bytes(content)
        with caplog.at_level(logging.WARNING):
            list(ingest_jsonl(TABLE, ReleaseFiles(str(tmp_path)), no_prompts).rows.batches())
        counts.append(sum("one JSON list" in record.getMessage() for record in caplog.records))
    assert counts == [1, 0, 1]
    assert "jq -c '.[]'" in caplog.text


@pytest.mark.parametrize(
    ("start", "suffix"),
    [
        (LINE[:START_BYTES], "jsonl"),
        (b"\xef\xbb\xbf" + LINE[:100], "jsonl"),
        (b"prompt,src_video,tgt_video,task\n", "csv"),
        (b"", "jsonl"),
        (make_clip()[:START_BYTES], "mp4"),
        (saved("PNG")[:START_BYTES], "png"),
        (zipped(b"x")[:START_BYTES], "npz"),
        (in_tar(b"x")[:START_BYTES], "tar"),
        (bytes(START_BYTES), "tar"),
        (b"\x12\x34\x56" * 30, "mp4"),
        (b"[" + bytes(511), "tar"),
        (b'{"prompt": "'.ljust(256) + b"mustard yellow", "jsonl"),
    ],
)
def test_what_is_right_or_unknown_is_nothing_else(start: bytes, suffix: str) -> None:
    """A text of two bytes a letter is no text here; random bytes have no name."""
    assert recognise(start, suffix) is None
