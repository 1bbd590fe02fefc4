"""The export profiles beside Kiwi-Edit's CSV, each with the source of its columns and of its loader's rule."""

from __future__ import annotations

from collections.abc import Mapping

from sparkle_curation.training.profiles.profile import (
    CONTROL,
    EDITED,
    PROMPT,
    SOURCE,
    ExportProfile,
    FrameRule,
)

DIFFSYNTH = ExportProfile(
    name="diffsynth",
    title="DiffSynth-Studio from 2.1.10, training of VACE",
    form="csv",
    columns={"video": EDITED, "vace_video": CONTROL, "prompt": PROMPT},
    frames=FrameRule(shortens=True, resizes=True, cuts_control=True),
    how="--dataset_base_path {media} --dataset_metadata_path {file} --data_file_keys video,vace_video "
    "--extra_inputs vace_video --height {height_px} --width {width_px} --num_frames {num_frames}",
)
"""Source: ``diffsynth`` 2.1.12, ``core/data/unified_dataset.py`` and ``operators.py``, run on real files.

Each video is loaded by itself: the first ``num_frames``, or the largest ``4n + 1`` of a shorter one, scaled to cover the
size and cropped at its centre. What cannot be read stops the training. Of a longer control video the trainer takes as many
frames as the edited one has (before 2.1.10 it stops there); behind the end of a shorter one it trains without a control, and
says nothing, as it does with every pair where ``--extra_inputs`` does not name the control. pandas reads the CSV.
"""

OPENVE = ExportProfile(
    name="openve",
    title="OpenVE-3M's columns",
    form="csv",
    columns={"video": EDITED, "original_video": SOURCE, "prompt": PROMPT},
    frames=FrameRule(shortens=False, resizes=False),
    how="{file}, with paths from {media}",
)
"""Source: the columns of OpenVE-3M's tables.

No loader of its authors was at hand, so the rule is the strictest: both videos have the same frames and size.
"""

RECO = ExportProfile(
    name="reco",
    title="ReCo",
    form="json",
    columns={"src_video": SOURCE, "tar_video": EDITED, "instruction_final_refine": PROMPT},
    frames=FrameRule(shortens=False, resizes=False),
    how="--json_path {file} --video_folder {media}",
)
"""Source: ReCo's ``ReCo_Dataset``, which reads every frame of both videos and joins them side by side.

What cannot be joined becomes a black clip without a prompt, and goes on as one.
"""

JSONL = ExportProfile(
    name="jsonl",
    title="plain JSONL",
    form="jsonl",
    columns={"source": SOURCE, "edited": EDITED, "prompt": PROMPT},
    frames=None,
    how="{file}, with paths from {media}",
    facts=("id", "theme", "frame_count", "fps", "width_px", "height_px"),
)
"""For a loader of one's own: facts of the edited video stand in each row, and nothing is left out."""

PROFILES: Mapping[str, ExportProfile] = {each.name: each for each in (DIFFSYNTH, OPENVE, RECO, JSONL)}
"""By name."""
