"""What became of a new clip or sample, and why: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class ClipOutcome(Code):
    """What the table ``new_clips`` says of a clip."""

    TAKEN = "taken", "It became a sample."
    REFUSED = "refused", "It became none; `reason` says why."


class ClipReason(Code):
    """Why a clip became no sample, beside the error codes of the media."""

    TOO_SHORT = "too_short", "It ends before the least number of frames at the rate of the samples."
    LOW_RATE = "low_rate", "It has fewer frames a second than a sample, so that frames would be repeated."
    TOO_SMALL = "too_small", "Its picture has fewer pixels than `clips.min_side_px` allows."
    ODD_SHAPE = (
        "odd_shape",
        "Filling the frame would cut off, or leave empty, more of the picture than `clips.max_lost_share` allows.",
    )
    CAMERA_MOVES = "camera_moves", "The camera is not fixed by the rule of `camera`, or that cannot be told."
    SAME_FILE = "same_file", "Another clip of this run has the same bytes; `like` names it."
    LIKE_CLIP = "like_clip", "Its first frame is that of another new clip; `like` names it."
    LIKE_RELEASE = "like_release", "Its first frame is that of a sample of the release; `like` names it."
    LIKE_BENCHMARK = (
        "like_benchmark",
        "Its first frame is that of a sample of the benchmark; `like` names it.",
    )
    LICENCE_REFUSED = "licence_refused", "Its licence is not one of `clips.licences`, or unknown."
    UNKNOWN_THEME = "unknown_theme", "The theme that its provenance names is none of the dataset."
    LEFT_OUT = "left_out", "`clips.limit` was reached before it."


class ProvenanceFault(Code):
    """What is odd about the file of provenance."""

    NO_SUCH_CLIP = "no_such_clip", "The clip that a record names is not there."
    REPEATED = "repeated", "An earlier record names the same clip, and holds."


class InstructFault(Code):
    """Why a new sample has no instruction, beside the error codes of a model and of the media."""

    UNPARSABLE = "unparsable", "The answer is not one JSON object of the asked members."
    UNKNOWN_SCENE = "unknown_scene", "The answer names none of the scenes that were offered."
    TOO_LONG = "too_long", "The instruction has more words than `instruct.max_words` allows."
    NO_SCENE = "no_scene", "The taxonomy has no scene of the theme."


class StageOutcome(Code):
    """What became of a new sample at a stage."""

    PASSED = "passed", "It was made, and scored as high as the threshold where the stage is scored."
    FAILED = "failed", "It was scored below the threshold, and stops here."
    FAULT = "fault", "It could not be made or scored; `reason` is the error code of what tried."
    WAITING = "waiting", "It was not yet made or scored, or stopped at an earlier stage."


class StageReason(Code):
    """Why a new sample did not pass a stage, beside the error codes of what makes and scores it."""

    BELOW_THRESHOLD = "below_threshold", "Its score is below the threshold of the stage."
    NOT_MADE = "not_made", "Nothing was made of it yet."
    NOT_SCORED = "not_scored", "It was made, and not scored yet."
    STOPPED = "stopped", "It stopped at an earlier stage."
    OUTDATED = "outdated", "It was made of what is another now, or outdated itself; make it again."
    SCORED_BEFORE = "scored_before", "Its score is of other assets, or of another prompt; score it again."
    NOT_JUDGED = "not_judged", "It, or its prompt, is another since `gate` looked at it; run `gate` again."
