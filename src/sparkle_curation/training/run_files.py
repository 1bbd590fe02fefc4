"""The run files of a training kit: training and inference with Kiwi-Edit, each line with why it is so.

Source of the options and of the traps: Kiwi-Edit's ``scripts/``, ``train.py``, ``test_benchmark.py`` and
``diffsynth/trainers/utils.py``, and Sparkle's README and ``test_benchmark_sparkle_bench.py``, told in our own words.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sparkle_curation.spec.themes import THEMES
from sparkle_curation.training.options import BENCHMARK, SPARKLE_BENCH, TRAIN, Given
from sparkle_curation.training.plan import Plan

WEIGHTS = "Wan-AI/Wan2.2-TI2V-5B"
"""The base model of the published checkpoints, below ``models/`` of Kiwi-Edit's checkout."""

LANGUAGE_MODEL = "Qwen/Qwen2.5-VL-3B-Instruct"
"""What reads the prompt and the video, in the cache of the model hub: transformers brings it there when it is asked for.

Source: Kiwi-Edit's ``diffsynth/models/mllm_encoder.py``.
"""

_LANGUAGE_MODEL_PLACE = "the model hub's cache (HF_HOME, or ~/.cache/huggingface)"

TRAIN_FROM_BASE, CONTINUE, INFER_SPARKLE, INFER_OPENVE = (
    "train_from_base.sh",
    "continue_from_kiwi_sparkle.sh",
    "infer_sparkle_bench.sh",
    "infer_openve_bench.sh",
)


class Line(NamedTuple):
    """An option in a run file.

    Attributes:
        name: without its dashes.
        shell: its value as bash reads it; None for a flag.
        why: the comment above it.
        value: a value of its kind, for the check; None where ``shell`` is one word without variables.
    """

    name: str
    shell: str | None
    why: str
    value: str | None = None

    @property
    def given(self) -> Given:
        """The option as a parser would get it."""
        if self.shell is None:
            return Given(self.name, None)
        return Given(self.name, shlex.split(self.shell)[0] if self.value is None else self.value)


@dataclass(frozen=True)
class RunFile:
    """A run file.

    Attributes:
        name: its file name.
        program: what it runs.
        lines: the options of the program.
        text: the whole file.
    """

    name: str
    program: str
    lines: Sequence[Line]
    text: str

    @property
    def given(self) -> list[Given]:
        """The options of the program."""
        return [line.given for line in self.lines]


@dataclass(frozen=True)
class CheckedRunFiles:
    """Run files whose options Kiwi-Edit takes.

    Attributes:
        files: the files.
        checked_by: by what, in words.
    """

    files: Sequence[RunFile]
    checked_by: str


@dataclass(frozen=True)
class Places:
    """The paths that the run files start from, where parameters give them; None for one that the person gives.

    Attributes:
        kiwi_edit: the checkout.
        media_root: what the CSVs' paths are taken from, as bash reads it.
        base_checkpoint: to train from.
        kiwi_sparkle_checkpoint: to continue from, and to infer with.
        output: folder of checkpoints.
        name: of this variant, in the folder of checkpoints where ``output`` is None.
        sparkle_bench: the folder of Sparkle-Bench.
        openve_bench: the folder of OpenVE-Bench.
    """

    kiwi_edit: str | None
    media_root: str
    base_checkpoint: str | None
    kiwi_sparkle_checkpoint: str | None
    output: str | None
    name: str
    sparkle_bench: str | None
    openve_bench: str | None


def write_run_files(plan: Plan, places: Places) -> list[RunFile]:
    """The four run files: training from Kiwi-Edit's checkpoint and from Kiwi-Sparkle's, inference on two benchmarks."""
    return [
        _training(TRAIN_FROM_BASE, "base", places.base_checkpoint, plan, places),
        _training(CONTINUE, "continued", places.kiwi_sparkle_checkpoint, plan, places),
        _sparkle_bench(plan, places),
        _openve_bench(plan, places),
    ]


# ------------------------------------------------------------------ what all of them begin with
_HEAD = """\
#!/usr/bin/env bash
# {title}
# Made by `kedro run --pipelines training_kit` and replaced by it: change the parameters there, training_kit.run.*
# Each path below can be given for one run: {example} ./{name}
# Kiwi-Edit has an environment of its own, of its install_full_env.sh (Python 3.10, torch 2.7, deepspeed): activate it
set -euo pipefail

KIT="$(cd -- "$(dirname -- "${{BASH_SOURCE[0]}}")" && pwd)"
"""


def _head(name: str, title: str, example: str) -> str:
    return _HEAD.format(title=title, name=name, example=example)


def _variable(name: str, default: str | None, why: str) -> str:
    """A path that the environment may give; ``default`` is what bash reads, None for one that must be given."""
    told = shlex.quote(f"{name} is not set: {why}")
    otherwise = f"echo {told} >&2; exit 2" if default is None else f"{name}={default}"
    given = f'if [[ -z "${{{name}:-}}" ]]; then {otherwise}; fi'
    # Absolute, since the program runs in the checkout.
    return f'# {why}\n{given}\n{name}="$(realpath -m -- "${name}")"\n'


