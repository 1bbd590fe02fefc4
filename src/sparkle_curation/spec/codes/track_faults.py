"""Why a clip has no tracked mask: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class TrackFault(Code):
    """An error code of the table ``tracks``, beside those of the media."""

    NO_GROUNDING = "no_grounding", "There is no grounding of round 2 for the sample."
    NO_ANCHOR = (
        "no_anchor",
        "No sampled frame has a box with an area: nothing to track, so no mask; an empty one would say otherwise.",
    )
    NOTHING_FOUND = (
        "nothing_found",
        "No pixel has the votes on any frame, so no mask: an empty one would say that there is no foreground.",
    )
    TOO_LARGE = "too_large", "The clip has more pixels, all frames together, than a mask may have."
    OUT_OF_MEMORY = (
        "out_of_memory",
        "The clip does not fit into the memory of the device; it is tried again by the next run.",
    )
