"""Lines of a release made for tests: good ones, and ways to damage them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.ingest.csv.annotations import annotation_prompts, ingest_annotations
from sparkle_curation.ingest.ingestion import Ingestion
from sparkle_curation.ingest.jsonl.table import ingest_jsonl
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.layout import (
    annotations_csv_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
)
from sparkle_curation.spec.tables.ingested import JSONL_TABLES, METADATA_RECORD

THEME = "time"
FIELDS: dict[str, tuple[Field, ...]] = {
    **{name: table.published for name, table in JSONL_TABLES.items()},
    "annotations": METADATA_RECORD,
}
"""The members of a line, by the table that it is read for; ``annotations`` stands for the metadata JSONL."""

Record = dict[str, Any]


# ------------------------------------------------------------------ good ones
def sample_id(number: int, theme: str = THEME) -> str:
    """The id of a sample."""
    return f"Sparkle_{theme}_{number:06d}"


def _still(number: int) -> Record:
    scores = {"prompt_following": 8.5, "consistency": 9, "perceptual_quality": 7.25, "overall": 8.1}
    return {"editscore": {**scores, "SC_reasoning": f"kept {number}", "PQ_reasoning": "no smear"}}


def _frame(number: int) -> Record:
    texts = {"SC_score_reasoning": "a", "PQ_score_reasoning": "b", "SC_raw_output": '{"score": [23, 23]}'}
    return {"SC_score": 9.2, "PQ_score": 9.0, "O_score": 9.1 - number % 7, **texts, "PQ_raw_output": ""}


def _round1(number: int) -> Record:
    boxes = [{"bbox_2d": [555, 292, 742, 931], "label": "walker"}, {"bbox_2d": [], "label": "hat"}]
    return {"edit_type": THEME, "round1_labels": ["walker", "hat"], "round1_objects": boxes[: number % 3]}


_MEMBERS: dict[str, Callable[[int], Record]] = {
    "edited_frame0_scores": _still,
    "foreground_removed_scores": _still,
    "edited_video_scores": lambda number: {
        "frame_indices": [1, 23, 45],
        "editscore": [_frame(number), _frame(number + 1), _frame(2)],
    },
    "grounding_r1": _round1,
    "grounding_r2": lambda number: {
        **_round1(number),
        "frame_objects": [_round1(2)["round1_objects"], [], _round1(1)["round1_objects"]],
    },
    "annotations": lambda number: {
        "metadata": {"edit_type": THEME, "chosen_keyword": "dawn: marsh", "original_scene": f"quay {number}"}
    },
}


def good_record(table: str, number: int, **changes: Any) -> Record:
    """A record of a table's file that nothing is wrong with, its members then replaced by ``changes``."""
    record = {"id": sample_id(number), "prompt": f"Make it night, “{number}”.", **_MEMBERS[table](number)}
    return {**record, **changes}


def line_of(record: Any) -> bytes:
    """A JSON value as a line without its newline, as the release writes it."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", errors="surrogatepass")


def good_line(table: str, number: int, **changes: Any) -> bytes:
    """The line of ``good_record``."""
    return line_of(good_record(table, number, **changes))


def file_of(*lines: bytes) -> bytes:
    """Lines as a file, each with its newline."""
    return b"".join(line + b"\n" for line in lines)


def csv_line(number: int, prompt: str | None = None) -> bytes:
    """A record of the training CSV without its newline."""
    text = good_record("annotations", number)["prompt"] if prompt is None else prompt
    name = sample_id(number)
    return f'"{text}",{THEME}/source_video/{name}.mp4,{THEME}/edited_video/{name}.mp4,{name}'.encode()


CSV_HEADER = b"prompt,src_video,tgt_video,task"


def source_path(table: str) -> str:
    """Where the JSONL file of a table lies in the release; of ``annotations`` the metadata."""
    if table == "annotations":
        return metadata_jsonl_path(THEME)
    return intermediate_jsonl_path(THEME, JSONL_TABLES[table].file_name)


CSV_PATH = annotations_csv_path(THEME)


def make_release(root: Path, files: Mapping[str, bytes]) -> Path:
    """A release of these files, by their paths from its root."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return root