def _quoted(path: str | None) -> str | None:
    return None if path is None else shlex.quote(path)


def _options(lines: Sequence[Line], indent: str = "  ") -> str:
    return "\n".join(
        f"{indent}# {line.why}\n{indent}--{line.name}{'' if line.shell is None else f' {line.shell}'}"
        for line in lines
    )


_KIWI_EDIT = "the checkout of Kiwi-Edit, github.com/showlab/Kiwi-Edit"

# ------------------------------------------------------------------ training
_TRAINING = """
# A GPU is taken after this alone: are all files of the CSVs there, and the weights, and is OUTPUT no other run's? It writes
# run.json there: the variant's version, the checkpoint's sha256, the order of the CSVs, the effective batch.
python3 "$KIT/before_training.py" --run {name} --media_root "$MEDIA_ROOT" --checkpoint "$CHECKPOINT" \\
  --output "$OUTPUT" --kiwi_edit "$KIWI_EDIT"

# Weights and Biases asks for an account otherwise.
export WANDB_MODE="${{WANDB_MODE:-offline}}"

# Traps:
# - A restart keeps the weights alone: no optimizer, no place in the epoch, and the learning rate is a third of it for the
#   first 5 steps. To go on, give CHECKPOINT the newest step-*.safetensors and OUTPUT another folder.
# - The trainer sets no seed: rows are shuffled anew in each run, whatever the order of the CSVs.
# - A row that cannot be loaded is replaced by a random other one, with no more than a line that begins with "Error".
# - The checkpoint is loaded without a complaint about keys that do not fit; --lora_checkpoint is passed over.
# - step-N in a file's name counts micro-batches of a process: update N / {accumulation}.
launcher=(
  # processes, one a GPU
  --num_processes {gpus}
  --num_machines 1
  --machine_rank 0
  --mixed_precision bf16
  # ZeRO stage 2, its optimizer in main memory, as in the published script
  --use_deepspeed
  --zero_stage 2
  --zero3_init_flag false
  --offload_optimizer_device cpu
  --deepspeed_multinode_launcher standard
  # micro-batches to an update: the launcher's and the trainer's own must be one number
  --gradient_accumulation_steps {accumulation}
)
options=(
{options}
)
cd -- "$KIWI_EDIT"
exec accelerate launch "${{launcher[@]}}" train.py "${{options[@]}}"
"""

_LAYERS = "mllm.image_queries,mllm.video_queries,mllm.connetor,dit,vae_condition"
_REFERENCE_LAYERS = (
    "mllm.image_queries,mllm.video_queries,mllm.ref_queries,mllm.ref_connector,mllm.connetor,"
    "dit,vae_condition,ref_vae_condition"
)


def _training(name: str, kind: str, checkpoint: str | None, plan: Plan, places: Places) -> RunFile:
    lines = _training_lines(plan, f"{places.name}_{kind}")
    title = {
        TRAIN_FROM_BASE: "Train on this variant from Kiwi-Edit's stage 2.",
        CONTINUE: "Train on this variant from Kiwi-Sparkle: the same as train_from_base.sh but for the checkpoint.",
    }[name]
    own = {
        TRAIN_FROM_BASE: "Kiwi-Edit's stage 2, the file of linyq/wan2.2_ti2v_5b_qwen25vl_3b_stage2_img_vid_720x1280_81f",
        CONTINUE: "Kiwi-Sparkle, model.safetensors of stdKonjac/Kiwi-Sparkle-720P-81F",
    }[name]
    output = (
        _quoted(f"{places.output}/{kind}") if places.output else f'"$KIWI_EDIT/ckpt/{places.name}_{kind}"'
    )
    variables = [
        _variable("KIWI_EDIT", _quoted(places.kiwi_edit), _KIWI_EDIT),
        _variable("MEDIA_ROOT", places.media_root, "the folder that the paths of the CSVs are taken from"),
        _variable("CHECKPOINT", _quoted(checkpoint), own),
        _variable(
            "OUTPUT",
            output,
            "where checkpoints and run.json go; with 14b in its path, inference takes the 14B model",
        ),
    ]
    body = _TRAINING.format(
        name=name, gpus=plan.gpus, accumulation=plan.accumulation, options=_options(lines)
    )
    head = _head(name, title, "CHECKPOINT=/path/to/model.safetensors")
    return RunFile(name, TRAIN, lines, f"{head}{''.join(variables)}{body}")


