"""Writes what the published evaluator makes of recorded answers: ``python -m tests.truth.record_bench CHECKOUT``.

Run it from the root of the repository with a clone of Sparkle's own repository. It makes score files of three models, has
the script of the checkout add them up as its users do (`--video_paths`, where every score file is there already, so that
it asks no judge), and its function give the means with all their digits, and writes ``bench_answers.json`` beside itself:
our scores and its numbers. Nothing of the checkout is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("bench_answers.json")
SCRIPT = "eval_sparkle_bench_gemini.py"
THEMES = ("location", "season", "time", "style")
JUDGE = "gemini-2.5-pro"

_SIZES = {"location": 37, "season": 29, "time": 23, "style": 31}
"""Samples a theme, no two alike and none a power of two: divisions round."""
_CENTRES = {"strong": 4.6, "middling": 3.3, "weak": 1.9}
_STUBS = {
    # The script asks for a client as it is imported, also where it only adds up.
    "openai.py": "class AzureOpenAI:\n    def __init__(self, **options):\n        pass\n",
}


def main(arguments: Sequence[str]) -> None:
    """Record the numbers of one checkout."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="a clone of showlab/Sparkle")
    script = (parser.parse_args(arguments).checkout / SCRIPT).resolve()
    models = make_scores(random.Random(16))  # noqa: S311 -- the same scores each time
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in _STUBS.items():
            (root / name).write_text(text, encoding="utf-8")
        for model, by_theme in models.items():
            for theme, scores in by_theme.items():
                write_score_file(root / model / f"{theme}_{JUDGE}_sparkle_score.jsonl", theme, scores)
        told = {model: _print_table(script, root, model) for model in models}
        means = {model: _means(script, root, model) for model in models}
    commit = subprocess.run(
        ["git", "-C", str(script.parent), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    recorded = {
        "upstream": {
            "repository": "showlab/Sparkle",
            "commit": commit.stdout.strip() or None,
            "file": SCRIPT,
        },
        "python": sys.version.split()[0],
        "judge": JUDGE,
        "themes": list(THEMES),
        "models": models,
        "means": means,
        "table": told,
    }
    ANSWERS.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")


def make_scores(rng: random.Random) -> dict[str, dict[str, list[str]]]:
    """Capped scores by model and theme, a text of six digits for each sample."""
    return {
        model: {theme: [_six(rng, centre) for _ in range(_SIZES[theme])] for theme in THEMES}
        for model, centre in _CENTRES.items()
    }


def _six(rng: random.Random, centre: float) -> str:
    first, *others = (min(5, max(1, round(rng.gauss(centre, 1.1)))) for _ in range(6))
    return "".join(map(str, [first, *(min(first, each) for each in others)]))


def write_score_file(path: Path, theme: str, scores: Sequence[str]) -> None:
    """A score file as the evaluator writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [
        {"id": f"{theme}_{place}", "edit_type": theme, "scores": list(map(int, six))}
        for place, six in enumerate(scores)
    ]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def _print_table(script: Path, root: Path, model: str) -> list[str]:
    """The lines that the script prints of a model, without those of what it skips and of the folder."""
    command = [sys.executable, str(script), "--video_paths", str(root / model), "--edit_types", *THEMES]
    told = subprocess.run(command, env=_environment(root), capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if line.startswith("  ")]


def _means(script: Path, root: Path, model: str) -> dict[str, Any]:
    os.environ |= _environment(root)
    sys.path.insert(0, str(root))
    try:
        of_script = runpy.run_path(str(script), run_name="published")
    finally:
        sys.path.remove(str(root))
        sys.modules.pop("openai", None)
    found: dict[str, Any] = {}
    for theme in THEMES:
        found |= of_script["avg_score_by_edit_type"](root / model / f"{theme}_{JUDGE}_sparkle_score.jsonl")
    return found


def _environment(root: Path) -> dict[str, str]:
    known = {"AZURE_ENDPOINT": "http://127.0.0.1", "GEMINI_API_KEY": "none", "PYTHONPATH": str(root)}
    return {**os.environ, **known}


if __name__ == "__main__":
    main(sys.argv[1:])
