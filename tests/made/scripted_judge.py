"""A judge whose words are written down: it writes edit prompts, sees a man in each picture, scores edits as it is told."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sparkle_curation.models.questions import Question, Reply


@dataclass
class ScriptedJudge:
    """Writes an edit prompt of its own for each picture, sees a man in each, and gives edits of some a low score.

    Attributes:
        low: edit prompts whose edits it does not like now.
    """

    low: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply each."""
        return [
            Reply(self._reply("\n".join(p for p in each.parts if isinstance(p, str)))) for each in questions
        ]

    def _reply(self, text: str) -> str:
        if '"original_scene"' in text:
            scene = re.split(r'of the theme "\w+":\n', text)[1].splitlines()[0].removeprefix("- ")
            number = next(self._numbers)
            said = {
                "original_scene": "Somebody.",
                "scene": scene,
                "prompt": f"put the man in city {number} .",
            }
            return json.dumps(said)
        if "bbox_2d" in text:
            return json.dumps([{"bbox_2d": [300, 200, 700, 900], "label": "man"}])
        score = [10, 10] if any(prompt in text for prompt in self.low) else [24, 24]
        return json.dumps({"reasoning": "Seen.", "score": score})
