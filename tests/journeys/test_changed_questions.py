"""An answer is asked for again when its question is another one, and not for a change of the code around it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.journeys.changed_code import Copy

KEYS = """
import json
from pathlib import Path
import polars as pl
from sparkle_curation.grounding.grounder import Grounder, GroundSettings
from sparkle_curation.scoring.editscore.prompt_template import own_prompt_template
from sparkle_curation.scoring.editscore.judge import Judge
from sparkle_curation.scoring.editscore.score_scale import DEFAULT_SCORE_SCALE
from sparkle_curation.scoring.editscore.scoring import ScoreSettings

class Model:
    provenance = {"backend": "server", "model": "m", "revision": "r", "temperature": 0.7}

text = lambda name: Path(f"conf/base/prompts/{name}.txt").read_text()
words = own_prompt_template(text("score_consistency"), text("score_quality"), 25)
judge = Judge(Model(), words, ScoreSettings(DEFAULT_SCORE_SCALE, is_constrained=True))
grounder = Grounder(Model(), text("ground_round1"), text("ground_round2"), GroundSettings(is_constrained=True))
print(json.dumps({"score": judge.digest, "ground": grounder.digest}))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the project."""
    return Copy.make(tmp_path / "project")


def changed(copy: Copy, before: dict[str, str]) -> set[str]:
    """Whose answers are asked for again."""
    return {name for name, digest in keys(copy).items() if digest != before[name]}


def keys(copy: Copy) -> dict[str, str]:
    """What the answers are known by, beside what is shown."""
    found: dict[str, str] = json.loads(copy.run(sys.executable, "-c", KEYS))
    return found


def test_a_changed_question_asks_again_and_changed_code_around_it_does_not(copy: Copy) -> None:
    """The texts in conf, the wording and the form demanded count; how answers are kept and tabled does not."""
    before = keys(copy)
    copy.edit(
        "scoring/tables.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nX = 1\n",
    )
    copy.edit(
        "model_jobs/asking.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nX = 1\n",
    )
    copy.edit(
        "scoring/editscore/scoring.py",
        "    attempts: dict[Place, Attempt] = {}\n",
        "    attempts: dict[Place, Attempt] = dict()\n",
    )
    assert changed(copy, before) == set()
    copy.edit(
        "scoring/editscore/scoring.py",
        "        text = prompt_template.quality\n",
        '        text = prompt_template.quality + " Be strict."\n',
    )
    assert changed(copy, before) == {"score"}
    copy.edit("scoring/editscore/scoring.py", ' + " Be strict."', "")
    assert changed(copy, before) == set()
    copy.edit(
        "scoring/editscore/scoring.py", "max_reasoning_chars: int = 400", "max_reasoning_chars: int = 401"
    )
    assert changed(copy, before) == {"score"}
    copy.edit("grounding/grounder.py", "_LABEL_CHARS = 80", "_LABEL_CHARS = 81")
    assert changed(copy, before) == {"score", "ground"}


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("score_quality", "score"),
        ("score_consistency", "score"),
        ("ground_round1", "ground"),
        ("ground_round2", "ground"),
    ],
)
def test_a_changed_text_in_conf_asks_again(copy: Copy, name: str, whose: str) -> None:
    """One letter more, and it is another question."""
    before = keys(copy)
    path = copy.root / f"conf/base/prompts/{name}.txt"
    path.write_text(path.read_text(encoding="utf-8") + "!", encoding="utf-8")
    assert changed(copy, before) == {whose}
