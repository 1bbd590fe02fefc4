"""Ids of new samples: by the content of the clip, the same each time, and none that another sample has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import xxhash

from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.sample_ids import ID_DIGITS, SampleId


def number_samples(
    clips: Sequence[tuple[str, str]],
    taken: Iterable[str],
    before: Mapping[tuple[str, str], str],
    first_number: int,
) -> list[str]:
    """The id of each clip, in their order.

    A clip that had an id keeps it. Any other has the number that follows from its hash, between ``first_number`` and the
    greatest of so many digits; where that is taken, the next free one. Clips are numbered by their hashes, so that their
    order does not matter.

    Args:
        clips: theme and hash of each, no two alike.
        taken: ids of other samples.
        before: theme and hash -> the id that it had.
        first_number: the least; numbers of the release lie below.

    Raises:
        ParameterError: there are more clips than numbers.
    """
    end = 10**ID_DIGITS
    kept = {clip: before[clip] for clip in clips if clip in before}
    used = {*taken, *kept.values()}
    found = dict(kept)
    for theme, clip_hash in sorted(set(clips) - set(kept)):
        span = end - first_number
        start = xxhash.xxh3_64_intdigest(f"{theme}\0{clip_hash}".encode()) % span
        numbers = (first_number + (start + step) % span for step in range(span))
        own = next((name for number in numbers if (name := str(SampleId(theme, number))) not in used), None)
        if own is None:
            raise ParameterError(
                "There are more new samples than numbers for them",
                where="clips.first_number",
                got=f"{first_number}, of which {span:,} numbers follow",
                allowed=f"so many that each clip has one, of {ID_DIGITS} digits",
                todo="set a lower one: --params clips.first_number=N, above the greatest number of the release",
            )
        used.add(own)
        found[(theme, clip_hash)] = own
    return [found[clip] for clip in clips]
