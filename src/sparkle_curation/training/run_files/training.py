"""The run files for training with Kiwi-Edit, from its own checkpoint and from Kiwi-Sparkle's.

Source of the options and of the traps: Kiwi-Edit's ``scripts/``, ``train.py`` and ``diffsynth/trainers/utils.py``, told in
our own words.
"""

from __future__ import annotations

import shlex

from sparkle_curation.training.options import TRAIN
from sparkle_curation.training.plan import Plan
from sparkle_curation.training.run_files.run_file import (
    CONTINUE,
    KIWI_EDIT,
    LANGUAGE_MODEL,
    LANGUAGE_MODEL_PLACE,
    TRAIN_FROM_BASE,
    WEIGHTS,
    Line,
    Places,
    RunFile,
    head,
    options,
    quoted,
    variable,
)

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


def training_file(name: str, kind: str, checkpoint: str | None, plan: Plan, places: Places) -> RunFile:
    """The file that trains on the variant from ``checkpoint``; ``kind`` names the folder of its checkpoints."""
    lines = _training_lines(plan, f"{places.name}_{kind}")
    title = {
        TRAIN_FROM_BASE: "Train on this variant from Kiwi-Edit's stage 2.",
        CONTINUE: "Train on this variant from Kiwi-Sparkle: the same as train_from_base.sh but for the checkpoint.",
    }[name]
    own = {
        TRAIN_FROM_BASE: "Kiwi-Edit's stage 2, the file of linyq/wan2.2_ti2v_5b_qwen25vl_3b_stage2_img_vid_720x1280_81f",
        CONTINUE: "Kiwi-Sparkle, model.safetensors of stdKonjac/Kiwi-Sparkle-720P-81F",
    }[name]
    output = quoted(f"{places.output}/{kind}") if places.output else f'"$KIWI_EDIT/ckpt/{places.name}_{kind}"'
    variables = [
        variable("KIWI_EDIT", quoted(places.kiwi_edit), KIWI_EDIT),
        variable("MEDIA_ROOT", places.media_root, "the folder that the paths of the CSVs are taken from"),
        variable("CHECKPOINT", quoted(checkpoint), own),
        variable(
            "OUTPUT",
            output,
            "where checkpoints and run.json go; with 14b in its path, inference takes the 14B model",
        ),
    ]
    body = _TRAINING.format(name=name, gpus=plan.gpus, accumulation=plan.accumulation, options=options(lines))
    beginning = head(name, title, "CHECKPOINT=/path/to/model.safetensors")
    return RunFile(name, TRAIN, lines, f"{beginning}{''.join(variables)}{body}")


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
            f"the language model, in {LANGUAGE_MODEL_PLACE}: each process downloads it where it is not there",
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