@dataclass(frozen=True)
class Ingested:
    """What an ingestion wrote: its rows, what it quarantined, and the files it read."""

    rows: pl.DataFrame
    quarantined: pl.DataFrame
    source_files: pl.DataFrame

    @property
    def reasons(self) -> list[tuple[int, str]]:
        """Line and reason of all that was quarantined, in order."""
        return self.quarantined.select("line", "reason").rows()

    @property
    def ids(self) -> list[int]:
        """The number of each row, in order."""
        return self.rows["id"].str.tail(6).cast(pl.Int64).to_list()


def save(ingestion: Ingestion, folder: Path) -> Ingested:
    """Write an ingestion's three tables to a folder, as the pipeline does, and read them back."""
    streams = {
        "rows": ingestion.rows,
        "quarantined": ingestion.quarantined,
        "source_files": ingestion.source_files,
    }
    frames = {}
    for name, stream in streams.items():
        dataset = TableDataset(filepath=str(folder / f"{name}.parquet"))
        dataset.save(stream)
        frames[name] = dataset.load().collect()
    return Ingested(**frames)


def ingest(table: str, release: Path, folder: Path) -> Ingested:
    """One table of a release, ingested into a folder; a score table's prompts are compared with the annotations."""
    files = ReleaseFiles(str(release))
    annotations = ingest_annotations(files)
    if table == "annotations":
        return save(annotations, folder / table)
    prompts = save(annotations, folder / "annotations").rows
    return save(ingest_jsonl(JSONL_TABLES[table], files, annotation_prompts(prompts.lazy())), folder / table)


# ------------------------------------------------------------------ damage
STRANGE_NUMBERS = (
    *("1e999", "-1e999", "1e400", "1e-400", "4.9e-324", "-0.0", "-0", "0", "10", "10.0", "1E1", "1e0"),
    *("10.000000000000001", "10.0000000000000001", "-1e-300", "11", "-1", "12.5", "NaN", "Infinity"),
    *("-Infinity", "nan", "Inf", "01", "1.", ".5", "+1", "0x1", "1e", "1_0", "true", "false", "null", '"8"'),
    *("[]", "{}", "[8]", '{"a":1}', "9" * 25, "9" * 400, "9" * 5000, "0." + "3" * 400, "1e5", "2147483648"),
    *("3.0", "1e2", "8 8", "8,", "", " ", "\t8\r"),
)

FRAGMENTS = (
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\r", b"\r\n", b"\0", b" ", b"\t", b"\x01"),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc0\x80", b"\xe2\x80\xa8", b"\x7f", b"\x85"),
    *(rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\u0000", rb"\/", rb"\x", b"null", b"NaN", b"1e999", b"//"),
    *(b'"id":', b'"x": 1, ', b"{}", b"[]", b'{"id": "a"}', b"}{", b"}\n{", b"},\n{", b"\0}", b"{}\0"),
)


@st.composite
def _damaged_bytes(draw: st.DrawFn, line: bytes) -> bytes:
    """The line with one change somewhere in its bytes."""
    first, second = sorted(draw(st.tuples(*[st.integers(0, len(line) - 1)] * 2)))
    before, octet, after = line[:first], line[first], line[first + 1 :]
    changes = (
        st.integers(0, 7).map(lambda bit: before + bytes([octet ^ (1 << bit)]) + after),
        st.integers(0, 255).map(lambda other: before + bytes([other]) + after),
        st.integers(0, 12).map(lambda count: before + after[count:]),
        st.binary(min_size=1, max_size=4).map(lambda stray: before + stray + line[first:]),
        st.sampled_from(FRAGMENTS).map(lambda fragment: before + fragment + line[first:]),
        st.just(before),
        st.just(before + b"\n" + line[first:]),
        st.just(before + line[second:] + line[first:second]),
    )
    return draw(st.one_of(changes))


