"""What is known of a clip's camera, and why: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class CameraOutcome(Code):
    """What the table ``camera`` says of a clip."""

    FIXED = "fixed", "Border and whole picture stay where they are, and nothing shakes."
    MOVING = "moving", "The camera moves, shakes, or is another one after a cut."
    CANNOT_TELL = "cannot_tell", "The clip cannot be read, or shows too little to tell."


class CameraReason(Code):
    """Why a clip's camera is not fixed, or why that cannot be told, beside the error codes of the media."""

    DRIFT = "drift", "Border and picture as a whole both lie further from their first place than allowed."
    LOST = (
        "lost",
        "Nothing of the first frame is found again in a later one, though nothing looks like a cut.",
    )
    SHAKE = "shake", "The border moves from one frame to the next by more than allowed."
    SCENE_CUT = "scene_cut", "A frame has nothing of the one before it."
    FEW_TEXTURED_CELLS = (
        "few_textured_cells",
        "Too few cells of the border have texture that could be seen to move.",
    )
    TOO_FEW_FRAMES = "too_few_frames", "The clip has one frame, which moves nowhere."
    NO_CLIP = "no_clip", "The available release has no source video of the sample."
