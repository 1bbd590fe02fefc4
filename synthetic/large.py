"""A release of any number of samples, text only: what benchmarks read.

Text comes from pools that are filled once; a line is a few of their pieces joined, so that a gigabyte takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import (
    annotations_csv_path,
    asset_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
)
from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.tables.ingested import (
    GROUNDING_R2,
    JSONL_TABLES,
)
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES
from synthetic.clips import BOX_STRIDE
from synthetic.editscores import draw_passes, frame_scores, overall_score, still_scores
from synthetic.faults import Spoil, faults_of
from synthetic.plan import FRAME_COUNTS
from synthetic.records import SCORED_FRAMES, raw_answer
from synthetic.release_writer import csv_bytes
from synthetic.texts import edit_prompt, keywords_of, pick

ANNOTATIONS = "annotations"
ALL_TABLES: tuple[str, ...] = (ANNOTATIONS, *JSONL_TABLES)
"""What can be written: the CSVs with their metadata, and the five intermediate tables."""

_POOL_SIZE = 12_000  # distinct pieces of each kind: more than the dictionary of a Parquet column takes
_SC_CHARS, _PQ_CHARS = 460, 390  # length of a frame's reasons, such that its video's line has 8.3 kB
_STILL_CHARS = 380
_BUFFER_LINES = 2_000
_LARGEST_NUMBER = 999_999
_VIDEO_THRESHOLD = 8.0
_FAULT_MIXTURE = (
    Reason.INVALID_JSON,
    Reason.TRUNCATED_LINE,
    Reason.NOT_AN_OBJECT,
    Reason.WRONG_TYPE,
    Reason.NOT_FINITE,
    Reason.MISSING_FIELD,
    Reason.SCORE_OUT_OF_RANGE,
    Reason.BAD_SAMPLE_ID,
    Reason.INVALID_UTF8,
    Reason.UNKNOWN_FIELD,
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Single words, not phrases: so the text packs about as well as a model's prose, and engines do honest work.
_ADJECTIVES = _words(
    "amber bare blurred bright broad calm clean clear cold coarse crisp dark deep distant dim dry even faint fine flat "
    "fresh golden grainy green grey hard hazy high narrow natural new odd old pale plain rough sharp slight smooth "
    "soft steady strong subtle sunlit tall thin uneven vivid warm weathered wet white wide wooden worn yellow"
)
_NOUNS = _words(
    "arm awning balcony bank bicycle boat branch bridge bush café cloud coat collar colour corner crowd depth dog door "
    "edge face fence field foot foreground frame glow grass ground hair hand hat haze hill horizon house jacket lamp "
    "leaf light line mist motion mountain outline path pattern pavement person petal pose reflection river roof rope "
    "sand scarf scene seam shadow shoe shore shoulder sky sleeve snow stone street surface texture tower tree umbrella "
    "wall water wave window"
)
_VERBS = _words(
    "agrees blends bends borders carries catches changes continues covers crosses differs drifts ends fades falls "
    "follows frames glides hides holds joins keeps leads leans lifts loses matches meets moves passes repeats rests "
    "shows sits softens stands starts stays suits surrounds touches turns"
)
_ADVERBS = _words(
    "barely calmly clearly closely correctly evenly faintly firmly fully gently hardly neatly nowhere oddly partly "
    "plainly quickly rightly scarcely slightly slowly smoothly softly still visibly well"
)
_PREPOSITIONS = _words(
    "above across against along around before behind below beside beyond near over past under with"
)
_SENTENCE = ("The", _ADJECTIVES, _NOUNS, _VERBS, _ADVERBS, _PREPOSITIONS, "the", _ADJECTIVES, _NOUNS)
_OBJECTS = (
    "walker in red coat", "yellow hat", "open blue umbrella", "small dog on a lead", "green shoulder bag",
    "silver balloon", "child beside the walker", "folding bicycle", "paper cup in the right hand", "striped scarf",
)  # fmt: skip

Bands = dict[str, tuple[float, float]]
_BANDS: Bands = {
    "edited_frame0_scores": (8.0, 9.7),
    "foreground_removed_scores": (8.5, 9.8),
    "edited_video_scores": (7.4, 9.8),
}


@dataclass(frozen=True)
class _Grounding:
    """Both groundings of a clip, as they stand in a line."""

    frame_count: int
    round1: bytes
    frame_objects: bytes


@dataclass(frozen=True)
class _Pool:
    """The pieces that lines are joined from."""

    stills: dict[str, list[bytes]]
    frames: list[bytes]
    frame_overalls: NDArray[np.float64]
    groundings: list[_Grounding]


@dataclass(frozen=True)
class _Prompt:
    """An instruction, as text and as it stands in a line, with the rest of its metadata line."""

    text: str
    as_json: bytes
    metadata: bytes


def write_large_release(
    root: Path,
    samples: int = 140_000,
    seed: int = 20261,
    bad_line_share: float = 0.0,
    tables: Collection[str] | None = None,
) -> None:
    """Write a text-only release of ``samples`` samples, spread evenly over the themes, into ``root``.

    All samples pass the published thresholds and stand in all files. At 140,000 the five video score files have
    1.16 GB together, 8.3 kB a line.

    Args:
        root: folder to write into; it need not exist.
        samples: samples in all.
        seed: the same seed gives the same bytes.
        bad_line_share: share of the lines of each JSONL file, drawn at random, that are spoilt by faults of
            ``faults.FAULTS``; a tenth of them only carries an unknown member, which keeps the row.
        tables: names out of ``ALL_TABLES`` to write; None writes all of them.

    Raises:
        ValueError: a theme would have more samples than there are six-digit numbers, or a table is unknown.
    """
    wanted = set(ALL_TABLES if tables is None else tables)
    if unknown := wanted - set(ALL_TABLES):
        raise ValueError(f"no such tables: {sorted(unknown)}; there are {ALL_TABLES}")
    pool = _fill_pool(min(_POOL_SIZE, max(samples, 20)), np.random.default_rng(seed))
    for place, theme in enumerate(THEMES):
        count = samples // len(THEMES) + (place < samples % len(THEMES))
        theme_lines = _ThemeLines(theme, count, pool, np.random.default_rng([seed, place]))
        for table in ALL_TABLES:
            if table in wanted:
                spoil_rng = np.random.default_rng([seed, place, ALL_TABLES.index(table)])
                lines = _spoilt(theme_lines.lines(table), count, table, bad_line_share, spoil_rng)
                _write_lines(root / _jsonl_path(theme, table), lines)
        if ANNOTATIONS in wanted:
            (root / annotations_csv_path(theme)).write_bytes(csv_bytes(theme_lines.csv_rows()))


class _ThemeLines:
    """The samples of a theme, drawn, and their lines for each table."""

    def __init__(self, theme: str, count: int, pool: _Pool, rng: np.random.Generator) -> None:
        if count > _LARGEST_NUMBER:
            raise ValueError(f"{count} samples of a theme need more than six digits")
        self.theme, self._pool = theme, pool
        widest_gap = min(max(_LARGEST_NUMBER // max(count, 1), 1), 9)
        numbers = np.cumsum(rng.integers(1, widest_gap + 1, size=count))
        self._ids = [str(SampleId(theme, number)) for number in numbers.tolist()]
        prompts = _fill_prompts(theme, min(_POOL_SIZE, max(count, 1)), rng)
        self._prompts = [prompts[place] for place in rng.integers(len(prompts), size=count).tolist()]
        self._groundings = [
            pool.groundings[place] for place in rng.integers(len(pool.groundings), size=count).tolist()
        ]
        self._stills = {table: rng.integers(len(pieces), size=count) for table, pieces in pool.stills.items()}
        self._frames = _draw_passing_frames(pool.frame_overalls, count, rng)

    def csv_rows(self) -> Iterator[tuple[str, ...]]:
        """The rows of the training CSV."""
        for sample_id, prompt in zip(self._ids, self._prompts, strict=True):
            source = asset_path(self.theme, "source_video", sample_id)
            edited = asset_path(self.theme, "edited_video", sample_id)
            yield prompt.text, source, edited, sample_id

    def lines(self, table: str) -> Iterator[bytes]:
        """The lines of one JSONL file, without their newlines."""
        for sample_id, prompt, tail in zip(self._ids, self._prompts, self._tails(table), strict=True):
            yield b'{"id": "%b", "prompt": %b, %b}' % (sample_id.encode(), prompt.as_json, tail)

    def _tails(self, table: str) -> Iterator[bytes]:
        """What stands after the prompt."""
        if table == ANNOTATIONS:
            return (prompt.metadata for prompt in self._prompts)
        if table in self._stills:
            pieces = self._pool.stills[table]
            return (b'"editscore": ' + pieces[place] for place in self._stills[table].tolist())
        if table == "edited_video_scores":
            return self._video_tails()
        return self._grounding_tails(has_frames=table == GROUNDING_R2.name)

    def _video_tails(self) -> Iterator[bytes]:
        indices = {
            count: str(np.linspace(1, count - 1, SCORED_FRAMES).astype(int).tolist()).encode()
            for count in FRAME_COUNTS
        }
        pieces = self._pool.frames
        for grounding, places in zip(self._groundings, self._frames.tolist(), strict=True):
            frames = b", ".join([pieces[place] for place in places])
            yield b'"frame_indices": %b, "editscore": [%b]' % (indices[grounding.frame_count], frames)

    def _grounding_tails(self, has_frames: bool) -> Iterator[bytes]:
        start = f'"edit_type": "{self.theme}", '.encode()
        for one in self._groundings:
            yield start + one.round1 + (b', "frame_objects": ' + one.frame_objects if has_frames else b"")


def _fill_pool(size: int, rng: np.random.Generator) -> _Pool:
    stills = {
        table: [_still_piece(_BANDS[table], rng) for _ in range(size)]
        for table in ("edited_frame0_scores", "foreground_removed_scores")
    }
    frames = [_frame_piece(_BANDS["edited_video_scores"], rng) for _ in range(size)]
    return _Pool(
        stills=stills,
        frames=[piece for piece, _ in frames],
        frame_overalls=np.array([overall for _, overall in frames]),
        groundings=[_grounding(rng) for _ in range(size)],
    )


def _still_piece(band: tuple[float, float], rng: np.random.Generator) -> bytes:
    reasons = {"SC_reasoning": _reason(_STILL_CHARS, rng), "PQ_reasoning": _reason(_STILL_CHARS, rng)}
    return _dumped({**still_scores(draw_passes(rng, *band)), **reasons})


def _frame_piece(band: tuple[float, float], rng: np.random.Generator) -> tuple[bytes, float]:
    passes = draw_passes(rng, *band)
    sc, pq = _reason(_SC_CHARS, rng), _reason(_PQ_CHARS, rng)
    record = {
        **frame_scores(passes),
        "SC_score_reasoning": sc,
        "PQ_score_reasoning": pq,
        "SC_raw_output": raw_answer(sc, passes[0].sc),
        "PQ_raw_output": raw_answer(pq, passes[0].pq),
    }
    return _dumped(record), overall_score(passes)


def _draw_passing_frames(
    overalls: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Four frames for each sample, shape (count, 4), whose mean overall score passes the published threshold."""
    frames = rng.integers(len(overalls), size=(count, SCORED_FRAMES))
    while (is_low := overalls[frames].mean(axis=1) < _VIDEO_THRESHOLD + 1e-6).any():
        frames[is_low] = rng.integers(len(overalls), size=(is_low.sum(), SCORED_FRAMES))
    return frames


