"""What Kiwi-Edit can be trained on from the dataset, as its description has it, and which options take it."""

from __future__ import annotations

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.parts import TrainingTask
from sparkle_curation.spec.layout import KIND

_PAIRS = TrainingTask(
    name="video_edit",
    title="edit the video",
    media="video",
    source=KIND.source_video,
    target=KIND.edited_video,
)

TRAINING_TASKS: dict[str, TrainingTask] = {task.name: task for task in dataset().training_tasks or (_PAIRS,)}
"""The tasks by name, in the order of the description; of one that declares none, the pairs of videos alone."""

STILLS_OPTION, VIDEOS_OPTION, REFERENCES_OPTION = (
    "img_dataset_metadata_path",
    "vid_dataset_metadata_path",
    "vid_ref_dataset_metadata_path",
)
"""The options of ``train.py`` that take a CSV; each takes one."""


def metadata_option(task: TrainingTask) -> str:
    """The option of ``train.py`` that the CSV of a task goes to."""
    if task.media == "still":
        return STILLS_OPTION
    return REFERENCES_OPTION if task.reference else VIDEOS_OPTION


def is_of_pairs(task: TrainingTask) -> bool:
    """Whether the rows of a task are those of the variant's CSVs, with nothing beside them."""
    return (task.source, task.target) == (
        KIND.source_video,
        KIND.edited_video,
    ) and task.reference is task.prompt is task.passes is None


def csv_name(task: TrainingTask) -> str:
    """File name of a task's CSV; ``train.csv`` of the pairs."""
    return "train.csv" if is_of_pairs(task) else f"train_{task.name}.csv"
