"""What others publish is read as far as it is sound, and what is wrong with it is told, line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.bench.judging.loopback_judge import lines
from tests.bench.judging.made import rubric_named

from sparkle_curation.bench.judging.published_scores import read_published
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles

SAMPLES = pl.DataFrame(
    [
        {
            "sample_id": f"{theme}_{number}",
            "theme": theme,
            "subtheme": "era",
            "scene": "a cafe",
            "edit_prompt": "Go.",
        }
        for theme in ("dusk", "dawn")
        for number in range(4)
    ]
)


def record(
    number: int, scores: object = (3, 3, 2, 1, 3, 3), theme: str = "dusk", **changes: Any
) -> dict[str, Any]:
    """A record as the published evaluator writes it."""
    text = lines(3, 5, 2, 1, 3, 4)
    told = {
        "id": f"{theme}_{number}",
        "prompt": "Go.",
        "edit_type": theme,
        "subtheme": "era",
        "scene": "a cafe",
    }
    return {
        **told,
        "scores": list(scores) if isinstance(scores, tuple) else scores,
        "result": text,
        **changes,
    }


def read(
    folder: Path, **files: list[object]
) -> tuple[pl.DataFrame, list[tuple[str, int | None, str | None]]]:
    """The scores, and fault, line and sample of what is wrong, of files by their theme."""
    for theme, rows in files.items():
        text = "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
        path = folder / f"{theme}_gemini-2.5-pro_sparkle_score.jsonl"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    opened = {"kiwi": ReleaseFiles(str(folder))}
    scores, faults = read_published(opened, SAMPLES, "sparkle", rubric_named("sparkle"))
    return scores, faults.select("fault", "line", "sample_id").rows()


def test_sound_files_have_no_fault(tmp_path: Path) -> None:
    """Every score with its place; the judge is told by the name of the file."""
    scores, faults = read(
        tmp_path,
        dusk=[record(number) for number in range(4)],
        dawn=[record(number, theme="dawn") for number in range(4)],
    )
    assert faults == []
    assert scores.height == 8 * 6
    first = scores.filter(pl.col("sample_id") == "dusk_0")
    assert first["score"].to_list() == [3, 3, 2, 1, 3, 3]
    assert first["dimension"].to_list() == list(rubric_named("sparkle").keys)
    assert set(scores["judge"]) == {"gemini-2.5-pro"}


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        (record(1, (3, 3, 2, 1, 3)), "wrong_count"),
        (record(1, None), "wrong_count"),
        (record(1, (3, 3, 2, 1, 3, 6)), "out_of_range"),
        (record(1, (0, 0, 0, 0, 0, 0)), "out_of_range"),
        (record(1, (3, 3, 2, 1, 3, 2.5)), "not_whole"),
        (record(1, (3, 3, 2, 1, 3, True)), "not_whole"),
        (record(1, result="no scores"), "other_text"),
        (record(1, (2, 2, 2, 1, 2, 2)), "other_text"),
        (record(1, prompt="Stay."), "other_prompt"),
        (record(1, scene="a bar"), "other_keyword"),
        (record(1, edit_type="dawn"), "wrong_theme"),
    ],
)
def test_what_is_wrong_with_a_record_is_told(odd: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """Published: reread scores are not checked at all."""
    rows = [record(0), odd, record(2), record(3)]
    _, faults = read(tmp_path, dusk=rows, dawn=[record(number, theme="dawn") for number in range(4)])
    assert faults == [(fault, 2, "dusk_1")]


def test_a_score_above_the_cap_is_told(tmp_path: Path) -> None:
    """Of an evaluator that does not cap."""
    scores, faults = read(tmp_path, dusk=[record(0, (3, 5, 2, 1, 3, 4))])
    assert ("above_cap", 1, "dusk_0") in faults
    assert scores["score"].to_list() == [3, 5, 2, 1, 3, 4], "as the file has it"


def test_duplicates_missing_ids_and_order_are_told(tmp_path: Path) -> None:
    """Published: results come in the order of arrival, both of two records count, and what lacks is in no mean."""
    rows = [record(2), record(0), record(0), record(2, (1, 1, 1, 1, 1, 1)), record(7), "{torn\n", "[]\n"]
    scores, faults = read(tmp_path, dusk=rows)
    assert faults == [
        ("disorder", 2, "dusk_0"),
        ("duplicate_id", 3, "dusk_0"),
        ("contradiction", 4, "dusk_2"),
        ("unknown_id", 5, "dusk_7"),
        ("not_json", 6, None),
        ("not_json", 7, None),
        ("missing_id", None, "dusk_1"),
        ("missing_id", None, "dusk_3"),
        ("missing_file", None, None),
    ]
    assert scores["sample_id"].unique(maintain_order=True).to_list() == ["dusk_2", "dusk_0"]


def test_a_file_in_another_encoding_costs_its_line(tmp_path: Path) -> None:
    """And stops nothing."""
    line = '{"id": "dusk_0", "scores": [1, 1, 1, 1, 1, 1], "prompt": "\udcff"}\n'
    scores, faults = read(tmp_path, dusk=[line, record(1)])
    assert faults[0] == ("other_prompt", 1, "dusk_0")
    assert scores["sample_id"].unique(maintain_order=True).to_list() == ["dusk_0", "dusk_1"]


def test_a_line_as_long_as_a_file_is_told_in_short(tmp_path: Path) -> None:
    """Its scores, or its id: of either the beginning, and how long it is."""
    long = [record(0), record(1, scores=[1] * 1_000_000), {"id": "x" * 1_000_000, "scores": []}]
    path = tmp_path / "dusk_j_sparkle_score.jsonl"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in long), encoding="utf-8")
    _, faults = read_published(
        {"m": ReleaseFiles(str(tmp_path))}, SAMPLES, "sparkle", rubric_named("sparkle")
    )
    told = faults.filter(pl.col("line") > 1).select("fault", "sample_id", "detail").rows()
    assert [each[0] for each in told] == ["wrong_count", "unknown_id"]
    assert told[0][2] == f"{str([1] * 50)[:120]}... (3,000,010 characters)"
    assert told[1][1] == f"{'x' * 120}... (1,000,000 characters)"


def test_no_file_is_told(tmp_path: Path) -> None:
    """With what it should be called and where."""
    with pytest.raises(ReleaseError, match="no file of published scores") as error:
        read(tmp_path)
    assert "{theme}_{judge}_sparkle_score.jsonl" in str(error.value.allowed)
