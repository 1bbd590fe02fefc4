"""A run file and its parts: options with why they are so, paths that the environment may give, what files begin with."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sparkle_curation.training.options import Given

WEIGHTS = "Wan-AI/Wan2.2-TI2V-5B"
"""The base model of the published checkpoints, below ``models/`` of Kiwi-Edit's checkout."""

LANGUAGE_MODEL = "Qwen/Qwen2.5-VL-3B-Instruct"
"""What reads the prompt and the video, in the cache of the model hub: transformers brings it there when it is asked for.

Source: Kiwi-Edit's ``diffsynth/models/mllm_encoder.py``.
"""

LANGUAGE_MODEL_PLACE = "the model hub's cache (HF_HOME, or ~/.cache/huggingface)"

TRAIN_FROM_BASE, CONTINUE, INFER_SPARKLE, INFER_OPENVE = (
    "train_from_base.sh",
    "continue_from_kiwi_sparkle.sh",
    "infer_sparkle_bench.sh",
    "infer_openve_bench.sh",
)

KIWI_EDIT = "the checkout of Kiwi-Edit, github.com/showlab/Kiwi-Edit"


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


_HEAD = """\
#!/usr/bin/env bash
# {title}
# Made by `kedro run --pipelines training_kit` and replaced by it: change the parameters there, training_kit.run.*
# Each path below can be given for one run: {example} ./{name}
# Kiwi-Edit has an environment of its own, of its install_full_env.sh (Python 3.10, torch 2.7, deepspeed): activate it
set -euo pipefail

KIT="$(cd -- "$(dirname -- "${{BASH_SOURCE[0]}}")" && pwd)"
"""


def head(name: str, title: str, example: str) -> str:
    """What a file begins with; ``example`` is a path given for one run."""
    return _HEAD.format(title=title, name=name, example=example)


def variable(name: str, default: str | None, why: str) -> str:
    """A path that the environment may give; ``default`` is what bash reads, None for one that must be given."""
    told = shlex.quote(f"{name} is not set: {why}")
    otherwise = f"echo {told} >&2; exit 2" if default is None else f"{name}={default}"
    given = f'if [[ -z "${{{name}:-}}" ]]; then {otherwise}; fi'
    # Absolute, since the program runs in the checkout.
    return f'# {why}\n{given}\n{name}="$(realpath -m -- "${name}")"\n'


def quoted(path: str | None) -> str | None:
    """A path as bash reads it."""
    return None if path is None else shlex.quote(path)


def options(lines: Sequence[Line], indent: str = "  ") -> str:
    """The options of a program as elements of an array of bash, each below its comment."""
    return "\n".join(
        f"{indent}# {line.why}\n{indent}--{line.name}{'' if line.shell is None else f' {line.shell}'}"
        for line in lines
    )
