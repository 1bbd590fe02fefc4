"""The run files for inference with Kiwi-Edit, on Sparkle-Bench and on OpenVE-Bench.

Source of the options and of the traps: Kiwi-Edit's ``test_benchmark.py``, Sparkle's README and
``test_benchmark_sparkle_bench.py``, told in our own words.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from sparkle_curation.spec.themes import THEMES
from sparkle_curation.training.options import BENCHMARK, SPARKLE_BENCH
from sparkle_curation.training.plan import Plan
from sparkle_curation.training.run_files.run_file import (
    INFER_OPENVE,
    INFER_SPARKLE,
    KIWI_EDIT,
    LANGUAGE_MODEL,
    LANGUAGE_MODEL_PLACE,
    WEIGHTS,
    Line,
    Places,
    RunFile,
    head,
    options,
    quoted,
    variable,
)

_RANKS = """\
{indent}pids=()
{indent}for ((rank = 0; rank < {gpus}; rank++)); do
{indent}  options=(
{options}
{indent}  )
{indent}  (cd -- "$KIWI_EDIT" && exec python3 {program} "${{options[@]}}") &
{indent}  pids+=("$!")
{indent}done
{indent}for pid in "${{pids[@]}}"; do wait "$pid" || failed=1; done
"""

_NO_14B = """
if [[ "$CHECKPOINT" == *14b* ]]; then
  echo "{name}: 14b in the path of the checkpoint makes Kiwi-Edit load the 14B model: move it to another folder" >&2
  exit 1
fi
if [[ ! -f "$CHECKPOINT" || ! -d "$KIWI_EDIT/models/{weights}" ]]; then
  echo "{name}: the checkpoint is no file, or the base weights do not lie in models/{weights} of the checkout" >&2
  exit 1
fi
# The language model is {language_model}, in {place}.
# Where it is not there it is downloaded; for a machine without a network: hf download {language_model}
# Traps:
# - A video that is there counts as done, cut or whole: remove the folder of a run that was killed.
# - A source whose length is not 4n + 1 frames stops the program: noise is rounded up, the source down. Trim it before.
# - Results are written at 15 frames a second and a height of 704, whatever the source has: bench_outputs tells each.
"""


def _before_inference(name: str) -> str:
    return _NO_14B.format(
        name=name, weights=WEIGHTS, language_model=LANGUAGE_MODEL, place=LANGUAGE_MODEL_PLACE
    )


def _ranks(lines: Sequence[Line], program: str, plan: Plan, indent: str) -> str:
    return _RANKS.format(
        indent=indent, gpus=plan.gpus, options=options(lines, f"{indent}    "), program=program
    )


def _inference_variables(places: Places, bench: str, default: str | None, why: str) -> str:
    return "".join(
        [
            variable("KIWI_EDIT", quoted(places.kiwi_edit), KIWI_EDIT),
            variable(
                "CHECKPOINT", quoted(places.kiwi_sparkle_checkpoint), "the weights to infer with, a file"
            ),
            variable(bench, quoted(default), why),
            variable(
                "OUTPUT",
                '"$KIWI_EDIT/infer_results/$(basename -- "$(dirname -- "$CHECKPOINT")")"',
                "where the videos go; another folder for each checkpoint",
            ),
        ]
    )


def _rank_lines(plan: Plan) -> list[Line]:
    return [
        Line("rank", '"$rank"', "which GPU, and which share of the rows", "0"),
        Line("num_rank", str(plan.gpus), "of how many"),
        Line("max_frame", str(plan.num_frames), "frames at most"),
        Line("max_pixels", str(plan.max_pixels), "pixels of a frame at most"),
    ]


_SPARKLE = """
# The published script passes src_mask to a pipeline that takes none, and stops at the first video.
if [[ ! -f "$KIWI_EDIT/{program}" ]]; then
  echo "{name}: copy {program} of github.com/showlab/Sparkle into $KIWI_EDIT" >&2
  exit 1
fi
pipeline="$KIWI_EDIT/diffsynth/pipelines/wan_video_mllm.py"
if grep -q 'src_mask=' "$KIWI_EDIT/{program}" && ! grep -q 'src_mask' "$pipeline"; then
  echo "{name}: take src_mask=None out of the call first: sed -i '/src_mask=None,/d' \\"$KIWI_EDIT/{program}\\"" >&2
  exit 1
fi
failed=0
# A run for each theme; the benchmark has some of them.
for theme in {themes}; do
  if [[ ! -f "$SPARKLE_BENCH/${{theme}}_bench.csv" ]]; then
    echo "{name}: the benchmark has no $theme"
    continue
  fi
{ranks}done
echo "{name}: which videos are there, whole, and like their sources: kedro run --pipelines bench_outputs --params \
\\"bench_models.NAME=$OUTPUT/sparkle_bench,bench_root=$SPARKLE_BENCH\\""
exit "$failed"
"""


def sparkle_bench_file(plan: Plan, places: Places) -> RunFile:
    """The file that edits the videos of Sparkle-Bench, theme by theme."""
    lines = [
        Line("ckpt_path", '"$CHECKPOINT"', "the weights", "model.safetensors"),
        Line("edit_type", '"$theme"', "the theme", "theme"),
        Line(
            "bench_root",
            '"$SPARKLE_BENCH"',
            "the folder with the benchmark's CSVs and source videos",
            "bench",
        ),
        Line("save_dir", '"$OUTPUT"', "sparkle_bench/THEME/ is made in it", "results"),
        *_rank_lines(plan),
    ]
    name = INFER_SPARKLE
    beginning = head(
        name, "Edit the videos of Sparkle-Bench, theme by theme.", "CHECKPOINT=/path/to/step-N.safetensors"
    )
    variables = _inference_variables(
        places, "SPARKLE_BENCH", places.sparkle_bench, "the folder of Sparkle-Bench, with THEME_bench.csv"
    )
    body = _SPARKLE.format(
        name=name,
        program=SPARKLE_BENCH,
        themes=" ".join(map(shlex.quote, THEMES)),
        ranks=_ranks(lines, SPARKLE_BENCH, plan, "  "),
    )
    return RunFile(name, SPARKLE_BENCH, lines, f"{beginning}{variables}{_before_inference(name)}{body}")


def openve_bench_file(plan: Plan, places: Places) -> RunFile:
    """The file that edits the videos of OpenVE-Bench."""
    lines = [
        Line("bench", "openve", "which benchmark"),
        Line("ckpt_path", '"$CHECKPOINT"', "the weights", "model.safetensors"),
        Line("dataset_file", '"$OPENVE_BENCH/benchmark_videos.csv"', "its rows", "benchmark_videos.csv"),
        Line(
            "data_root",
            '"$(dirname -- "$OPENVE_BENCH")/"',
            "glued to the paths of the rows: it ends with /",
            "root/",
        ),
        Line("save_dir", '"$OUTPUT/"', "glued to openve/: it ends with /", "results/"),
        *_rank_lines(plan),
    ]
    name = INFER_OPENVE
    beginning = head(name, "Edit the videos of OpenVE-Bench.", "CHECKPOINT=/path/to/step-N.safetensors")
    variables = _inference_variables(
        places, "OPENVE_BENCH", places.openve_bench, "the folder of OpenVE-Bench, with benchmark_videos.csv"
    )
    ranks = _ranks(lines, BENCHMARK, plan, "")
    traps = (
        "# - All videos go into one folder: of two sources with one file name the second is passed over.\n"
    )
    body = f'{_before_inference(name)}{traps}failed=0\n{ranks}exit "$failed"\n'
    return RunFile(name, BENCHMARK, lines, f"{beginning}{variables}{body}")
