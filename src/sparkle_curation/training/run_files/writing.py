"""All run files of a training kit."""

from __future__ import annotations

from sparkle_curation.training.plan import Plan
from sparkle_curation.training.run_files.inference import openve_bench_file, sparkle_bench_file
from sparkle_curation.training.run_files.run_file import CONTINUE, TRAIN_FROM_BASE, Places, RunFile
from sparkle_curation.training.run_files.training import training_file


def write_run_files(plan: Plan, places: Places) -> list[RunFile]:
    """The four run files: training from Kiwi-Edit's checkpoint and from Kiwi-Sparkle's, inference on two benchmarks."""
    return [
        training_file(TRAIN_FROM_BASE, "base", places.base_checkpoint, plan, places),
        training_file(CONTINUE, "continued", places.kiwi_sparkle_checkpoint, plan, places),
        sparkle_bench_file(plan, places),
        openve_bench_file(plan, places),
    ]
