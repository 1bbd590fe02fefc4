"""Ids of new samples: by content, stable, and never another sample's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.errors import ParameterError
from sparkle_curation.new_samples.clips.numbering import number_samples
from sparkle_curation.spec.sample_ids import ID_DIGITS, SampleId
from sparkle_curation.spec.themes import THEMES

CLIPS = st.lists(
    st.tuples(st.sampled_from(THEMES), st.text("0123456789abcdef", min_size=4, max_size=4)), unique=True
)


@given(clips=CLIPS)
def test_ids_do_not_depend_on_the_order_and_are_kept(clips: list[tuple[str, str]]) -> None:
    """Each clip has one id of its theme; turned round it is the same; with what is known it stays, whatever comes."""
    ids = number_samples(clips, [], {}, 500_000)
    assert len(set(ids)) == len(clips)
    assert number_samples(clips[::-1], [], {}, 500_000)[::-1] == ids
    known = dict(zip(clips, ids, strict=True))
    more = [(THEMES[0], "new"), *clips]
    assert number_samples(more, ids, known, 500_000)[1:] == ids


def test_number_that_is_taken_is_passed_over_and_none_left_is_told() -> None:
    """Of three numbers each of three clips has one, whatever its hash; a fourth has none."""
    theme, first = THEMES[0], 10**ID_DIGITS - 3
    clips = [(theme, name) for name in "abcd"]
    ids = number_samples(clips[:2], [str(SampleId(theme, first))], {}, first)
    assert sorted(ids) == [str(SampleId(theme, first + 1)), str(SampleId(theme, first + 2))]
    with pytest.raises(ParameterError, match="more new samples than numbers"):
        number_samples(clips, [], {}, first)
