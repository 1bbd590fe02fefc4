"""What a score judge is told: two texts, for consistency and for quality, known by their digest."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import xxhash

from sparkle_curation.errors import ParameterError

EDIT_PROMPT = "<instruction>"
SCORE_RANGE = "<score_range>"
_EDITSCORE = "editscore"


@dataclass(frozen=True)
class PromptTemplate:
    """The two texts that EditScore's questions consist of, beside their pictures.

    Attributes:
        consistency: of the question called SC, two pictures; ``<instruction>`` stands for the edit prompt.
        quality: of the question called PQ.
        origin: where the texts are from, with its version.
    """

    consistency: str
    quality: str
    origin: str

    @cached_property
    def digest(self) -> str:
        """xxh3-128 of both texts: scores under other texts are other scores."""
        return xxhash.xxh3_128(f"{self.consistency}\0{self.quality}".encode()).hexdigest()

    def ask_consistency(self, edit_prompt: str) -> str:
        """The text of the SC question for one edit prompt."""
        return self.consistency.replace(EDIT_PROMPT, edit_prompt)


def own_prompt_template(consistency: str, quality: str, score_range: int) -> PromptTemplate:
    """The project's own texts, with the score range put in.

    Raises:
        ParameterError: a text lacks the place of the range, or of the instruction.
    """
    for name, text, marks in (
        ("score_consistency", consistency, (EDIT_PROMPT, SCORE_RANGE)),
        ("score_quality", quality, (SCORE_RANGE,)),
    ):
        absent = [mark for mark in marks if mark not in text]
        if absent:
            raise ParameterError(
                "A judge's text lacks what is to be put in",
                where=f"conf/base/prompts/{name}.txt",
                got=f"no {' and no '.join(absent)}",
                todo=f"write {absent[0]} where it belongs",
            )
    texts = [text.replace(SCORE_RANGE, str(score_range)) for text in (consistency, quality)]
    return PromptTemplate(texts[0], texts[1], "own")


def editscore_prompt_template(score_range: int) -> PromptTemplate | None:
    """The texts of the installed ``editscore`` package, put together as it does; None where it is not installed.

    The package is not imported, only its file of texts: importing it wants every package of its models.
    EditScore writes the range over each ``10`` of two of its texts (``editscore/__init__.py``).
    """
    texts = _editscore_texts()
    if texts is None:
        return None
    try:
        installed = version(_EDITSCORE)
    except PackageNotFoundError:
        installed = "of unknown version"
    scale = str(score_range)
    context = texts._context_no_delimit_reasoning_first
    scoring = texts._prompts_0shot_tie_rule_SC.replace("10", scale)
    quality = texts._prompts_0shot_rule_PQ.replace("10", scale)
    return PromptTemplate(
        "\n".join([context, texts._prompts_0shot_two_image_edit_rule, scoring]),
        "\n".join([context, quality]),
        f"{_EDITSCORE} {installed}",
    )


def _editscore_texts() -> Any:
    package = importlib.util.find_spec(_EDITSCORE)
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).with_name("vie_prompts.py")
    spec = importlib.util.spec_from_file_location("_editscore_texts", path)
    if spec is None or spec.loader is None or not path.is_file():
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
