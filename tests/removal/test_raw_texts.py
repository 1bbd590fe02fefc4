"""The command that takes samples out of raw texts: whole records, and no other byte."""

from __future__ import annotations

from pathlib import Path

from sparkle_curation.removal.raw_texts import take_out


def test_a_record_of_several_lines_goes_whole(tmp_path: Path) -> None:
    """Others stay byte for byte, with their line ends; a file without the sample is not written."""
    (tmp_path / "Zoë").mkdir()
    table, lines, other = tmp_path / "Zoë/a.csv", tmp_path / "a.jsonl", tmp_path / "b.csv"
    table.write_bytes(b'prompt,video\r\n"a\nb",Sparkle_time_000020.mp4\r\n"c\nd",Sparkle_time_000021.mp4\r\n')
    lines.write_bytes(b'{"id": "Sparkle_time_000020"}\n{"id": "Sparkle_time_000021"}\n')
    other.write_bytes(b"prompt,video\n")
    before = other.stat()
    assert take_out(tmp_path, frozenset({"Sparkle_time_000020"})) == {table: 1, lines: 1}
    assert table.read_bytes() == b'prompt,video\r\n"c\nd",Sparkle_time_000021.mp4\r\n'
    assert lines.read_bytes() == b'{"id": "Sparkle_time_000021"}\n'
    assert other.stat() == before
