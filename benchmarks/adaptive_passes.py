"""What adaptive passes save, and how many samples they put on the other side: ``python -m benchmarks.adaptive_passes``.

Samples whose true scores are drawn from those of a release are scored in four passes: each answer lies about its target with
a spread in steps of the range of 25. Then the first pass decides as ``scoring.adaptive`` lets it, and both outcomes are
compared. Everything is drawn from one seed. What a release recorded tells more than any model of it: of its videos the
first pass is known, and their own share of changed sides is told beside.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.model_jobs.answers import Answer, parse_answer
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.spec.frames import SCORED_FRAMES
from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.stages import MAX_SCORE, STAGES, Stage
from sparkle_curation.spec.themes import THEMES

SPREADS = (1.1, 2.4, 4.0)
"""Standard deviations of an answer, in steps: of the sample release; of the one frame whose passes the card's numbers give
away (20, 23, 23, 24 and 23, 17, 23, 22); and of a judge that wavers more."""
MARGINS = (None, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
SCALE = ScoreScale()

Floats = NDArray[np.float64]


class Saving(NamedTuple):
    """What a margin comes to.

    Attributes:
        saved: share of the passes that were not asked for.
        changed: share of the samples whose outcome is not that of all passes.
    """

    saved: float
    changed: float


def main() -> None:
    """Print a table a stage, and what the release's own first passes tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adaptive_passes", description=__doc__)
    parser.add_argument(
        "--release", type=Path, default=Path("data/01_raw/sparkle_sample"), help="whose scores"
    )
    parser.add_argument("--samples", type=int, default=100_000, help="scored, a stage")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for stage in STAGES:
        scores = np.array([score for score, _ in recorded(options.release, stage)])
        print(f"\n{stage.name}: {len(scores):,} scores, threshold {stage.published_threshold:g}\n")
        spreads = [simulate(stage, scores, spread, options.samples, options.seed) for spread in SPREADS]
        columns = [f"spread {spread}" for spread in SPREADS]
        first = np.array([known or np.nan for _, known in recorded(options.release, stage)])
        if np.isfinite(first).any():
            is_known = np.isfinite(first)
            spreads.append((first[is_known], scores[is_known]))
            columns.append(f"as recorded ({is_known.sum():,})")
        print(as_table(stage, columns, spreads))


def as_table(stage: Stage, columns: Sequence[str], scored: Sequence[tuple[Floats, Floats]]) -> str:
    """Passes saved and samples on the other side, by margin, as Markdown."""
    lines = [f"| margin | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for margin in MARGINS:
        cells = [save(*each, stage.published_threshold or 0.0, margin) for each in scored]
        told = " | ".join(f"{cell.saved:.1%}, {cell.changed:.2%}" for cell in cells)
        lines.append(f"| {'null' if margin is None else margin} | {told} |")
    return "\n".join(lines)


def simulate(stage: Stage, scores: Floats, spread: float, samples: int, seed: int) -> tuple[Floats, Floats]:
    """The score of the first pass and that of all, of samples whose targets are drawn from some scores.

    Args:
        stage: a video has as many frames as are scored, each with answers of its own about one target.
        scores: of a release.
        spread: standard deviation of an answer, in steps of the range.
        samples: how many are drawn.
        seed: of all draws.
    """
    rng = np.random.default_rng(seed)
    step = SCALE.score_range / MAX_SCORE
    frames = SCORED_FRAMES if stage.is_of_frames else 1
    # The lower of two answers counts, which lies this much below their target.
    centre = rng.choice(scores, samples) * step + spread / np.sqrt(np.pi)
    shape = (samples, frames, SCALE.passes, 2, 2)
    answers = rng.normal(centre[:, None, None, None, None], spread, shape).round().clip(0, SCALE.score_range)
    passes = np.sqrt(answers.min(-1).prod(-1)) / step
    return passes[:, :, 0].mean(1), passes.mean((1, 2))


def save(first: Floats, whole: Floats, threshold: float, margin: float | None) -> Saving:
    """What the first pass saves by a rule, and costs.

    Args:
        first: scores of the first pass.
        whole: scores of all passes.
        threshold: a score equal to it is kept.
        margin: as ``score.adaptive.margin``.
    """
    further = SCALE.passes - 1
    low, high = first / SCALE.passes, (first + further * MAX_SCORE) / SCALE.passes
    is_decided = (low >= threshold) | (high < threshold)
    if margin is not None:
        is_decided |= abs(first - threshold) >= margin
    changed = is_decided & ((first >= threshold) != (whole >= threshold))
    return Saving(float(is_decided.mean()) * further / SCALE.passes, float(changed.mean()))


def recorded(release: Path, stage: Stage) -> Iterator[tuple[float, float | None]]:
    """Of each sample of a release its score, and that of the first pass where each answer of it is recorded."""
    for theme in THEMES:
        path = release / intermediate_jsonl_path(theme, stage.file_name)
        if not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                score = json.loads(line)["editscore"]
                if not stage.is_of_frames:
                    yield float(score["overall"]), None
                    continue
                whole = float(np.mean([frame["O_score"] for frame in score]))
            except (ValueError, LookupError, TypeError):  # a line that ingest puts into quarantine
                continue
            passes = [_first_pass(frame.get("SC_raw_output"), frame.get("PQ_raw_output")) for frame in score]
            yield whole, float(np.mean(passes)) if None not in passes else None  # type: ignore[arg-type]


def _first_pass(sc_text: str | None, pq_text: str | None) -> float | None:
    read = [parse_answer(text or "", SCALE.score_range) for text in (sc_text, pq_text)]
    lower = [min(answer.scores) for answer in read if isinstance(answer, Answer)]
    return (
        ScoreScale(SCALE.score_range, 1).overall(*[[each] for each in lower])
        if len(lower) == len(read)
        else None
    )


if __name__ == "__main__":
    main()
