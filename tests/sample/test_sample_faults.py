"""Every fault spoils a good line in the way that its reason says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sparkle_curation.release.reasons import Reason
from sparkle_curation.release.tables import JSONL_TABLES
from sparkle_curation.sample.faults import FAULTS, faults_of

if TYPE_CHECKING:
    from conftest import MadeRelease

STILL = b'{"id": "Sparkle_time_000003", "prompt": "A pier", "editscore": {"overall": 8.5, "SC_reasoning": "Fine."}}'
VIDEO = (
    b'{"id": "Sparkle_time_000003", "prompt": "A pier", "frame_indices": [1, 27], '
    b'"editscore": [{"O_score": 8.5}, {"O_score": 9.0}]}'
)
NO_FRAMES = b'{"id": "Sparkle_time_000003", "prompt": "A pier", "frame_indices": [], "editscore": []}'

SPOILT = [
    ("blank_line", STILL, b""),
    ("invalid_utf8", STILL, STILL.replace(b'"A pier', b'"\xffA pier')),
    ("invalid_json", STILL, STILL.replace(b'"id": ', b'"id" ')),
    ("line_too_complex", STILL, STILL[:-1] + b', "note": ' + b"[" * 200 + b"]" * 200 + b"}"),
    ("truncated_line", STILL, STILL[: 2 * len(STILL) // 3]),
    ("not_an_object", STILL, b"[" + STILL + b"]"),
    ("duplicate_key", STILL, b'{"prompt": "another one", ' + STILL[1:]),
    ("missing_field", STILL, STILL.replace(b'"prompt": "A pier", ', b"")),
    ("wrong_type", STILL, STILL.replace(b"8.5", b'"8.5"')),
    ("wrong_type", b'{"prompt": "A pier"}', b'{"prompt": 7}'),
    ("not_finite", STILL, STILL.replace(b"8.5", b"NaN")),
    ("score_out_of_range", STILL, STILL.replace(b"8.5", b"12.5")),
    ("score_out_of_range", VIDEO, VIDEO.replace(b"8.5", b"12.5")),
    ("number_out_of_range", VIDEO, VIDEO.replace(b"[1, 27]", b"[-1, 27]")),
    ("bad_sample_id", STILL, STILL.replace(b"_time_", b"_style_")),
    ("unequal_lengths", VIDEO, VIDEO.replace(b"[1, 27]", b"[1]")),
    ("no_frames", VIDEO, NO_FRAMES),
    ("prompt_differs", STILL, STILL.replace(b"A pier", b"A pier Keep the hat.")),
    ("unknown_field", STILL, STILL[:-1] + b', "note": "not in the card"}'),
]


@pytest.mark.parametrize(("reason", "good", "spoilt"), SPOILT)
def test_a_fault_changes_one_thing(reason: str, good: bytes, spoilt: bytes) -> None:
    """The literal line before and after."""
    assert FAULTS[reason](good) == spoilt


def test_every_fault_is_shown_above_and_named_by_a_reason() -> None:
    """No fault without a case, and none that the quarantine has no code for."""
    assert set(FAULTS) == {reason for reason, _, _ in SPOILT}
    assert set(FAULTS) <= {reason.value for reason in Reason}


@pytest.mark.parametrize("table", JSONL_TABLES)
def test_faults_spoil_the_lines_of_the_sample_release(made_release: MadeRelease, table: str) -> None:
    """On a line of each table, each fault that it can have changes the line; the warnings leave it readable."""
    record = next(iter(made_release.records("style", table).values()))
    line = json.dumps(record, ensure_ascii=False).encode()
    for reason, spoil in faults_of(table).items():
        spoilt = spoil(line)
        assert spoilt != line
        assert b"\n" not in spoilt
        if Reason(reason).is_row_kept:
            assert json.loads(spoilt).keys() >= record.keys()


def test_only_lines_with_scores_can_have_a_score_out_of_range() -> None:
    """The metadata has no number at all; the groundings have numbers but no scores."""
    assert "score_out_of_range" in faults_of("edited_frame0_scores")
    assert "score_out_of_range" not in faults_of("grounding_r2")
    assert "not_finite" in faults_of("grounding_r2")
    assert "not_finite" not in faults_of("annotations")