def _grounding(rng: np.random.Generator) -> _Grounding:
    frame_count = pick(FRAME_COUNTS, rng)
    labels = [_OBJECTS[place] for place in rng.permutation(len(_OBJECTS))[: rng.integers(3, 7)]]
    corners = rng.integers(0, 480, size=(len(labels), 2))
    boxes = np.hstack([corners, corners + rng.integers(60, 480, size=(len(labels), 2))])
    steps = rng.integers(-9, 10, size=(len(range(0, frame_count, BOX_STRIDE)), *boxes.shape))
    frames = [_boxes(labels, moved) for moved in np.clip(boxes + steps.cumsum(axis=0), 0, 1000).tolist()]
    round1 = {"round1_labels": labels, "round1_objects": _boxes(labels, boxes.tolist())}
    return _Grounding(frame_count, _dumped(round1)[1:-1], _dumped(frames))


def _boxes(labels: list[str], boxes: list[list[int]]) -> list[dict[str, object]]:
    return [{"bbox_2d": box, "label": label} for box, label in zip(boxes, labels, strict=True)]


def _fill_prompts(theme: str, size: int, rng: np.random.Generator) -> list[_Prompt]:
    prompts = []
    for _ in range(size):
        keyword = pick(keywords_of(theme), rng)
        text = f"{edit_prompt(theme, keyword, rng)} {_reason(60, rng)}"
        chosen = {} if theme == "openve3m" else {"chosen_keyword": keyword}
        metadata = {
            "edit_type": METADATA_EDIT_TYPES[theme],
            **chosen,
            "original_scene": _reason(160, rng),
        }
        prompts.append(_Prompt(text, _dumped(text), _dumped({"metadata": metadata})[1:-1]))
    return prompts


