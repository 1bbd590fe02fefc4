"""The list of excluded clips: what a line may hold, and how one is added."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sparkle_curation.ingest.exclusions.exclusion_list import (
    ExcludedClip,
    ExclusionError,
    Request,
    add_exclusion,
    clip_of,
    parse_exclusions,
    read_exclusions,
)

HEADER = "source_hash,size_bytes,date,reason"
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
DAY = date(2026, 11, 28)


def test_a_clip_is_listed_by_hash_and_length_alone(tmp_path: Path) -> None:
    """One line a clip, once, in the form that docs name; lines that were there stay byte for byte."""
    path = tmp_path / "exclusions.csv"
    before = f"{HEADER}\n{'a' * 64},7,2026-01-02,guardian".encode()
    path.write_bytes(before)
    clip = clip_of([b"ab", b"c"], day=DAY, reason=Request.PERSON)
    assert clip == ExcludedClip(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 3, "2026-11-28", "person"
    )
    assert add_exclusion(path, clip) is True
    assert add_exclusion(path, clip) is False
    assert path.read_bytes() == before + f"\n{clip.source_hash},3,2026-11-28,person\n".encode()
    assert read_exclusions(path).hashes_by_size == {
        7: frozenset({"a" * 64}),
        3: frozenset({clip.source_hash}),
    }
    assert [each.name for each in tmp_path.iterdir()] == ["exclusions.csv"]


def test_the_list_must_be_there(tmp_path: Path) -> None:
    """A list that is gone would let everybody in; one with its header alone excludes nobody."""
    with pytest.raises(ExclusionError, match="is not there"):
        read_exclusions(tmp_path / "exclusions.csv")
    (tmp_path / "exclusions.csv").write_text(f"{HEADER}\n")
    assert not read_exclusions(tmp_path / "exclusions.csv")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("abc,1,2026-11-28,person", "source_hash"),
        (f"{EMPTY_HASH},-1,2026-11-28,person", "size_bytes"),
        (f"{EMPTY_HASH},1,28.11.2026,person", "date"),
        (f"{EMPTY_HASH},1,2026-11-28,Ada Lovelace", "reason"),
        (f"{EMPTY_HASH},1,2026-11-28,person,Sparkle_time_000001", "more or fewer cells"),
    ],
)
def test_what_is_no_line_is_told_with_its_line(line: str, told: str) -> None:
    """Nothing else may stand there; a name that somebody wrote is not repeated into a log."""
    with pytest.raises(ExclusionError, match=told) as raised:
        parse_exclusions(f"{HEADER}\n\n{line}\n".encode(), where="list.csv")
    assert "list.csv, line 3" in str(raised.value)
    assert "Lovelace" not in str(raised.value)


def test_another_header_and_other_bytes_are_no_list() -> None:
    """A file of something else is not taken for an empty list."""
    for content in (b"id,reason\n", b"\xff\xfe", f"{EMPTY_HASH},1,2026-11-28,person\n".encode()):
        with pytest.raises(ExclusionError):
            parse_exclusions(content, where="list.csv")


def test_the_digest_is_of_the_clips_alone() -> None:
    """Day, reason and order change no table; another clip does."""
    one = parse_exclusions(
        f"{HEADER}\n{'a' * 64},1,2026-11-28,person\n{'b' * 64},1,2026-11-28,other\n".encode(), where=""
    )
    same = parse_exclusions(
        f"{HEADER}\n{'b' * 64},1,2026-11-29,person\n{'a' * 64},1,2026-11-28,person\n".encode(), where=""
    )
    other = parse_exclusions(f"{HEADER}\n{'b' * 64},1,2026-11-28,other\n".encode(), where="")
    assert one.digest == same.digest != other.digest