def _training_lines(plan: Plan, experiment: str) -> list[Line]:
    keys = ["src_video", "tgt_video", *(["ref_image"] if plan.has_reference else [])]
    inputs = ["source_input", *(["ref_image"] if plan.has_reference else [])]
    several = "; rows are taken from each CSV in turn until the shortest ends" if len(plan.csvs) > 1 else ""
    files = [Line(option, f'"$KIT/{name}"', f"the rows{several}", name) for option, name in plan.csvs.items()]
    sizes = [
        Line(name, str(value), "one size forced on all videos, as the preflight was told")
        for name, value in (("height", plan.height), ("width", plan.width))
        if value is not None
    ]
    weights = f"{WEIGHTS}:diffusion_pytorch_model*.safetensors,{WEIGHTS}:Wan2.2_VAE.pth"
    return [
        Line("dataset_base_path", '"$MEDIA_ROOT"', "one root for all CSVs", "root"),
        *files,
        Line(
            "data_file_keys",
            ",".join(keys),
            "columns that name files; the default is of other CSVs, and breaks loading",
        ),
        Line("extra_inputs", ",".join(inputs), "what the model is given beside the prompt"),
        Line(
            "num_frames",
            str(plan.num_frames),
            "frames of a row at most, from its first; shorter ones are cut to 4n + 1",
        ),
        Line(
            "max_pixels",
            str(plan.max_pixels),
            "pixels of a frame at most; sides are cropped to multiples of 32",
        ),
        *sizes,
        Line("dataset_repeat", "1", "rows are repeated in the CSV, by training_kit.shares"),
        Line(
            "dataset_num_workers",
            str(plan.workers),
            "processes that load rows, for each GPU; 0 would have the GPU wait",
        ),
        Line(
            "model_id_with_origin_paths",
            shlex.quote(weights),
            f"base weights; they must lie in models/{WEIGHTS}/ of the checkout, nothing is downloaded",
        ),
        Line(
            "mllm_model",
            LANGUAGE_MODEL,
            f"the language model, in {_LANGUAGE_MODEL_PLACE}: each process downloads it where it is not there",
        ),
        Line("checkpoint", '"$CHECKPOINT"', "the weights that the training starts from", "model.safetensors"),
        Line(
            "trainable_models",
            _REFERENCE_LAYERS if plan.has_reference else _LAYERS,
            "what is trained, as published; connetor is its real name",
        ),
        Line(
            "lora_base_model", "mllm.model.model.language_model", "a LoRA on the language model, as published"
        ),
        Line("lora_target_modules", "q_proj,k_proj,v_proj,o_proj", "its layers"),
        Line("lora_rank", "64", "its rank"),
        Line(
            "mllm_max_pixels_per_frame",
            "262144",
            "what inference shows the language model; without it, training has no bound",
        ),
        Line("learning_rate", f"{plan.learning_rate!r}", "published: 1e-5"),
        Line(
            "gradient_accumulation_steps",
            str(plan.accumulation),
            f"{plan.gpus} GPUs x {plan.accumulation} micro-batches of one row = {plan.effective_batch} rows an update",
        ),
        Line(
            "num_epochs",
            str(plan.epochs),
            f"{plan.updates:,} updates: the trainer counts epochs, and ends with a whole one",
        ),
        Line(
            "save_steps",
            str(plan.save_steps),
            f"counts micro-batches of a process: a checkpoint each {plan.save_steps // plan.accumulation:,} updates",
        ),
        Line(
            "remove_prefix_in_ckpt", "pipe.", "as the published checkpoints; the default is of another model"
        ),
        Line("output_path", '"$OUTPUT"', "checkpoints, step-N.safetensors", "checkpoints"),
        Line("project_name", "kiwi_edit", "in Weights and Biases"),
        Line("exp_name", shlex.quote(experiment), "in Weights and Biases"),
    ]


# ------------------------------------------------------------------ inference
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
        name=name, weights=WEIGHTS, language_model=LANGUAGE_MODEL, place=_LANGUAGE_MODEL_PLACE
    )


def _ranks(lines: Sequence[Line], program: str, plan: Plan, indent: str) -> str:
    return _RANKS.format(
        indent=indent, gpus=plan.gpus, options=_options(lines, f"{indent}    "), program=program
    )


def _inference_variables(places: Places, bench: str, default: str | None, why: str) -> str:
    return "".join(
        [
            _variable("KIWI_EDIT", _quoted(places.kiwi_edit), _KIWI_EDIT),
            _variable(
                "CHECKPOINT", _quoted(places.kiwi_sparkle_checkpoint), "the weights to infer with, a file"
            ),
            _variable(bench, _quoted(default), why),
            _variable(
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


def _sparkle_bench(plan: Plan, places: Places) -> RunFile:
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
    head = _head(
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
    return RunFile(name, SPARKLE_BENCH, lines, f"{head}{variables}{_before_inference(name)}{body}")


def _openve_bench(plan: Plan, places: Places) -> RunFile:
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
    head = _head(name, "Edit the videos of OpenVE-Bench.", "CHECKPOINT=/path/to/step-N.safetensors")
    variables = _inference_variables(
        places, "OPENVE_BENCH", places.openve_bench, "the folder of OpenVE-Bench, with benchmark_videos.csv"
    )
    ranks = _ranks(lines, BENCHMARK, plan, "")
    traps = (
        "# - All videos go into one folder: of two sources with one file name the second is passed over.\n"
    )
    body = f'{_before_inference(name)}{traps}failed=0\n{ranks}exit "$failed"\n'
    return RunFile(name, BENCHMARK, lines, f"{head}{variables}{body}")
