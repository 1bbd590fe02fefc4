"""What is shown of a sample, as data: one description, which the picture, the page and the explorer draw.

They draw it each in its own way, and none of them has words of its own, so that the three cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sparkle_curation.filtering.verdicts import Outcome
from sparkle_curation.spec.number_text import beside, exact
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES, STAGES, Criterion
from sparkle_curation.spec.tables.verdicts import (
    outcome_column,
    score_column,
    source_column,
    threshold_column,
)
from sparkle_curation.spec.themes import THEME_COLOURS, THEME_TITLES

if TYPE_CHECKING:
    from PIL import Image

Tone = Literal["passed", "failed", "imputed", "none"]
"""What a colour says."""

NO_PROMPT = "(no prompt)"
NOT_FILTERED = "not filtered"
LET_THROUGH = "let_through"
"""The outcome of an unscored sample that goes on."""

_RELEASED = "released"


@dataclass(frozen=True)
class Badge:
    """A few words on a coloured ground."""

    text: str
    tone: Tone


OUTCOMES: Mapping[str, Badge] = {
    Outcome.PASSED.value: Badge("passed", "passed"),
    "below": Badge("below", "failed"),
    "above": Badge("above", "failed"),
    Outcome.UNSCORED.value: Badge("no score", "none"),
    LET_THROUGH: Badge("unscored, let through", "none"),
    Outcome.IMPUTED.value: Badge("imputed", "imputed"),
}
"""Each outcome in words; a rejected score stands below or above its threshold."""


@dataclass(frozen=True)
class ScoreLine:
    """What a criterion says of a sample, with all that is drawn of it.

    Attributes:
        name: of the criterion.
        title: the same for people, with whose score it is where that is not the release's.
        said: the score and the outcome.
        tone: what the outcome's colour says.
        share: where the score lies between the ends of its scale, 0 to 1; None without a score.
        threshold_share: where the threshold does.
        threshold_text: the threshold.
    """

    name: str
    title: str
    said: str
    tone: Tone
    share: float | None
    threshold_share: float
    threshold_text: str


@dataclass(frozen=True)
class Reason:
    """What a judge, or somebody who decided by hand, wrote; ``title`` says who, and of what."""

    title: str
    text: str


@dataclass(frozen=True)
class Card:
    """A sample as it is shown.

    Attributes:
        id: sample id.
        theme: its theme, for people.
        colour: of the theme.
        keyword: what it was edited to, or empty.
        prompt: the prompt, or that there is none.
        has_prompt: whether there is one.
        scene: what was there before the edit, or empty.
        verdict: whether the variant keeps it, and what rejects it; None where nothing was filtered.
        scores: by criterion.
        note: what stands in the place of scores where there are none.
        reasons: of the judges, those of the stage that decided first.
    """

    id: str
    theme: str
    colour: str
    keyword: str
    prompt: str
    has_prompt: bool
    scene: str
    verdict: Badge | None
    scores: tuple[ScoreLine, ...]
    note: str
    reasons: tuple[Reason, ...]

    @property
    def texts(self) -> list[str]:
        """All words that are shown, each as it stands."""
        parts = [
            self.theme,
            self.id,
            self.keyword,
            self.prompt,
            *([self.verdict.text] if self.verdict else []),
        ]
        for score in self.scores:
            parts += [score.title, score.said, score.threshold_text]
        return [part for part in (*parts, self.note) if part]


class Panel(NamedTuple):
    """A picture of a card, of the size of a panel, and what it is; ``missing`` says why it is none."""

    image: Image.Image
    caption: str
    missing: str = ""


class Shown(NamedTuple):
    """A sample of a sheet: its card, and its pictures, as many as every other one has."""

    card: Card
    panels: Sequence[Panel]


def describe_card(
    sample_id: str,
    theme: str,
    texts: Mapping[str, Any],
    verdict: Mapping[str, Any] | None,
    scores: Mapping[str, Mapping[str, Any]],
) -> Card:
    """The card of a sample.

    Args:
        sample_id: its id.
        theme: the name of its theme.
        texts: its ``prompt``, ``chosen_keyword``, ``original_scene``, each of which may lack.
        verdict: its row of ``verdicts``; None or empty where nothing was filtered.
        scores: by the name of the stage its row of the stage's scores, with ``editscore`` and, of frames, ``frame_indices``.
    """
    row = verdict or {}
    prompt = texts.get("prompt") or ""
    lines = tuple(_score_line(each, row) for each in CRITERIA) if row else ()
    return Card(
        id=sample_id,
        theme=THEME_TITLES.get(theme, theme),
        colour=THEME_COLOURS.get(theme, "#5f6b7a"),
        keyword=texts.get("chosen_keyword") or "",
        prompt=prompt or NO_PROMPT,
        has_prompt=bool(prompt),
        scene=texts.get("original_scene") or "",
        verdict=_verdict(row),
        scores=lines,
        note="" if lines else NOT_FILTERED,
        reasons=tuple(_reasons(row, scores)),
    )


def as_json(card: Card) -> dict[str, Any]:
    """The card for the explorer, which moves thresholds: with the words of all outcomes."""
    return {**asdict(card), "outcomes": {name: asdict(badge) for name, badge in OUTCOMES.items()}}


def spoken(name: str) -> str:
    """A name of the tables as people read it.

    >>> spoken("edited_frame0")
    'edited frame 0'
    """
    return name.replace("_", " ").replace("frame0", "frame 0")


def _verdict(row: Mapping[str, Any]) -> Badge | None:
    if row.get("is_kept") is None:
        return None
    decided = row.get("override")
    if row["is_kept"]:
        return Badge("kept by hand" if decided else "kept", "passed")
    return Badge(
        "dropped by hand" if decided else f"rejected by {spoken(row.get('rejected_by') or '')}", "failed"
    )


def _score_line(criterion: Criterion, row: Mapping[str, Any]) -> ScoreLine:
    score, threshold = row.get(score_column(criterion)), row[threshold_column(criterion)]
    badge = OUTCOMES[_outcome(criterion, row)]
    source = row.get(source_column(criterion)) or _RELEASED
    is_round = threshold == round(threshold, 1)
    low, high = criterion.scale

    def share(value: float) -> float:
        return min(max((value - low) / (high - low), 0.0), 1.0)

    return ScoreLine(
        name=criterion.name,
        title=spoken(criterion.name) + ("" if source == _RELEASED else f" · {source}"),
        said=badge.text if score is None else f"{beside(score, threshold)} {badge.text}",
        tone=badge.tone,
        share=None if score is None else share(score),
        threshold_share=share(threshold),
        threshold_text=f"{threshold:.1f}" if is_round else exact(threshold),
    )


def _outcome(criterion: Criterion, row: Mapping[str, Any]) -> str:
    outcome: str = row[outcome_column(criterion)]
    if outcome == Outcome.REJECTED.value:
        return "below" if criterion.is_at_least else "above"
    place = CRITERION_NAMES.index(criterion.name)
    is_stopped = row.get("rejected_by") in CRITERION_NAMES[: place + 1]
    if outcome == Outcome.UNSCORED.value and not is_stopped:
        return LET_THROUGH  # beside "kept", a bare "no score" would be a riddle
    return outcome


# ------------------------------------------------------------------ reasons
def _reasons(row: Mapping[str, Any], scores: Mapping[str, Mapping[str, Any]]) -> Iterator[Reason]:
    if row.get("override") and row.get("override_reason"):
        yield Reason("by hand", row["override_reason"])
    deciding = _deciding(row)
    for stage in sorted(STAGES, key=lambda each: each.name != deciding):
        found = scores.get(stage.name) or {}
        values, frames = found.get("editscore"), found.get("frame_indices")
        if values is None:
            continue
        parts = values if isinstance(values, list) else [values]
        for place, part in enumerate(parts):
            frame = f", frame {frames[place]}" if frames and place < len(frames) else ""
            for name, text in reasons_of(part).items():
                if text.strip():
                    yield Reason(f"{spoken(stage.name)}{frame} · {_aspect(name)}", text)


def reasons_of(part: Mapping[str, Any]) -> dict[str, str]:
    """What a judge wrote of a still or a frame, by the member of its scores."""
    return {
        name: value for name, value in part.items() if isinstance(value, str) and "reasoning" in name.lower()
    }


def _aspect(name: str) -> str:
    """What a member with reasons is about.

    >>> _aspect("SC_score_reasoning")
    'SC'
    """
    return (
        " ".join(part for part in name.split("_") if part.lower() not in ("reasoning", "score")) or "reason"
    )


def _deciding(row: Mapping[str, Any]) -> str | None:
    """The stage that rejects a sample, else the one that comes nearest to it."""
    margins: dict[str, float] = {}
    for criterion in CRITERIA:
        score, threshold = row.get(score_column(criterion)), row.get(threshold_column(criterion))
        if row.get("rejected_by") == criterion.name:
            return criterion.stage
        if score is not None and threshold is not None:
            margins[criterion.stage] = min(margins.get(criterion.stage, float("inf")), abs(score - threshold))
    return min(margins, key=lambda stage: margins[stage], default=None)


def describe_samples(
    rows: Sequence[Mapping[str, Any]], scores: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> list[Card]:
    """The cards of some samples.

    Args:
        rows: verdicts with ``prompt``, ``chosen_keyword`` and ``original_scene`` beside them.
        scores: by the name of a stage and the id of a sample its row of the stage's scores.
    """
    return [
        describe_card(
            row["id"],
            row["theme"],
            row,
            row,
            {stage: found[row["id"]] for stage, found in scores.items() if row["id"] in found},
        )
        for row in rows
    ]
