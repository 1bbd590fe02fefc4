"""The options of Kiwi-Edit's programs, and what is wrong with a command that is to be given to one of them.

The tables say what the programs' own parsers took when they were read; of a checkout the parsers are read anew, from their
source: nothing of it is imported, so that neither torch nor a GPU is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from sparkle_curation.errors import ParameterError, did_you_mean

ValueType = Literal["str", "int", "float", "bool", "flag"]

TRAIN, BENCHMARK, SPARKLE_BENCH = "train.py", "test_benchmark.py", "test_benchmark_sparkle_bench.py"
"""The programs: two of Kiwi-Edit, and the one that Sparkle gives to be copied beside them."""


class Option(NamedTuple):
    """An option of a program.

    Attributes:
        type: of its value; a ``flag`` has none.
        is_needed: whether the program refuses to start without it.
    """

    type: ValueType
    is_needed: bool = False


class Given(NamedTuple):
    """An option as a run file gives it: without its dashes, and its value as text; None for a flag."""

    name: str
    value: str | None


def _of(**names: str) -> dict[str, Option]:
    return {name: Option(type_) for type_, text in names.items() for name in text.split()}  # type: ignore[arg-type]


KNOWN: dict[str, dict[str, Option]] = {
    TRAIN: _of(
        str="dataset_base_path vid_dataset_metadata_path vid_ref_dataset_metadata_path img_dataset_metadata_path "
        "data_file_keys model_paths model_id_with_origin_paths audio_processor_config output_path remove_prefix_in_ckpt "
        "trainable_models lora_base_model lora_target_modules dit_lora_base_model dit_lora_target_modules lora_checkpoint "
        "project_name exp_name extra_inputs checkpoint mllm_model",
        int="max_pixels height width num_frames dataset_repeat num_epochs lora_rank dit_lora_rank "
        "gradient_accumulation_steps save_steps dataset_num_workers num_image_queries num_video_queries num_ref_queries "
        "max_object_token mllm_max_frame mllm_max_pixels_per_frame",
        float="learning_rate max_timestep_boundary min_timestep_boundary weight_decay",
        bool="mllm_gradient_checkpointing ref_pad_first",
        flag="use_gradient_checkpointing_offload find_unused_parameters",
    ),
    BENCHMARK: _of(
        str="ckpt_path bench save_dir dataset_file data_root",
        int="rank num_rank max_frame max_pixels",
        bool="prompt_only raw_prompt source_free ref_pad_first",
    ),
    SPARKLE_BENCH: {
        **_of(
            str="edit_type save_dir bench_root",
            int="rank num_rank max_frame max_pixels cfg_scale",
            bool="ref_pad_first",
        ),
        "ckpt_path": Option("str", is_needed=True),
    },
}
"""The options of each program. Source: showlab/Kiwi-Edit and showlab/Sparkle, their argparse parsers."""

NEEDED: dict[str, tuple[str, ...]] = {
    # `data_file_keys` and `remove_prefix_in_ckpt` have defaults, of other models: with them nothing loads, or is saved.
    TRAIN: (
        "dataset_base_path",
        "data_file_keys",
        "extra_inputs",
        "model_id_with_origin_paths",
        "trainable_models",
        "remove_prefix_in_ckpt",
        "output_path",
        "checkpoint",
    ),
    BENCHMARK: ("ckpt_path", "save_dir", "bench"),
    SPARKLE_BENCH: ("ckpt_path", "save_dir", "bench_root", "edit_type"),
}
"""What each program starts without, and does not work without."""

_ANY_OF = {
    TRAIN: ("vid_dataset_metadata_path", "vid_ref_dataset_metadata_path", "img_dataset_metadata_path"),
}


def find_problems(program: str, given: Sequence[Given], known: Mapping[str, Option]) -> list[str]:
    """What is wrong with the options of a command, in words; nothing where it can be started.

    An abbreviation, which argparse would take, counts as unknown: it breaks when a longer option is added.

    Args:
        program: the program, which says what it does not work without.
        given: the options.
        known: those that the program takes.
    """
    return list(_problems(program, given, known))


def _problems(program: str, given: Sequence[Given], known: Mapping[str, Option]) -> Iterator[str]:
    names = [option.name for option in given]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"--{name} is given twice"
    for name, value in given:
        if name not in known:
            longer = [other for other in known if other.startswith(name)]
            near = f"did you mean '{longer[0]}'?" if len(longer) == 1 else did_you_mean(name, known)
            yield f"--{name} is no option of it{f'; {near}' if near else ''}"
        elif problem := _problem_of_value(known[name].type, value):
            yield f"--{name} {value if value is not None else ''}".rstrip() + f": {problem}"
    needed = [*NEEDED.get(program, ()), *(name for name, option in known.items() if option.is_needed)]
    for name in dict.fromkeys(needed):
        if name not in names:
            yield f"--{name} is missing"
    one_of = _ANY_OF.get(program, ())
    if one_of and not set(one_of) & set(names):
        yield f"one of {', '.join(f'--{name}' for name in one_of)} is missing"
    if ("height" in names) != ("width" in names):
        yield "--height and --width go together; one alone is passed over"


def _problem_of_value(type_: ValueType, value: str | None) -> str | None:
    if type_ == "flag":
        return None if value is None else "takes no value"
    if value is None:
        return "needs a value"
    if type_ == "bool" and value.lower() in {"false", "0", "no"}:
        return "any text is true to it, this one too; leave the option out"
    try:
        {"int": int, "float": float}.get(type_, str)(value)
    except ValueError:
        return "an integer is needed" if type_ == "int" else "a number is needed"
    return None


# ------------------------------------------------------------------ of a checkout
def read_options(checkout: Path, program: str) -> dict[str, Option]:
    """The options of a program of a checkout, from the source of its parser.

    The parser is that of the program's own file, or of a function that the file imports from another one of the checkout and
    calls.

    Raises:
        ParameterError: the file is not there or no Python, or no parser is found.
    """
    tree = _parse(checkout / program)
    found = _options_in(tree)
    if not found:
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or node.module is None or node.level:
                continue
            path = checkout.joinpath(*node.module.split(".")).with_suffix(".py")
            names = {alias.name for alias in node.names if (alias.asname or alias.name) in called}
            if names and path.is_file():
                for function in ast.walk(_parse(path)):
                    if isinstance(function, ast.FunctionDef) and function.name in names:
                        found |= _options_in(function)
    if not found:
        raise ParameterError(
            "No parser of options is found in a program of Kiwi-Edit",
            where=checkout / program,
            allowed="calls of add_argument, there or in a function that it imports and calls",
            todo="check the options by the table: --params training_kit.kiwi_edit_checkout=null",
        )
    return found


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text("utf-8"))
    except OSError as error:
        raise ParameterError(
            "The checkout of Kiwi-Edit lacks a program",
            where="training_kit.kiwi_edit_checkout",
            got=f"{path}: {error.strerror}",
            allowed="the folder of a clone of github.com/showlab/Kiwi-Edit",
            todo="correct the path; or null, and the options are checked by the table",
        ) from error
    except (SyntaxError, ValueError) as error:
        raise ParameterError(
            "A program of Kiwi-Edit cannot be read as Python",
            where=path,
            got=str(error),
            todo="check it out again",
        ) from error


def _options_in(tree: ast.AST) -> dict[str, Option]:
    """The options that calls of ``add_argument`` name."""
    found: dict[str, Option] = {}
    for call in ast.walk(tree):
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "add_argument"
        ):
            continue
        words = {word.arg: word.value for word in call.keywords if word.arg}
        action, named, needed = words.get("action"), words.get("type"), words.get("required")
        type_: ValueType = "str"
        if isinstance(action, ast.Constant) and str(action.value).startswith("store_"):
            type_ = "flag"
        elif isinstance(named, ast.Name) and named.id in ("int", "float", "bool"):
            type_ = named.id  # type: ignore[assignment]
        is_needed = isinstance(needed, ast.Constant) and needed.value is True
        for flag in call.args:
            if isinstance(flag, ast.Constant) and isinstance(flag.value, str) and flag.value.startswith("--"):
                found[flag.value[2:]] = Option(type_, is_needed)
    return found


def check_commands(commands: Sequence[tuple[str, str, Sequence[Given]]], checkout: Path | None) -> str:
    """By what the commands were checked, in words; that they can be started.

    Args:
        commands: the run file, the program and the options of each.
        checkout: of Kiwi-Edit, whose own parsers say what they take; None for the tables. A program that it lacks, and that
            comes from elsewhere, is checked by its table.

    Raises:
        ParameterError: an option is unknown, misspelt, missing or of another type; or the checkout is none.
    """
    problems = []
    for file, program, given in commands:
        is_read = checkout is not None and (program != SPARKLE_BENCH or (checkout / program).is_file())
        known = read_options(checkout, program) if checkout is not None and is_read else KNOWN[program]
        problems += [f"{file}: {program} {problem}" for problem in find_problems(program, given, known)]
    if problems:
        raise ParameterError(
            "Kiwi-Edit would not start with the options of the run files",
            where=checkout or "the table of its options",
            got="; ".join(problems),
            allowed="options that its parser knows, each once, with all that it needs",
            todo="check out a version of Kiwi-Edit that has them, or mend the run files in "
            "src/sparkle_curation/training/run_files/",
        )
    return f"the parsers of {checkout}" if checkout is not None else "the table of Kiwi-Edit's options"
