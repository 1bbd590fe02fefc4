"""Releases as one, file by file: what a release that was joined before needs of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.made.assets import write_files

from sparkle_curation.errors import FileError, ReleaseError
from sparkle_curation.new_samples.release.joining import plan_join, write_joined
from sparkle_curation.new_samples.release.origins import PROVENANCE_NAME
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS


def release_of(root: Path, number: int) -> Path:
    """A folder with one sample of new ones: its line, its record, a medium and a card."""
    name = f"Sparkle_time_{number:06d}"
    cells = [name if column == "task" else "x" for column in CSV_COLUMNS]
    texts = {
        "prompts/time_train.csv": "".join(f"{','.join(row)}\n" for row in (CSV_COLUMNS, cells)),
        PROVENANCE_NAME: json.dumps({"id": name}) + "\n",
        f"time/source_video/{name}.mp4": str(number),
        "README.md": f"card {number}",
    }
    write_files(root, {path: text.encode() for path, text in texts.items()})
    return root


def test_a_second_release_goes_behind_the_first(tmp_path: Path) -> None:
    """Both have a record of where samples are from, and a card: lines of both stand, each card stays as it was."""
    roots = [release_of(tmp_path / str(number), number) for number in (1, 2, 3)]
    joined = [tmp_path / "two", tmp_path / "three"]
    write_joined(joined[0], plan_join(str(roots[0]), str(roots[1])))
    write_joined(joined[1], plan_join(str(joined[0]), str(roots[2])))
    for target, count in zip(joined, (2, 3), strict=True):
        lines = (target / PROVENANCE_NAME).read_text().splitlines()
        assert [json.loads(line)["id"][-1] for line in lines] == ["1", "2", "3"][:count]
        cards = [path.read_text() for path in sorted(target.rglob("README*.md"))]
        assert sorted(cards) == ["card 1", "card 2", "card 3"][:count]
    with pytest.raises(FileError, match="that both releases have"):
        plan_join(str(joined[1]), str(roots[1]))


def test_a_theme_that_is_not_described_is_told(tmp_path: Path) -> None:
    """Its rows would be read by nobody, once the releases are one."""
    roots = [release_of(tmp_path / str(number), number) for number in (1, 2)]
    (roots[1] / "prompts" / "time_train.csv").rename(roots[1] / "prompts" / "market_train.csv")
    with pytest.raises(ReleaseError, match=r"(?s)does not describe.*got: +market.*conf/base/dataset\.yml"):
        plan_join(str(roots[0]), str(roots[1]))
