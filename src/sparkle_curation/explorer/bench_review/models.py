"""Models beside each other: the samples on which two of them differ most, and all about one sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.explorer.bench_review.tables import BenchTables
from sparkle_curation.reports.bench.page import describe_samples
from sparkle_curation.spec.tables.bench_results import OVERALL, THEME_LEVEL

SOURCE, REFERENCE = "source", "reference"
UNJUDGED = "not_judged"
_SHOWN = ("sample_id", "theme", "subtheme", "scene", "edit_prompt", "fps")


class ModelsReview:
    """What the page of models shows; may be asked by several threads.

    Args:
        load: gives the tables; called when somebody looks for the first time.
    """

    def __init__(self, load: Callable[[], BenchTables]) -> None:
        self._load = load

    @cached_property
    def tables(self) -> BenchTables:
        """The tables, as they were when somebody looked first."""
        return self._load()

    @cached_property
    def models(self) -> list[str]:
        """The models that were judged, or whose outputs are known, by name."""
        names = set(self.tables.judgments["model"])
        if "model" in self.tables.outputs.columns:
            names |= set(self.tables.outputs["model"])
        return sorted(names)

    def listed(self) -> dict[str, Any]:
        """All samples; becomes JSON.

        Members: ``models``; ``judges``, each as rubric and judge, the one of most models first; ``rows``, each as id, theme,
        prompt, and by judge the ``overall`` of each model as value, least and largest of the repeats, state (null where it
        has scores), or null.
        """
        tables = self.tables
        by_judge = tables.judgments.group_by("rubric", "judge").agg(
            pl.col("model").n_unique().alias("models")
        )
        by_judge = by_judge.sort("models", "rubric", "judge", descending=[True, False, False])
        judges = by_judge.select("rubric", "judge").rows()
        by_sample: dict[str, list[list[Any]]] = {}
        place = {name: number for number, name in enumerate(self.models)}
        judge_place = {judge: number for number, judge in enumerate(judges)}
        for row in tables.overall().iter_rows(named=True):
            of_sample = by_sample.setdefault(row["sample_id"], [[None] * len(place) for _ in judges])
            told = [row["overall"], row["low"], row["high"], row["state"]]
            of_sample[judge_place[row["rubric"], row["judge"]]][place[row["model"]]] = told
        empty = [[None] * len(place) for _ in judges]
        known = tables.samples
        rows = known.select("sample_id", "theme", "edit_prompt").rows() if known.height else []
        return {
            "models": self.models,
            "judges": judges,
            "rows": [[*row, by_sample.get(row[0], empty)] for row in rows],
        }

    def sample(self, sample_id: str) -> dict[str, Any] | None:
        """A sample; None where the benchmark has no such; becomes JSON.

        Members: its id, theme, subtheme, scene and prompt; ``videos``, each with ``which`` and ``title``, and why it
        is ``absent``, or null; ``reference``, whether there is an image; ``models``, each with ``name``, ``copy_of`` and
        ``answers`` of the judges; ``differences`` of the theme, as ``bench_differences`` has them.
        """
        found = self._described(sample_id)
        if found is None:
            return None
        by_name = {model["name"]: model for model in found["models"]}
        videos = [
            {
                "which": SOURCE,
                "title": "source",
                "absent": None if found["source"] else found["source_absent"],
            }
        ]
        for number, name in enumerate(self.models):
            model = by_name.get(name, {})
            absent = None if model.get("video") else model.get("absent", "the output is not known here")
            videos.append({"which": str(number), "title": name, "absent": absent})
        answers = (
            "rubric",
            "judge",
            "repeat",
            "state",
            "scores",
            "shown_overall",
            "answer_text",
            "answering_model",
        )
        return {
            **{name: found.get(name) for name in _SHOWN},
            "videos": videos,
            "reference": found.get("ref_image_path") is not None,
            "models": [
                {
                    "name": name,
                    "copy_of": by_name.get(name, {}).get("copy_of"),
                    "answers": [
                        {key: answer[key] for key in answers}
                        for answer in by_name.get(name, {}).get("answers", [])
                        if answer["rubric"] is not None
                    ],
                }
                for name in self.models
            ],
            "differences": self._differences(found["theme"]),
        }

    def path(self, which: str, sample_id: str) -> str | None:
        """Where a video or the reference of a sample lies: a path or a URL; None where there is none."""
        found = self._described(sample_id)
        if found is None:
            return None
        source: str | None = found["source"]
        if which == SOURCE:
            return source
        if which == REFERENCE:
            path = found.get("ref_image_path")
            return None if path is None else f"{self.tables.root}/{path}"
        names = dict(enumerate(self.models))
        wanted = names.get(int(which)) if which.isascii() and which.isdigit() else None
        videos = {model["name"]: model["video"] for model in found["models"]}
        return videos.get(wanted) if wanted is not None else None

    def _described(self, sample_id: str) -> dict[str, Any] | None:
        tables = self.tables
        if tables.samples.is_empty():
            return None
        of_sample = pl.col("sample_id") == sample_id
        parts = (tables.samples, tables.outputs, tables.judgments, tables.scores)
        own = [part.filter(of_sample) if "sample_id" in part.columns else part for part in parts]
        # Outputs that nobody judged are shown, too.
        samples, outputs, judgments, scores = own
        # Outputs that nobody judged are shown, too.
        unjudged = pl.DataFrame(
            [(name, sample_id, UNJUDGED) for name in self.models if name not in set(judgments["model"])],
            schema=["model", "sample_id", "state"],
            orient="row",
        )
        judgments = pl.concat([judgments, unjudged.cast(pl.String)], how="diagonal_relaxed")
        rows = describe_samples(
            samples, outputs, judgments, scores, tables.root, tables.model_roots, address=lambda path: path
        )
        return rows[0] if rows else None

    def _differences(self, theme: str) -> list[dict[str, Any]]:
        differences = self.tables.differences
        if "theme" not in differences.columns:
            return []
        columns = (
            "model",
            "other_model",
            "rubric",
            "judge",
            "n_rows",
            "mean_difference",
            "ci_low",
            "ci_high",
        )
        of_theme = differences.filter(level=THEME_LEVEL, theme=theme, dimension=OVERALL)
        return of_theme.select(columns).to_dicts()


def is_local(path: str) -> bool:
    """Whether a path is of a file here that can be sent."""
    return "://" not in path and Path(path).is_file()