def _reason(length: int, rng: np.random.Generator) -> str:
    """Sentences of about ``length`` characters together."""
    sentences: list[str] = []
    choices = iter(rng.integers(1 << 30, size=(length // 20 + 1) * len(_SENTENCE)).tolist())
    while sum(map(len, sentences)) + len(sentences) < length - 20:
        words = (slot if isinstance(slot, str) else slot[next(choices) % len(slot)] for slot in _SENTENCE)
        sentences.append(" ".join(words) + ".")
    return " ".join(sentences)


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _jsonl_path(theme: str, table: str) -> str:
    if table == ANNOTATIONS:
        return metadata_jsonl_path(theme)
    return intermediate_jsonl_path(theme, JSONL_TABLES[table].file_name)


def _spoilt(
    lines: Iterator[bytes], count: int, table: str, share: float, rng: np.random.Generator
) -> Iterator[bytes]:
    """The lines, a share of them spoilt."""
    if not share:
        return lines
    possible = faults_of(table)
    spoils = [possible[reason.value] for reason in _FAULT_MIXTURE if reason.value in possible]
    chosen = np.where(rng.random(count) < share, rng.integers(len(spoils), size=count), -1).tolist()
    return map(partial(_maybe_spoilt, spoils), lines, chosen)


def _maybe_spoilt(spoils: list[Spoil], line: bytes, chosen: int) -> bytes:
    return line if chosen < 0 else spoils[chosen](line)


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        buffer: list[bytes] = []
        for line in lines:
            buffer.append(line)
            if len(buffer) == _BUFFER_LINES:
                target.write(b"\n".join(buffer) + b"\n")
                buffer.clear()
        target.write(b"".join(line + b"\n" for line in buffer))
