"""The preflight beside the answers of Kiwi-Edit's own loader, over odd files that are made again here.

``record.py`` wrote the answers, and says how; the loader is not needed here. An answer is of the very bytes that were
made then: a file that another FFmpeg makes differently is left out, and few may be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

import polars as pl
import pytest
from tests.made.media import file, media
from tests.media.made_clips import window
from tests.truth.making import make_files
from tests.truth.recipes import PLAIN, RECIPES
from tests.truth.record import ANSWERS, hash_file

from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.preflight import PairOutcome

_RECORDED = json.loads(ANSWERS.read_text())
_LEAST_SHARE = 0.9  # of files that must come out as they were recorded
_SETTINGS = LoaderSettings(**_RECORDED["settings"])

ONLY_DECODING_TELLS = ("flip-0.*", "zero-*", "flip-index-6-h264-b-frames", "times-dropped-hevc")
"""Files that the loader cannot load, or loads less of, for what stands in no header or index: damaged pictures, and
pictures that are made of one that is gone. In one the flipped byte lies in the picture parameters of H.264, which stand in
the index and are read by a decoder alone."""

OUR_REFUSALS: dict[str, str] = {
    "aperture-*": "a part of the picture is shown, which versions of FFmpeg do differently",
    "changes-*": "the size or pixel format changes, as decoding tells",
    "count-*": "numbers of samples are wrong",
    "cover-and-sound": "the only video is a cover",
    "cover-before-tracks*": "the loader counts the frames of the cover",
    "cut-*": "the file is cut",
    "flip-*": "bytes are wrong",
    "gone-*": "a part of the index is gone",
    "key-list-wrong": "the first frame is no key frame by the index",
    "layout-fragmented-hybrid": "the payload holds what no sample is",
    "layout-mdat-*": "samples lie outside of the payload",
    "layout-rubbish-after": "the last atom is cut",
    "layout-twice": "the payload holds what no sample is",
    "no-first-key-*": "the first frame is no key frame",
    "no-list-concat": "a text that names other files",
    "open-gop-*": "the first frames are of a group that was cut off",
    "mpeg4-36-cut": "the first frames are of a group that was cut off",
    "other-*": "another container",
    "part-*": "another container",
    "picture-*": "another container",
    "size-*": "a side is shorter than 32 pixels, or the index has another size",
    "times-dropped-hevc": "a picture that others are made of is gone",
    "turned-*": "an angle that is no quarter",
    "two-first-*": "the loader counts the frames of one stream and reads another",
    "unit-*": "a unit of time that is none",
    "xvid-packed-avi": "another container",
    "zero-*": "bytes are wrong",
}
"""What loads, and is refused all the same, and why."""


@dataclass(frozen=True)
class Pair:
    """What is said of the pair of a file and the same file, or the plain clip and it.

    Attributes:
        name: of the file, and what it is beside.
        recipe: the file's.
        loads: whether the loader takes the pair.
        shape: frames, width and height that it takes.
        found: the row of the preflight.
    """

    name: str
    recipe: str
    loads: bool
    shape: tuple[int, int, int]
    found: Mapping[str, Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files by their recipes: those whose bytes are the recorded ones."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="brings the FFmpeg that makes the files")
    paths = make_files(RECIPES, imageio_ffmpeg.get_ffmpeg_exe(), tmp_path_factory.mktemp("truth"))
    return {
        name: path.read_bytes()
        for name, path in paths.items()
        if name in _RECORDED["files"] and hash_file(path) == _RECORDED["files"][name]["sha256"]
    }


def _compare(files: Mapping[str, bytes], depth: Depth) -> list[Pair]:
    facts = {name: probe("source_video", window(content), depth) for name, content in files.items()}
    cases = [(other, name) for name in files for other in (name, PLAIN)]
    ids = [f"Sparkle_style_{number:06d}" for number in range(len(cases))]
    rows = media(*_rows(facts, cases, ids))
    columns = {
        "id": ids,
        "theme": ["style"] * len(ids),
        "prompt": [f"prompt of {sample_id}" for sample_id in ids],
        "src_video": [asset_path("style", "source_video", sample_id) for sample_id in ids],
        "tgt_video": [asset_path("style", "edited_video", sample_id) for sample_id in ids],
    }
    found = check_pairs(pl.DataFrame(columns), rows, _SETTINGS).iter_rows(named=True)
    return [_pair(case, row) for case, row in zip(cases, found, strict=True)]


def _rows(
    facts: Mapping[str, MediaFacts], cases: list[tuple[str, str]], ids: list[str]
) -> Iterator[pl.DataFrame]:
    for sample_id, (source, edited) in zip(ids, cases, strict=True):
        yield file(sample_id, "source_video", **asdict(facts[source]))
        yield file(sample_id, "edited_video", **asdict(facts[edited]))


def _pair(case: tuple[str, str], row: Mapping[str, Any]) -> Pair:
    beside, recipe = case
    answer = _RECORDED["files"][recipe]
    loads = "frames" in answer and (beside == recipe or answer["mismatch"] is None)
    shape = (answer.get("frames", 0), answer.get("width", 0), answer.get("height", 0))
    return Pair(f"{recipe} beside {'itself' if beside == recipe else beside}", recipe, loads, shape, row)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _told(pairs: list[Pair]) -> dict[str, str]:
    return {pair.name: f"{pair.found['outcome']}: {pair.found['detail']}" for pair in pairs}


@pytest.fixture(scope="module")
def by_index(files: dict[str, bytes]) -> list[Pair]:
    """The pairs as the indexes tell them."""
    return _compare(files, Depth.INDEX)


@pytest.fixture(scope="module")
def by_decoding(files: dict[str, bytes]) -> list[Pair]:
    """The pairs as decoding every frame tells them."""
    return _compare(files, Depth.DECODE)


def test_files_are_those_that_were_recorded(files: dict[str, bytes]) -> None:
    """The list is the recorded one, has 150 files at least, and nearly all have the same bytes."""
    names = [recipe.name for recipe in RECIPES]
    assert names == list(_RECORDED["files"])
    assert len(set(names)) == len(names)
    assert len(files) >= max(150, _LEAST_SHARE * len(names)), "record.py must be run again"


def test_what_is_emitted_loads_if_the_index_tells(by_index: list[Pair]) -> None:
    """No pair is emitted that the loader replaces, but for what only decoding tells."""
    wrong = [pair for pair in by_index if not pair.found["is_dropped"] and not pair.loads]
    assert _told([pair for pair in wrong if not _fits(pair.recipe, ONLY_DECODING_TELLS)]) == {}


def test_what_is_emitted_loads_after_decoding(by_decoding: list[Pair]) -> None:
    """With every frame decoded, no pair at all is emitted that the loader replaces."""
    assert _told([pair for pair in by_decoding if not pair.found["is_dropped"] and not pair.loads]) == {}


def test_what_is_called_replaced_is_replaced(by_index: list[Pair], by_decoding: list[Pair]) -> None:
    """Of a pair that the loader takes it is never said that it does not train; we may refuse it, in our own name."""
    said = [pair for pair in by_index + by_decoding if pair.found["outcome"] == PairOutcome.REPLACED]
    assert _told([pair for pair in said if pair.loads]) == {}


def test_what_is_emitted_has_the_shape_that_is_loaded(by_index: list[Pair], by_decoding: list[Pair]) -> None:
    """Frames, width and height are those that the loader gives."""
    told = [pair for pair in by_index if not _fits(pair.recipe, ONLY_DECODING_TELLS)] + by_decoding
    emitted = [pair for pair in told if not pair.found["is_dropped"] and pair.loads]
    names = [f"edited_loaded_{name}" for name in ("frame_count", "width_px", "height_px")]
    assert {
        pair.name: tuple(pair.found[name] for name in names)
        for pair in emitted
        if tuple(pair.found[name] for name in names) != pair.shape
    } == {}


def test_what_loads_and_is_refused_is_listed(by_index: list[Pair], by_decoding: list[Pair]) -> None:
    """Each file with a reason, beside itself: two clips may be refused for their times; none is listed for nothing."""
    alone = [pair for pair in by_index + by_decoding if pair.name.endswith("itself")]
    refused = [pair for pair in alone if pair.loads and pair.found["is_dropped"]]
    assert _told([pair for pair in refused if not _fits(pair.recipe, OUR_REFUSALS)]) == {}
    names = {pair.recipe for pair in refused}
    assert [
        pattern for pattern in OUR_REFUSALS if not any(fnmatchcase(name, pattern) for name in names)
    ] == []
