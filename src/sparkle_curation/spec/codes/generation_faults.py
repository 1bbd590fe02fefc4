"""Why a stage that generates made nothing of a sample: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class GenerationFault(Code):
    """An error code of the table ``generated``, beside those of the media."""

    NO_PROMPT = "no_prompt", "The sample has no edit prompt, or no scene for a prompt that names it."
    NO_INPUT = "no_input", "An asset that it is made of is not there."
    NOT_PASSED = (
        "not_passed",
        "An earlier stage of the sample has not passed its filter; see `new_progress`.",
    )
    NOT_JUDGED = (
        "not_judged",
        "An asset or the prompt of the sample is another than the one that passed the filter of an earlier stage.",
    )
    OUTDATED_INPUT = (
        "outdated_input",
        "What it is to be made of is itself made of what is another now, or the edit prompt is of another cut of the clip.",
    )
    PROMPT_TOO_LONG = (
        "prompt_too_long",
        "The prompt has more tokens than the text encoder takes: the rest would be cut off unseen.",
    )
    BAD_SIZE = (
        "bad_size",
        "Width, height or number of frames are none that the model's encoder of pictures takes as they are.",
    )
    BAD_CONTROL = "bad_control", "The control video has other frames than the clip, or another size."
    OUT_OF_MEMORY = (
        "out_of_memory",
        "It does not fit into the memory of the device; it is tried again by the next run.",
    )
    NOT_FINITE = "not_finite", "The model gave values that are no numbers, which would be shown as black."
    NOT_IMPORTED = "not_imported", "The folder of outputs of another generator has none of the sample."
    BAD_IMPORT = (
        "bad_import",
        "The output of another generator cannot be decoded or take a note, or has not the size and frames of its source.",
    )


WAITS = (
    GenerationFault.NO_INPUT.value,
    GenerationFault.NOT_PASSED.value,
    GenerationFault.NOT_JUDGED.value,
    GenerationFault.OUTDATED_INPUT.value,
)
"""What passes by itself, once an earlier stage has made its part and that has passed."""
