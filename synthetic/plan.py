"""Which samples the made release holds, and what becomes of each: drawn once, before anything is drawn or written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparkle_curation.spec.sample_ids import SampleId
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.themes import THEMES
from synthetic.figures import Figure, draw_figure
from synthetic.scenery import SOURCE
from synthetic.texts import edit_prompt, keywords_of, pick, scene_description

FRAME_COUNTS = (81, 81, 73, 69)
"""Lengths of the clips of the release, all ``4n + 1``; 81 is the usual one."""
_GAPS = (3, 6, 4, 5, 2, 7, 1, 9)  # ids number the candidates before filtering, so they are sparse
_REJECTED_SHARE = {"edited_frame0": 1 / 8, "foreground_removed": 1 / 8, "edited_video": 1 / 12}
_GRADES = ("fair", "good", "fine")
_GRADE_ODDS = (0.40, 0.42, 0.18)

Band = tuple[float, float]
_KEPT_BANDS: dict[str, dict[str, Band]] = {
    "exact": {"edited_frame0": (8.0, 8.0), "foreground_removed": (8.5, 8.8), "edited_video": (8.0, 8.0)},
    "fair": {"edited_frame0": (8.05, 8.7), "foreground_removed": (8.5, 9.0), "edited_video": (8.05, 8.6)},
    "good": {"edited_frame0": (8.45, 9.05), "foreground_removed": (8.6, 9.3), "edited_video": (8.4, 9.0)},
    "fine": {"edited_frame0": (9.0, 9.6), "foreground_removed": (9.0, 9.7), "edited_video": (9.0, 9.5)},
}
"""Bands of each stage's score by grade: all pass the published thresholds, most fail a stricter one somewhere."""
_REJECTED_BANDS: dict[str, Band] = {
    "edited_frame0": (5.2, 7.99),
    "foreground_removed": (5.8, 8.49),
    "edited_video": (6.6, 7.99),
}


@dataclass(frozen=True)
class SamplePlan:
    """One sample of the made release, before it is drawn.

    Attributes:
        id: its id.
        rejected_at: the stage that rejected it, or None: then the CSV has it.
        bands: (lowest, highest) score of each stage that it reached.
        frame_count: frames of its source and edited videos.
        keyword: the ``subtheme: scene`` that it is edited to.
        source_scene: name of its still background.
        figure: its foreground.
        prompt: its instruction.
        original_scene: what its first source frame shows.
    """

    id: SampleId
    rejected_at: str | None
    bands: dict[str, Band]
    frame_count: int
    keyword: str
    source_scene: str
    figure: Figure
    prompt: str
    original_scene: str

    @property
    def is_kept(self) -> bool:
        """Whether the release's CSV has it."""
        return self.rejected_at is None

    def reached(self, stage: str) -> bool:
        """Whether the sample came as far as being scored at ``stage``."""
        return stage in self.bands


def plan_theme(theme: str, sample_count: int, seed: int) -> tuple[SamplePlan, ...]:
    """The samples of a theme, by id.

    The first four are kept; the second scores exactly 8.0 at the first and the last stage, which is kept.
    """
    rng = np.random.default_rng([seed, THEMES.index(theme)])
    numbers = np.cumsum([0, *rng.permutation(np.resize(_GAPS, sample_count - 1))])
    fates = _draw_fates(sample_count, rng)
    return tuple(
        _plan_sample(SampleId(theme, int(number)), fate, _draw_grade(place, rng), rng)
        for place, (number, fate) in enumerate(zip(numbers, fates, strict=True))
    )


def _plan_sample(
    sample_id: SampleId, rejected_at: str | None, grade: str, rng: np.random.Generator
) -> SamplePlan:
    keyword, source_scene = pick(keywords_of(sample_id.theme), rng), pick(tuple(SOURCE), rng)
    figure = draw_figure(rng)
    return SamplePlan(
        id=sample_id,
        rejected_at=rejected_at,
        bands=_bands(rejected_at, grade),
        frame_count=pick(FRAME_COUNTS, rng),
        keyword=keyword,
        source_scene=source_scene,
        figure=figure,
        prompt=edit_prompt(sample_id.theme, keyword, rng),
        original_scene=scene_description(source_scene, figure),
    )


def _draw_fates(sample_count: int, rng: np.random.Generator) -> list[str | None]:
    """The stage that rejects each sample, or None; the first four, the previews, are kept."""
    rejected = [stage for stage, share in _REJECTED_SHARE.items() for _ in range(round(share * sample_count))]
    later = [*rejected, *[None] * (sample_count - len(rejected))][: max(sample_count - 4, 0)]
    return [*[None] * min(4, sample_count), *(later[place] for place in rng.permutation(len(later)))]


def _draw_grade(place: int, rng: np.random.Generator) -> str:
    drawn = str(rng.choice(_GRADES, p=_GRADE_ODDS))
    return "exact" if place == 1 else drawn


def _bands(rejected_at: str | None, grade: str) -> dict[str, Band]:
    bands: dict[str, Band] = {}
    for stage in STAGES:
        if stage.name == rejected_at:
            return {**bands, stage.name: _REJECTED_BANDS[stage.name]}
        bands[stage.name] = _KEPT_BANDS[grade][stage.name]
    return bands