@st.composite
def _damaged_value(draw: st.DrawFn, line: bytes) -> bytes:
    """The line with one value, somewhere in the record, replaced, removed, doubled or given company."""
    record = json.loads(line)
    node, key = draw(st.sampled_from(_places(record)))
    kind = draw(st.sampled_from(("replace", "number", "remove", "extra", "twice", "none")))
    marker = "\x00here\x00"
    if kind == "remove":
        del node[key]
        return line_of(record)
    if kind == "extra" and isinstance(node, dict):
        node[draw(st.sampled_from(("note", "x.y", "a[0]", "\ud800", "é", "")))] = draw(_ANY_JSON)
        return line_of(record)
    if kind == "twice" and isinstance(node, dict):
        value = node[key]
        node[key] = marker
        text = json.dumps(value, ensure_ascii=False)
        doubled = f"{text}, {json.dumps(key)}: {text}"
        return line_of(record).replace(json.dumps(marker).encode(), doubled.encode())
    if kind == "number":
        node[key] = marker
        return line_of(record).replace(
            json.dumps(marker).encode(), draw(st.sampled_from(STRANGE_NUMBERS)).encode()
        )
    node[key] = draw(_ANY_JSON) if kind == "replace" else None
    return line_of(record)


_ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(
        ("\ud800", "\udc00x", "\0", "\u2028", sample_id(1), sample_id(1) + "\n", sample_id(1, "style"))
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every member and element below a JSON value, as its parent and its key."""
    items = list(node.items() if isinstance(node, dict) else enumerate(node))
    return [
        place
        for key, value in items
        for place in [(node, key), *(_places(value) if isinstance(value, (dict, list)) else [])]
    ]


@st.composite
def damaged_lines(draw: st.DrawFn, line: bytes) -> bytes:
    """One line damaged in one way; it may have become none, two, or still be good."""
    kind = draw(st.sampled_from(("bytes", "bytes", "value", "value", "whole")))
    if kind == "bytes":
        return draw(_damaged_bytes(line))
    if kind == "value":
        return draw(_damaged_value(line))
    return draw(
        st.sampled_from(
            (
                *(
                    b"",
                    b" ",
                    b"\r",
                    b"null",
                    b"[]",
                    b"{}",
                    b"7",
                    b'"x"',
                    b"\xef\xbb\xbf" + line,
                    line + b"\r",
                ),
                *(line + line, line + b"," + line, line + b" " + line, line + b"\0}", line + b"\n" + line),
                *(b" " + line + b"\t", line + b"\0", b"\0" + line, b"[" + line + b"]", line[:-1], line[1:]),
                *(line + line + b"\0}", b"\0" * 7, b"{" * 7, b"}" * 7, b"[" * 3000, b'{"a":' * 3000),
            )
        )
    )


@st.composite
def damaged_files(draw: st.DrawFn, table: str, max_lines: int = 6) -> bytes:
    """A file of a table in which each line is good or damaged in one way, and the whole may be too."""
    numbers = draw(st.lists(st.integers(0, 9), max_size=max_lines, unique=draw(st.booleans())))
    good = [good_line(table, number) for number in numbers]
    lines = [draw(damaged_lines(line)) if draw(st.booleans()) else line for line in good]
    end = draw(st.sampled_from((b"\n", b"\n", b"\n", b"\r\n")))
    data = b"".join(line + end for line in lines)
    kind = draw(st.sampled_from(("as it is", "as it is", "no end", "mark", "cut")))
    if kind == "no end":
        return data.removesuffix(end)
    if kind == "mark":
        return b"\xef\xbb\xbf" + data
    if kind == "cut" and data:
        return data[: draw(st.integers(0, len(data)))]
    return data
